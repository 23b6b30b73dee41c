/* Whether the key can come back, and what is warned of: by hand-made states of a node. */
#include "base/error.h"
#include "outlook.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NOW_MS = 1000000, NOW_S = 2000000000, DAY_S = 86400 };

static struct hf_status s;
static struct hf__outlook_facts f;
static struct hf__outlook o;

/* A ready node of 7 shares, 3 for the secret and 5 for the claim, all providers answering. */
static void ready(void)
{
    s = (struct hf_status){.state = HF_STATE_READY,
                           .since_ms = 1000,
                           .now_s = NOW_S,
                           .open = true,
                           .registered = true,
                           .has_account = true,
                           .policy = 1,
                           .epoch = 1,
                           .generation = 1,
                           .policy_expires_s = NOW_S + 100 * DAY_S,
                           .set_expires_s = NOW_S + 100 * DAY_S,
                           .k = 3,
                           .q = 5,
                           .n = 7,
                           .providers_count = 7};
    for (size_t i = 0; i < s.providers_count; i++)
        s.providers[i] =
            (struct hf_provider_status){.address = "", .answered = true, .since_ms = 1000};
    f = (struct hf__outlook_facts){.status = &s,
                                   .running = true,
                                   .now_ms = NOW_MS,
                                   .collateral_expires_s = NOW_S + 20 * DAY_S,
                                   .address = "a:1",
                                   .registered = "a:1"};
}

static void silent(size_t from, size_t count, int error, uint64_t since_ms)
{
    for (size_t i = from; i < from + count; i++)
        s.providers[i] =
            (struct hf_provider_status){.address = "", .error = error, .since_ms = since_ms};
}

static const struct hf__warning *warning(int reason)
{
    hf__outlook(&f, &o);
    for (size_t i = 0; i < o.warnings_count; i++)
        if (o.warnings[i].reason == reason)
            return &o.warnings[i];
    return NULL;
}

Test(outlook, all_answering_is_safe_and_says_what_may_go)
{
    ready();
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_COMES_BACK);
    cr_assert_eq(o.verdict, HF__SAFE);
    cr_assert_eq(o.warnings_count, 0);
    cr_assert_eq(o.spare_claim, 2);
    cr_assert_eq(o.spare_recovery, 4);
}

Test(outlook, a_provider_that_lost_its_share_is_not_waited_for)
{
    ready();
    s.k = s.q = s.n = 2;
    s.providers_count = 2;
    silent(0, 1, HF_ECONNECT, NOW_MS - 1000);
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_COMES_BACK);
    cr_assert_not_null(strstr(o.says, "once 1 that fell silent"), "%s", o.says);
    silent(1, 1, HF_ENOSHARE, NOW_MS - 1000);
    cr_assert_not_null(warning(HF_ERESTART_LOSES), "%s", o.says);
    cr_assert_eq(o.key, HF__KEY_WOULD_LOSE);
}

Test(outlook, a_policy_with_none_to_spare_is_said_and_is_no_danger)
{
    ready();
    s.q = s.n;
    hf__outlook(&f, &o);
    cr_assert_eq(o.verdict, HF__SAFE);
    cr_assert_not_null(strstr(o.says, "none to spare"), "%s", o.says);
}

Test(outlook, every_number_of_losses_has_its_word)
{
    static const struct {
        size_t gone;
        enum hf__key_outlook key;
        int reason;
    } cases[] = {{1, HF__KEY_COMES_BACK, 0},
                 {2, HF__KEY_THIN, HF_EONELOSS},
                 {3, HF__KEY_WOULD_LOCK, HF_ERESTART_LOCKS},
                 {4, HF__KEY_WOULD_LOCK, HF_ERESTART_LOCKS},
                 {5, HF__KEY_WOULD_LOSE, HF_ERESTART_LOSES},
                 {7, HF__KEY_WOULD_LOSE, HF_ERESTART_LOSES}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ready();
        silent(0, cases[i].gone, HF_ECONNECT, 1000);
        hf__outlook(&f, &o);
        cr_assert_eq(o.key, cases[i].key, "%zu gone: %s", cases[i].gone, o.says);
        cr_assert_eq(o.answering, 7 - cases[i].gone);
        cr_assert_eq(o.verdict, cases[i].reason != 0 ? HF__IN_DANGER : HF__SAFE);
        if (cases[i].reason != 0)
            cr_assert_eq(o.warnings[0].reason, cases[i].reason);
    }
}

