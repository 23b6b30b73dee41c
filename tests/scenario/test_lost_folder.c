/* A node whose data folder is lost: told its account, it comes back with its key, claims like any
 * instance, and those whose shares it held deal anew (proto/PROTOCOL.md, 8). */
#include "testnet.h"

#include "base/error.h"
#include "document/selection.h"
#include "trust/trust.h"

#include <criterion/criterion.h>

/* Takes a node's folder away, and writes its account, or another's, into its configuration. */
static void lose(struct hf_world *w, uint32_t node, uint32_t whose)
{
    struct hf_account account;
    account = *hf_world_account(w, whose);
    hf_world_crash(w, node);
    hf_world_disk_wipe(w, node);
    hf_world_told(w, node, &account);
}

static struct hf_status status_of(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    return s;
}

Test(lost_folder, gives_the_same_account_and_key_back)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_account before;
    before = *hf_world_account(w, 0);
    uint64_t claim = status_of(w, 0).claim;
    lose(w, 0, 0);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    cr_assert(hf_account_equal(hf_world_account(w, 0), &before));
    cr_assert_gt(status_of(w, 0).claim, claim);
    cr_assert_eq(hf_world_vault_state(w, 0), HF_VAULT_PLACED);
    /* From then on the folder says who it is. */
    hf_world_told(w, 0, NULL);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Of those with whom an owner was placed first, all are gone for good: one by its leave, one that
 * the authority removed, one that just died. */
static void first_holders_go(struct hf_world *w, uint32_t first[static 16])
{
    cr_assert_eq(testnet_holders(w, 0, first), 3);
    cr_assert_eq(hf_world_leave(w, first[0], 600, TESTNET_MS), 0);
    cr_assert(hf_world_run_until_state(w, first[0], HF_STATE_LEFT, TESTNET_MS));
    hf_world_crash(w, first[0]);
    hf_world_power_off(w, first[1]);
    hf_world_set_remove(w, first[1]);
    hf_world_set_issue(w);
    for (size_t i = 1; i < 3; i++) {
        if (i == 2)
            hf_world_power_off(w, first[2]);
        for (int round = 0; round < 30 && testnet_holds(w, 0, first[i]); round++)
            hf_world_run_for(w, 5000);
        cr_assert_not(testnet_holds(w, 0, first[i]), "node %u is still counted on", first[i]);
        testnet_ready(w, 0);
    }
}

Test(lost_folder, of_an_owner_whose_first_holders_are_all_gone_comes_back_too)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t first[16], now[16];
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_up_from(&s, 10);
    first_holders_go(w, first);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    lose(w, 0, 0);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_ready(w, 0);
    cr_assert_eq(testnet_holders(w, 0, now), 3);
    for (size_t i = 0; i < 9; i++)
        cr_assert_neq(first[i / 3], now[i % 3]);
    testnet_end(w);
}

Test(lost_folder, is_found_in_the_set_by_its_address)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_account before;
    before = *hf_world_account(w, 0);
    hf_world_crash(w, 0);
    hf_world_disk_wipe(w, 0);
    hf_world_finds(w, 0);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    cr_assert(hf_account_equal(hf_world_account(w, 0), &before));
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(lost_folder, at_an_address_of_nobody_is_a_new_nodes)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t joined = hf_world_add(w);
    hf_world_finds(w, joined);
    hf_world_start(w, joined);
    testnet_ready(w, joined);
    testnet_end(w);
}

Test(lost_folder, with_the_hint_left_is_found_by_it)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_blob *hint =
        hf_blob_new(hf_blob_bytes(hf_world_row(w, 0, HF_ROW_PUBLIC, hf_bytes_of("hint", 4))));
    lose(w, 0, 0);
    hf_world_public_put(w, 0, "hint", hf_blob_bytes(hint));
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    hf_blob_unref(hint);
    testnet_end(w);
}

/* The grace of this network is ten minutes: no node waits for it. */
Test(lost_folder, makes_its_owners_deal_anew_at_once)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    bool held[9] = {0};
    uint32_t generations[9], owners = 0;
    for (uint32_t i = 1; i < 9; i++) {
        held[i] = testnet_holds(w, i, 0);
        generations[i] = status_of(w, i).generation;
        owners += held[i];
    }
    cr_assert_gt(owners, 0);
    lose(w, 0, 0);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    hf_world_run_for(w, 60000);
    for (uint32_t i = 1; i < 9; i++) {
        struct hf_status s = status_of(w, i);
        cr_assert_eq(s.state, HF_STATE_READY, "node %u is %s: %s", i, hf_state_name(s.state),
                     hf_error_name(s.reason));
        cr_assert_eq(s.generation > generations[i], held[i], "node %u", i);
    }
    testnet_end(w);
}