Test(outlook, a_network_without_spare_providers_is_no_danger_while_all_answer)
{
    ready();
    s.k = s.q = s.n = 1;
    s.providers_count = 1;
    hf__outlook(&f, &o);
    cr_assert_eq(o.verdict, HF__SAFE);
    silent(0, 1, HF_ECONNECT, 1000);
    hf__outlook(&f, &o);
    cr_assert_eq(o.verdict, HF__IN_DANGER);
}

Test(outlook, a_provider_that_may_be_restarting_is_counted_out_and_not_warned_of)
{
    ready();
    silent(0, 5, HF_ECONNECT, NOW_MS - HF__SILENT_MS + 1);
    hf__outlook(&f, &o);
    cr_assert_eq(o.answering, 2);
    cr_assert_eq(o.warnings_count, 0);
    cr_assert_eq(o.spare_claim, -3);
    f.now_ms += 1;
    cr_assert_not_null(warning(HF_ERESTART_LOSES));
    /* Who was removed does not come back. */
    ready();
    silent(0, 5, HF_EREMOVED, NOW_MS);
    cr_assert_not_null(warning(HF_ERESTART_LOSES));
}

Test(outlook, documents_that_expire_are_warned_of_from_30_days_before)
{
    const struct hf__warning *w;
    ready();
    s.policy_expires_s = NOW_S + HF__EXPIRES_S + 1;
    cr_assert_null(warning(HF_EPOLICY_EXPIRES));
    s.policy_expires_s--;
    w = warning(HF_EPOLICY_EXPIRES);
    cr_assert(w != NULL && w->weight == HF__NOTICE && w->at_s == s.policy_expires_s);
    cr_assert_eq(o.verdict, HF__IN_DANGER);
    cr_assert_not_null(strstr(w->text, "2033-06-17T03:33:20Z"), "%s", w->text);
    s.policy_expires_s = NOW_S + HF__URGENT_S;
    cr_assert_eq(warning(HF_EPOLICY_EXPIRES)->weight, HF__URGENT);
    ready();
    s.set_expires_s = NOW_S + DAY_S;
    cr_assert_not_null(warning(HF_ESET_EXPIRES));
    ready();
    s.share_set = 1;
    s.share_set_expires_s = NOW_S + DAY_S;
    cr_assert_null(warning(HF_ESHARES_EXPIRE)); /* nodes seal to nothing */
    s.quorum_wanted = true;
    cr_assert_not_null(warning(HF_ESHARES_EXPIRE));
    s.share_set_expires_s = NOW_S;
    cr_assert_eq(warning(HF_ESHARES_EXPIRED)->weight, HF__URGENT);
    cr_assert_null(warning(HF_ESHARES_EXPIRE));
    ready();
    f.collateral_expires_s = NOW_S + 5 * DAY_S;
    cr_assert_not_null(warning(HF_ECOLLATERAL_EXPIRES));
    f.collateral_fetched = true; /* by itself, and it still may */
    cr_assert_null(warning(HF_ECOLLATERAL_EXPIRES));
    /* One that is fetched may be on its way; one that is no good is not. */
    f.collateral_error = HF_ECOLLMISSING;
    cr_assert_null(warning(HF_ECOLLMISSING));
    f.collateral_error = HF_ECOLLATERAL;
    cr_assert_not_null(warning(HF_ECOLLATERAL));
    f.collateral_fetched = false;
    f.collateral_error = HF_ECOLLMISSING;
    cr_assert_not_null(warning(HF_ECOLLMISSING));
}

Test(outlook, what_has_expired_or_left_this_node_out_forbids_a_restart)
{
    ready();
    s.policy_expires_s = NOW_S;
    cr_assert_not_null(warning(HF_EEXPIRED));
    cr_assert_eq(o.key, HF__KEY_WOULD_LOSE);
    cr_assert_eq(o.spare_recovery, -3);
    ready();
    s.registered = false;
    cr_assert_not_null(warning(HF_ELEFTOUT));
    cr_assert_eq(o.verdict, HF__IN_DANGER);
    s.state = HF_STATE_RECOVERING;
    s.open = false;
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_STUCK);
    cr_assert_not_null(strstr(o.advice, "set restore"));
}

/* What is to be typed stands there, with the account, also while the node still works. */
Test(outlook, whoever_is_shut_out_reads_what_the_authority_types)
{
    ready();
    memset(s.account.bytes, 0xab, sizeof s.account);
    s.registered = false;
    hf__outlook(&f, &o);
    cr_assert_not_null(strstr(o.advice, "`holdfast set restore abababab`"));
    ready();
    s.policy_expires_s = NOW_S;
    hf__outlook(&f, &o);
    cr_assert_not_null(strstr(o.advice, "`holdfast policy sign`"));
}

/* A lost folder is not taken for a new machine. */
Test(outlook, an_empty_folder_at_a_validators_address_is_told_whose_it_may_be)
{
    struct hf_account old;
    ready();
    s.state = HF_STATE_FRESH;
    s.generation = 0;
    s.registered = false;
    hf__outlook(&f, &o);
    cr_assert_null(warning(HF_EANOTHER));
    cr_assert_eq(o.verdict, HF__NOT_READY);
    cr_assert_str_eq(o.advice, "");
    memset(old.bytes, 0xcd, sizeof old);
    f.another = &old;
    cr_assert_not_null(warning(HF_EANOTHER));
    cr_assert_eq(o.verdict, HF__IN_DANGER);
    cr_assert_not_null(strstr(o.advice, "\n  account: cdcdcdcdcdcdcdcd"));
    /* It is not said that there is no key. */
    cr_assert_not_null(strstr(o.says, "cdcdcdcd, which the validator set has at this address"));
    cr_assert_lt(strlen(o.advice), HF__ADVICE_LEN - 1);
}

Test(outlook, a_locked_node_tells_silence_from_refusal_and_from_locked_providers)
{
    ready();
    s.state = HF_STATE_RECOVERING;
    s.open = false;
    silent(0, 7, HF_ECONNECT, 1000);
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_WAITS);
    cr_assert_eq(o.verdict, HF__NOT_READY);
    cr_assert_not_null(strstr(o.advice, "see to it that they run"));
    silent(0, 7, HF_EMEASUREMENT, 1000);
    hf__outlook(&f, &o);
    cr_assert_null(strstr(o.advice, "see to it that they run"));
    cr_assert_not_null(strstr(o.advice, "holdfast explain measurement_refused"));
    /* The same error may be theirs, or of the documents by which this node judges. */
    silent(0, 7, HF_ECOLLSIG, 1000);
    hf__outlook(&f, &o);
    cr_assert_not_null(strstr(o.advice, "7 providers answer and do not help"));
    f.collateral_error = HF_ECOLLSIG;
    cr_assert_eq(warning(HF_ECOLLSIG)->weight, HF__NOW);
    cr_assert_not_null(strstr(o.advice, "its own collateral is not good"));
    cr_assert_null(strstr(o.advice, "do not help"));
    f.collateral_error = 0;
    silent(0, 7, HF_EPEER_LOCKED, 1000);
    cr_assert_not_null(warning(HF_EALLLOCKED));
    cr_assert_eq(o.key, HF__KEY_STUCK);
    cr_assert_not_null(strstr(o.advice, "do not restart it"));
    cr_assert_not_null(strstr(o.advice, "holdfast set add"));
    /* Where people can open it, or could, its folder is not to be given up. */
    static const struct {
        bool openable, lost;
        uint64_t sealed_s, expires_s;
        const char *says;
    } cases[] = {{true, false, 1, UINT64_MAX, "holdfast blackstart request"},
                 {false, true, 0, UINT64_MAX, "Start one of them by people"},
                 {false, false, 1, 1, "holdfast quorum reshard"},
                 {false, false, 1, UINT64_MAX, "to the key of share set"}};
    for (int answering = 0; answering <= 1; answering++) {
        for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
            s.openable = cases[i].openable;
            s.lost = cases[i].lost;
            s.sealed_s = cases[i].sealed_s;
            s.share_set_expires_s = cases[i].expires_s;
            cr_assert_eq(warning(HF_EALLLOCKED) != NULL, answering == 0);
            cr_assert_not_null(strstr(o.advice, cases[i].says), "%zu: %s", i, o.advice);
            cr_assert_null(strstr(o.advice, "holdfast set add"));
            cr_assert_null(strstr(o.advice, "gone"));
        }
        /* One that people have started is not enough, and the others do not follow. */
        s.providers[0] =
            (struct hf_provider_status){.address = "", .answered = true, .since_ms = 1000};
    }
    s.openable = s.lost = false;
    s.sealed_s = 0;
    cr_assert_null(warning(HF_EALLLOCKED));
    cr_assert_eq(o.key, HF__KEY_WAITS);
}