Test(lost_folder, of_a_holder_without_a_spare_gets_the_shares_again)
{
    struct hf_world *w = testnet_up(4, 2, 3);
    lose(w, 1, 1);
    hf_world_start(w, 1);
    testnet_ready(w, 1);
    hf_world_run_for(w, 120000);
    for (uint32_t i = 0; i < 4; i++) {
        testnet_ready(w, i);
        cr_assert(i == 1 || testnet_holds(w, i, 1));
    }
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* It dies at every write on its way back. */
Test(lost_folder, is_made_anew_whole_or_not_at_all)
{
    for (unsigned nth = 1; nth <= 6; nth++)
        for (int after = 0; after <= 1; after++) {
            struct hf_world *w = testnet_up(7, 3, 5);
            lose(w, 0, 0);
            hf_world_crash_at_write(w, 0, nth, after == 1);
            hf_world_start(w, 0);
            hf_world_run_for(w, 60000);
            cr_assert(!hf_world_running(w, 0), "it does not come to its write %u", nth);
            hf_world_start(w, 0);
            testnet_key_lives(w, 0);
            testnet_end(w);
        }
}

Test(lost_folder, of_another_machines_account_gets_no_share)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    lose(w, 1, 0);
    hf_world_start(w, 1);
    testnet_reason(w, 1, HF_STATE_RECOVERING, HF_EFEWPROVIDERS);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_EPLATFORM));
    testnet_end(w);
}

Test(lost_folder, is_not_what_the_configuration_says_of_anothers)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_account other = *hf_world_account(w, 1);
    hf_world_crash(w, 0);
    hf_world_told(w, 0, &other);
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EACCOUNT);
    hf_world_crash(w, 0);
    hf_world_told(w, 0, NULL);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* An empty folder that is started beside the living is one instance more, and supersedes it. */
Test(lost_folder, beside_the_living_is_one_instance_of_two)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_account account;
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version, second = hf_world_add(w);
    account = *hf_world_account(w, 0);
    hf_world_machine(w, second, 0);
    hf_world_told(w, second, &account);
    hf_world_start(w, second);
    testnet_ready(w, second);
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EFENCED);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), HF_EFENCED);
    testnet_key_lives(w, second);
    testnet_end(w);
}

/* Seed 931000000253. The next request took back what the holder had answered, that it holds
 * nothing, and the dealing begun at that moment left it out: with n others in all, for ever. */
Test(lost_folder, while_an_owner_is_placing_takes_a_share_of_its_next_dealing)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.policy.holder_grace_s = 5;
    struct hf_world *w = testnet_from(&s, 6);
    unsigned record = hf_world_rule(
        w,
        (struct hf_rule){.action = HF_RULE_DROP, .method = HF_METHOD_RECORD, .from = 0, .to = 1});
    for (uint32_t i = 0; i < 6; i++)
        hf_world_start(w, i);
    hf_world_run_for(w, 30000);
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_PLACING);
    cr_assert_gt(testnet_generation(w, 0), 0);
    lose(w, 1, 1);
    hf_world_start(w, 1);
    hf_world_rule_drop(w, record);
    testnet_ready(w, 0);
    testnet_end(w);
}

/* The owner is down while more than n - k of its holders lose what they hold: none is left to be
 * asked, and its status can say so. Before it has asked all of them it cannot. */
Test(lost_folder, of_too_many_holders_is_known_once_everybody_was_asked)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    uint32_t holders[16];
    cr_assert_eq(testnet_holders(w, 0, holders), 5);
    hf_world_crash(w, 0);
    for (int i = 0; i < 3; i++) {
        lose(w, holders[i], holders[i]);
        hf_world_start(w, holders[i]);
        hf_world_run_for(w, 30000);
    }
    hf_world_start(w, 0);
    hf_world_run_for(w, 200);
    cr_assert_eq(status_of(w, 0).state, HF_STATE_RECOVERING);
    cr_assert_gt(status_of(w, 0).providers_count, 0);
    cr_assert_not(status_of(w, 0).searched);
    hf_world_run_for(w, 60000);
    struct hf_status s = status_of(w, 0);
    cr_assert_eq(s.state, HF_STATE_RECOVERING);
    cr_assert(s.searched);
    size_t left = s.providers_count;
    for (size_t i = 0; i < s.providers_count; i++)
        left -= s.providers[i].error == HF_ENOSHARE;
    cr_assert_lt(left, 3);
    testnet_end(w);
}