Test(outlook, a_locked_node_whose_shares_are_gone_is_not_told_to_wait)
{
    ready();
    s.state = HF_STATE_RECOVERING;
    s.open = false;
    silent(0, 7, HF_ECONNECT, 1000);
    silent(0, (uint8_t)(7 - s.k), HF_EREMOVED, 1000);
    cr_assert_null(warning(HF_ESHARESGONE));
    cr_assert_eq(o.key, HF__KEY_WAITS);
    silent(0, 1, HF_ENOSHARE, 1000);
    cr_assert_null(warning(HF_ESHARESGONE));
    /* One more than n - k, for either reason, whatever the others say; but not before all were
     * asked: an old disk knows old holders. */
    silent((uint8_t)(7 - s.k), 1, HF_ENOSHARE, 1000);
    cr_assert_null(warning(HF_ESHARESGONE));
    s.searched = true;
    cr_assert_not_null(warning(HF_ESHARESGONE));
    cr_assert_eq(o.key, HF__KEY_STUCK);
    cr_assert_not_null(strstr(o.says, "NOT BY ITSELF"));
    cr_assert_not_null(strstr(o.advice, "set restore"));
    cr_assert_not_null(strstr(o.advice, "move the data folder away"));
    s.openable = true;
    s.sealed_s = 1;
    cr_assert_not_null(warning(HF_ESHARESGONE));
    cr_assert_not_null(strstr(o.advice, "holdfast blackstart request"));
    cr_assert_null(strstr(o.advice, "move the data folder away"));
}

Test(outlook, a_claim_that_waits_says_which_votes_it_has)
{
    ready();
    s.state = HF_STATE_CLAIMING;
    s.open = true;
    struct hf_wait_status *w = &s.waits[0];
    s.waits_count = 1;
    *w = (struct hf_wait_status){
        .quorum = 4, .provisional = 5, .given = 4, .firm = 3, .acceptors_count = 7};
    silent(4, 3, HF_EPEER_LOCKED, 1000);
    for (size_t i = 0; i < 7; i++) {
        w->acceptors[i].gave = i < 4;
        w->acceptors[i].error = i < 4 ? 0 : HF_EPEER_LOCKED;
    }
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_WAITS);
    cr_assert_not_null(strstr(o.says, "3 of 4 votes, and 1 provisional"), "%s", o.says);
    cr_assert_not_null(strstr(o.says, "5 do with those"), "%s", o.says);
    /* Who gave its vote may be gone since: the vote stands. */
    w->quorum = 5;
    w->acceptors[0].error = w->acceptors[4].error = w->acceptors[5].error = HF_ENOSHARE;
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_WAITS);
    w->acceptors[6].error = HF_EREMOVED;
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_STUCK);
    cr_assert_not_null(strstr(o.says, "3 of 7 holders are gone"), "%s", o.says);
    cr_assert_not_null(strstr(o.advice, "holdfast set floor"));
    cr_assert_null(strstr(o.advice, "data folder"));
}

Test(outlook, a_clock_that_is_off_is_called_that)
{
    const struct hf__warning *w;
    ready();
    s.clocks_told = 5;
    s.ahead_s = HF__CLOCK_OFF_S - 1;
    cr_assert_null(warning(HF_ECLOCK));
    s.ahead_s = 2 * DAY_S;
    w = warning(HF_ECLOCK);
    cr_assert(w != NULL && strstr(w->text, "2 days ahead of those of 5 providers") != NULL);
    s.ahead_s = -600;
    cr_assert_not_null(strstr(warning(HF_ECLOCK)->text, "10 min behind"));
    /* A locked node judges good quotes as old by it: that is no fault of those that gave them. */
    s.state = HF_STATE_RECOVERING;
    s.open = false;
    silent(0, 5, HF_EQUOTEOLD, 1000);
    s.providers_count = 5;
    s.ahead_s = 2 * DAY_S;
    hf__outlook(&f, &o);
    cr_assert_not_null(strstr(o.says, "by this machine's clock, which is off, the answers of 5"),
                       "%s", o.says);
    cr_assert_null(strstr(o.advice, "do not help"), "%s", o.advice);
    cr_assert_not_null(strstr(o.advice, "Set it right"), "%s", o.advice);
    s.ahead_s = 0;
    hf__outlook(&f, &o);
    cr_assert_not_null(strstr(o.says, "0 of 5 providers help, 3 are needed, and 5 answer and do"),
                       "%s", o.says);
    cr_assert_not_null(strstr(o.advice, "5 providers answer and do not help"), "%s", o.advice);
}

Test(outlook, another_address_than_the_set_has_is_warned_of)
{
    ready();
    f.registered = "a:2";
    cr_assert_not_null(strstr(warning(HF_EMOVED)->text, "peers look for it where the set says"));
    f.tells_address = true;
    cr_assert_not_null(strstr(warning(HF_EMOVED)->text, "it tells the others"));
}

Test(outlook, an_account_that_is_in_memory_only_is_said_and_no_danger)
{
    ready();
    s.state = HF_STATE_FRESH;
    s.reason = HF_EUNPLACED;
    s.generation = 0;
    s.providers_count = 0;
    cr_assert_not_null(warning(HF_ENOTPLACED));
    cr_assert_eq(o.key, HF__KEY_NONE);
    cr_assert_eq(o.verdict, HF__NOT_READY);
}

Test(outlook, a_muted_warning_is_heard_again_when_it_weighs_more_or_its_end_comes)
{
    ready();
    s.policy_expires_s = NOW_S + 20 * DAY_S;
    const struct hf__mute mute = {
        .reason = HF_EPOLICY_EXPIRES, .weight = HF__NOTICE, .until_s = NOW_S + 10};
    f.mutes = &mute;
    f.mutes_count = 1;
    cr_assert(warning(HF_EPOLICY_EXPIRES)->muted);
    cr_assert_eq(o.verdict, HF__SAFE);
    s.policy_expires_s = NOW_S + HF__URGENT_S;
    cr_assert_not(warning(HF_EPOLICY_EXPIRES)->muted);
    s.policy_expires_s = NOW_S + 20 * DAY_S;
    s.now_s = NOW_S + 10;
    cr_assert_not(warning(HF_EPOLICY_EXPIRES)->muted);
    cr_assert_eq(o.verdict, HF__IN_DANGER);
}

Test(outlook, before_the_engine_runs_nothing_can_be_told)
{
    ready();
    s = (struct hf_status){.state = HF_STATE_STARTING};
    f.running = false;
    hf__outlook(&f, &o);
    cr_assert_eq(o.verdict, HF__CANNOT_TELL);
    s = (struct hf_status){.state = HF_STATE_BLOCKED, .reason = HF_EFENCED};
    hf__outlook(&f, &o);
    cr_assert_eq(o.verdict, HF__NOT_READY);
    cr_assert_not_null(strstr(o.advice, "holdfast explain fenced"));
}

Test(outlook, a_machine_that_will_be_refused_is_warned_of_before)
{
    ready();
    cr_assert_null(warning(HF_EPLATFORMDUE));
    f.due_error = HF_ETCBSTATUS;
    f.due_evaluation = 19;
    const struct hf__warning *w = warning(HF_EPLATFORMDUE);
    cr_assert_not_null(w);
    cr_assert_eq(w->weight, HF__URGENT);
    cr_assert_not_null(strstr(w->text, "evaluation 19"), "%s", w->text);
    cr_assert_eq(o.verdict, HF__IN_DANGER);
}

Test(outlook, a_machine_whose_quotes_are_refused_says_so_and_when_it_counts_as_lost)
{
    ready();
    s.holder_grace_s = 600;
    f.own_error = HF_EMEASUREMENT;
    f.own_since_ms = NOW_MS - 100000;
    const struct hf__warning *w = warning(HF_EATTESTATION);
    cr_assert_not_null(w);
    cr_assert_eq(w->weight, HF__NOW);
    cr_assert_eq(w->at_s, NOW_S + 500);
    cr_assert_not_null(strstr(w->text, hf_error_sentence(HF_EMEASUREMENT)), "%s", w->text);
    cr_assert_eq(o.key, HF__KEY_WOULD_LOSE);
    cr_assert_eq(o.verdict, HF__IN_DANGER);
    cr_assert_not_null(strstr(o.says, "do not restart"), "%s", o.says);
    f.own_since_ms = NOW_MS - 600000;
    w = warning(HF_EATTESTATION);
    cr_assert_not_null(w);
    cr_assert_eq(w->at_s, 0);
    cr_assert_not_null(strstr(w->text, "it counts as lost"), "%s", w->text);
    f.own_error = 0;
    cr_assert_null(warning(HF_EATTESTATION));
    cr_assert_eq(o.key, HF__KEY_COMES_BACK);
    /* Who is in no set has that to mend first. */
    f.own_error = HF_EMEASUREMENT;
    s.registered = false;
    cr_assert_null(warning(HF_EATTESTATION));
    cr_assert_not_null(warning(HF_ELEFTOUT));
    /* Before anything is backed up there is nothing to lose. */
    s.registered = true;
    s.generation = 0;
    hf__outlook(&f, &o);
    cr_assert_eq(o.key, HF__KEY_NONE);
}