static struct hf_blob *public_row(struct hf_world *w, const char *name)
{
    return hf_blob_new(
        hf_blob_bytes(hf_world_row(w, 0, HF_ROW_PUBLIC, hf_bytes_of(name, strlen(name)))));
}

/* What share holders open is the root secret; the account is wrapped in the placement record, which
 * the hint has. Whose record it is decides the account's own signature. */
Test(lost_folder, of_which_the_public_state_is_left_is_opened_by_share_holders)
{
    struct hf_world *w = testnet_sealed(7, 2, 3);
    struct hf_blackstart_report report;
    struct hf_buf request;
    struct hf_account before;
    before = *hf_world_account(w, 0);
    struct hf_blob *hint = public_row(w, "hint"), *sealed = public_row(w, "sealed");
    for (uint32_t i = 1; i < 7; i++)
        hf_world_power_off(w, i);
    lose(w, 0, 0);
    hf_world_public_put(w, 0, "sealed", hf_blob_bytes(sealed));
    hf_world_start(w, 0);
    hf_world_run_for(w, 30000);
    hf_buf_init(&request, 1 << 20);
    cr_assert_eq(hf_world_blackstart(w, 0, TESTNET_MS, &request), HF_EVAULT_GONE);
    cr_assert_eq(status_of(w, 0).state, HF_STATE_RECOVERING, "and goes on by itself");
    hf_buf_done(&request);
    hf_world_crash(w, 0);
    hf_world_public_put(w, 0, "hint", hf_blob_bytes(hint));
    hf_world_start(w, 0);
    hf_world_run_for(w, 30000);
    testnet_ask(w, 0, &request);
    for (uint8_t holder = 1; holder <= 2; holder++)
        cr_assert_eq(testnet_answered(w, 0, holder, &request, &report), 0);
    hf_buf_done(&request);
    hf_world_run_for(w, 5000);
    cr_assert_eq(status_of(w, 0).state, HF_STATE_CLAIMING, "open, and serves nobody before it has");
    cr_assert(hf_account_equal(hf_world_account(w, 0), &before));
    hf_blob_unref(hint);
    hf_blob_unref(sealed);
    testnet_end(w);
}

/* ---- in a large set */

enum { LARGE = 160, PLACES = 64 }; /* so many are asked in a round */

/* Whether a member is one that an owner without a record would ask first. */
static bool is_first(const struct hf_engine *e, const struct hf_account *member)
{
    const struct hf_document *sets[] = {e->trust->set, e->trust->set_previous};
    uint32_t order[HF_RANK_FACTOR * HF_SHARES_MAX];
    for (size_t s = 0; s < HF_ARRAY_LEN(sets); s++) {
        size_t count = hf_select(sets[s], &e->account, e->active.number, HF_DOMAIN_NONE, 5,
                                 HF_ARRAY_LEN(order), order);
        for (size_t i = 0; i < count; i++)
            if (hf_account_equal(&sets[s]->u.set.validators[order[i]].account, member))
                return true;
    }
    return false;
}

/* A node whose holders all come late when the whole set is asked in turn. */
static uint32_t with_late_holders(struct hf_world *w)
{
    const struct hf_document *set = hf_world_document(w, HF_DOCUMENT_SET);
    for (uint32_t node = 0; node < LARGE; node++) {
        uint32_t holders[16];
        size_t late = 0, n = testnet_holders(w, node, holders);
        for (size_t i = 0; i < n; i++) {
            const struct hf_account *holder = hf_world_account(w, holders[i]);
            late += !is_first(hf_world_engine(w, node), holder) &&
                    hf_set_find(set, holder) > PLACES + 10;
        }
        if (late == n)
            return node;
    }
    cr_assert_fail("the holders of each are among the first");
    return 0;
}

/* More members are gone than are asked at a time: they keep no places. */
Test(lost_folder, is_found_though_many_members_are_gone)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.checks = false;
    struct hf_world *w = testnet_up_from(&s, LARGE);
    for (int i = 0; i < 2; i++) {
        hf_world_set_issue(w);
        hf_world_run_for(w, 10000);
    }
    uint32_t node = with_late_holders(w);
    lose(w, node, node);
    for (size_t i = 0; i < PLACES + 10; i++) {
        const struct hf_document *set = hf_world_document(w, HF_DOCUMENT_SET);
        long gone = hf_world_find(w, &set->u.set.validators[i].account);
        if (gone != node)
            hf_world_power_off(w, (uint32_t)gone);
    }
    hf_world_start(w, node);
    testnet_ready(w, node);
    hf_world_free(w);
}
