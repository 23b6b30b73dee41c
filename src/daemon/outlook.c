/* Whether the key can come back, and what to warn of: counted from the status. */
#include "outlook.h"

#include "base/check.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/hex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *hf__key_outlook_name(enum hf__key_outlook key)
{
    static const char *const names[] = {
#define X(constant, name) name,
        HF__KEY_MAP(X)
#undef X
    };
    hf_assert((size_t)key < HF_ARRAY_LEN(names));
    return names[key];
}

/* Whether a provider did not answer at all, rather than answered this. */
static bool is_silence(int error)
{
    switch (error) {
    case HF_ETIMEOUT:
    case HF_ERESOLVE:
    case HF_ECONNECT:
    case HF_ECONNRESET:
    case HF_EREFUSED:
    case HF_ETLS:
    case HF_EHTTP:
    case HF_ECANCELED:
        return true;
    default:
        return false;
    }
}

static const char *date(uint64_t s, char ret[static 32])
{
    struct tm tm;
    time_t t = (time_t)s;
    if (gmtime_r(&t, &tm) == NULL || strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        snprintf(ret, 32, "%llu", (unsigned long long)s);
    return ret;
}

static void __attribute__((format(printf, 5, 6)))
warn(struct hf__outlook *o, int reason, enum hf__weight weight, uint64_t at_s, const char *form,
     ...)
{
    va_list arguments;
    hf_assert(o->warnings_count < HF__WARNINGS_MAX);
    struct hf__warning *w = &o->warnings[o->warnings_count++];
    *w = (struct hf__warning){.reason = reason, .weight = weight, .at_s = at_s};
    va_start(arguments, form);
    vsnprintf(w->text, sizeof w->text, form, arguments);
    va_end(arguments);
}

static void __attribute__((format(printf, 2, 3)))
advise(struct hf__outlook *o, const char *form, ...)
{
    va_list arguments;
    size_t at = strlen(o->advice);
    va_start(arguments, form);
    vsnprintf(o->advice + at, sizeof o->advice - at, form, arguments);
    va_end(arguments);
}

/* ---- counting */

/*
 * Whether a provider is silent, or locked itself, for less than a restart takes. One that answers
 * and refuses, as it has no share any more, does not come to help by waiting.
 */
static bool may_be_restarting(const struct hf_status *s, const struct hf_provider_status *p,
                              uint64_t now_ms)
{
    uint64_t since_ms = p->since_ms != 0 ? p->since_ms : s->since_ms;
    bool away = p->error == 0 || is_silence(p->error) || p->error == HF_EPEER_LOCKED ||
                p->error == HF_ELOCKED;
    return away && now_ms - since_ms < HF__SILENT_MS;
}

/* What a provider is to this node now: each is counted as one of these. */
static uint8_t *counter(const struct hf_provider_status *p, struct hf__outlook *o)
{
    if (p->error == 0)
        return p->answered ? &o->answering : NULL;
    if (p->error == HF_EREMOVED)
        return &o->removed;
    if (p->error == HF_EPEER_LOCKED || p->error == HF_ELOCKED)
        return &o->locked;
    return is_silence(p->error) ? &o->silent : &o->refusing;
}

/* A provider that answers so has nothing to give any more, however long the node waits. */
static bool is_gone(int error)
{
    return error == HF_EREMOVED || error == HF_ENOSHARE;
}

static void count(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    const struct hf_status *s = f->status;
    o->holders = s->n;
    o->needed = s->k;
    o->quorum = s->q;
    for (size_t i = 0; i < s->providers_count; i++) {
        const struct hf_provider_status *p = &s->providers[i];
        uint8_t *at = counter(p, o);
        if (p->audits_failed > 0)
            o->unproved++;
        o->gone += is_gone(p->error);
        if (at != NULL)
            ++*at;
        if (at == &o->answering || may_be_restarting(s, p, f->now_ms))
            o->lasting++;
    }
    o->spare_claim = o->answering - o->quorum;
    o->spare_recovery = o->answering - o->needed;
}

/* What the authority does about what keeps this node out. */
static void advise_shut_out(struct hf__outlook *o, const struct hf_status *s, int shut)
{
    char account[65];
    hf_hex_encode(s->account.bytes, sizeof s->account, account);
    if (shut == HF_ELEFTOUT)
        advise(o,
               "The authority has left this account out of the set: `holdfast set restore %.8s` "
               "there undoes it, then `holdfast set sign`. The data folder is still good.\n",
               account);
    else
        advise(o,
               "The authority signs another: `holdfast policy sign`, or `holdfast set sign`; until "
               "then no validator gives anybody a share. Check this machine's clock too.\n");
}

/* ---- a node whose vault is open */

/* What would keep this node out after a restart, however many providers answer now. */
static int shut_out(const struct hf_status *s)
{
    if (s->policy == 0 || s->epoch == 0)
        return 0;
    if (s->now_s >= s->policy_expires_s || s->now_s >= s->set_expires_s)
        return HF_EEXPIRED;
    return s->registered ? 0 : HF_ELEFTOUT;
}

/* The folder is empty, and the set has a validator at this address: registered anew, the machine
 * gives that one's keys up. */
static void judge_another(const struct hf_account *another, struct hf__outlook *o)
{
    char account[65];
    hf_hex_encode(another->bytes, sizeof *another, account);
    warn(o, HF_EANOTHER, HF__NOW, 0,
         "the validator set has %.8s at this address, and this data folder is a new one's",
         account);
    advise(
        o,
        "If this machine was that validator, its data folder is lost, and its keys are not: stop "
        "the daemon, move the new folder away, write this line into its configuration, and start "
        "it again:\n  account: %s\n"
        "It comes back with its keys while enough of its providers live (holdfastd(8), A LOST "
        "FOLDER). Registered anew, it has other keys.\n",
        account);
}

/*
 * No validator gives this machine a share, nor counts what it answers: for the policy's grace that
 * may pass, and then its shares are dealt anew without it.
 */
static void warn_refused(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    char day[32];
    uint64_t for_s = (f->now_ms - f->own_since_ms) / 1000, grace_s = f->status->holder_grace_s;
    uint64_t at_s = f->status->now_s + grace_s - for_s;
    const char *why = hf_error_sentence(f->own_error);
    if (for_s < grace_s)
        warn(o, HF_EATTESTATION, HF__NOW, at_s,
             "no validator accepts this node's quotes: %s; from %s on it counts as lost, and what "
             "it "
             "keeps for others is dealt anew without it",
             why, date(at_s, day));
    else
        warn(
            o, HF_EATTESTATION, HF__NOW, 0,
            "no validator accepts this node's quotes: %s; it counts as lost, and what it keeps for "
            "others is dealt anew without it",
            why);
}

static void judge_open(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    const struct hf_status *s = f->status;
    int shut = shut_out(s);
    bool refused = f->own_error != 0;
    if (s->generation == 0) {
        o->key = HF__KEY_NONE;
        snprintf(o->says, sizeof o->says,
                 "there is no key yet that could come back: nothing is backed up");
        if (f->another != NULL)
            judge_another(f->another, o);
        else if (s->has_account)
            warn(o, HF_ENOTPLACED, HF__NOTICE, 0,
                 "do not restart before it is placed: the account is in memory only, and another "
                 "one would have to be registered");
        return;
    }
    if (shut != 0 || refused) {
        o->key = HF__KEY_WOULD_LOSE;
        o->spare_claim = -o->quorum;
        o->spare_recovery = -o->needed;
        snprintf(o->says, sizeof o->says, "NOT NOW: %s; do not restart this node",
                 hf_error_sentence(shut != 0 ? shut : HF_EATTESTATION));
    }
    if (shut != 0) {
        warn(o, shut, HF__NOW, 0, "a restart of this node now would not get its key back: %s",
             hf_error_sentence(shut));
        advise_shut_out(o, s, shut);
    } else if (refused) {
        warn_refused(f, o);
    } else if (o->lasting < o->needed) {
        o->key = HF__KEY_WOULD_LOSE;
        snprintf(o->says, sizeof o->says,
                 "NOT NOW: a restart loses the key unless %u more answer; do not restart this node",
                 o->needed - o->lasting);
        warn(o, HF_ERESTART_LOSES, HF__NOW, 0,
             "a restart of this node now would lose its key: %u of %u providers answer, %u are "
             "needed",
             o->answering, o->holders, o->needed);
    } else if (o->lasting < o->quorum) {
        o->key = HF__KEY_WOULD_LOCK;
        snprintf(o->says, sizeof o->says,
                 "NOT NOW: a restart locks the key until %u more answer; do not restart this node",
                 o->quorum - o->lasting);
        warn(o, HF_ERESTART_LOCKS, HF__NOW, 0,
             "a restart of this node now would lock its key: %u of %u providers answer, and %u "
             "must accept its claim",
             o->answering, o->holders, o->quorum);
    } else if (o->lasting < o->holders && o->lasting <= o->quorum) {
        o->key = HF__KEY_THIN;
        snprintf(o->says, sizeof o->says, "yes, but with one more loss a restart locks it");
        warn(o, HF_EONELOSS, HF__URGENT, 0,
             "%u of %u providers answer and %u must accept a claim: with one more loss a restart "
             "of this node locks its key",
             o->answering, o->holders, o->quorum);
    } else {
        o->key = HF__KEY_COMES_BACK;
        if (o->answering < o->quorum)
            snprintf(o->says, sizeof o->says,
                     "yes, once %u that fell silent less than %u s ago answer again",
                     o->quorum - o->answering, HF__SILENT_MS / 1000);
        else if (o->quorum == o->holders)
            snprintf(o->says, sizeof o->says,
                     "yes, while every provider answers: the policy has none to spare");
        else
            snprintf(o->says, sizeof o->says, "yes");
    }
}

/* ---- a node that is locked */

/* What people do where no provider can help, once `when` holds. */
static void advise_people(struct hf__outlook *o, const struct hf_status *s, const char *when)
{
    if (s->sealed_s != 0)
        advise(o,
               "%s, share holders can open this node: write a request with "
               "`holdfast blackstart request FILE`, and go on as holdfast-blackstart(7) says. Keep "
               "the data folder, and keep this daemon running.\n",
               when);
    else
        advise(o,
               "%s, the keys are gone, and people begin anew: on each machine "
               "move the data folder away (keep it), start the daemon, and register it with "
               "`holdfast set add` and `holdfast set sign`. ",
               when);
}

static void judge_all_locked(const struct hf_status *s, struct hf__outlook *o)
{
    o->key = HF__KEY_STUCK;
    snprintf(o->says, sizeof o->says, "NOT BY ITSELF: %u of %zu providers are locked themselves",
             o->locked, s->providers_count);
    warn(o, HF_EALLLOCKED, HF__NOW, 0, "%u of %zu providers are locked themselves: %s", o->locked,
         s->providers_count, hf_error_sentence(HF_EALLLOCKED));
    if (o->silent == 0)
        advise(o, "No key can come back by itself while all providers are locked themselves; if "
                  "one validator was not restarted, do not restart it.\n");
    else
        advise(o,
               "%u providers are locked themselves and %u do not answer. If one of those was not "
               "restarted, do not restart it: see to it that it can be reached.\n",
               o->locked, o->silent);
    advise_people(o, s, "If all have been restarted");
    if (s->sealed_s == 0)
        advise(o, "A validator that was not restarted keeps its key, and deals its shares anew to "
                  "those.\n");
}

/* Too few of those who held a share can ever give one. */
static void judge_gone(const struct hf_status *s, struct hf__outlook *o)
{
    o->key = HF__KEY_STUCK;
    snprintf(o->says, sizeof o->says,
             "NOT BY ITSELF: %u of %zu that were asked have no share to give, and %u are needed",
             o->gone, s->providers_count, o->needed);
    warn(o, HF_ESHARESGONE, HF__NOW, 0,
         "%u of %zu that were asked have no share to give: %u hold none, %u are no validators any "
         "more; %u are needed",
         o->gone, s->providers_count, o->gone - o->removed, o->removed, o->needed);
    if (o->removed > 0)
        advise(o, "If one of them was removed by mistake, and its folder is still there, "
                  "`holdfast set restore` and `holdfast set sign` at the authority bring it "
                  "back.\n");
    advise_people(o, s, "If none of them can be brought back");
    if (s->sealed_s == 0)
        advise(o, "A node that was never ready gave no key to an application: nothing was "
                  "encrypted with one, and nothing is lost.\n");
}

/* The first votes that its claim waits for; NULL: none. */
static const struct hf_wait_status *votes_of(const struct hf_status *s)
{
    for (size_t i = 0; s->open && i < s->waits_count; i++)
        if (!s->waits[i].seals)
            return &s->waits[i];
    return NULL;
}

/* The shares were enough: what the node waits for is that its claim is accepted. */
static void judge_claim(const struct hf_wait_status *votes, struct hf__outlook *o)
{
    size_t gone = 0;
    for (size_t i = 0; i < votes->acceptors_count; i++)
        gone += !votes->acceptors[i].gave && is_gone(votes->acceptors[i].error);
    if (votes->acceptors_count - gone < votes->quorum) {
        o->key = HF__KEY_STUCK;
        snprintf(o->says, sizeof o->says,
                 "NOT BY ITSELF: its claim has %u of %u votes, and %zu of %zu holders are gone",
                 votes->given, votes->quorum, gone, votes->acceptors_count);
        advise(o, "The shares were enough, and the votes are not: the authority says with "
                  "`holdfast set floor` who is left. `holdfast backup show` has what to send.\n");
        return;
    }
    snprintf(o->says, sizeof o->says, "not yet: its claim has %u of %u votes", votes->firm,
             votes->quorum);
    if (votes->given > votes->firm) {
        size_t at = strlen(o->says);
        snprintf(o->says + at, sizeof o->says - at,
                 ", and %u provisional ones, of holders that have started again and are not ready "
                 "themselves; %u do with those",
                 votes->given - votes->firm, votes->provisional);
    }
}

/* The refusal that most of those who refuse give. */
static const struct hf_provider_status *common_refusal(const struct hf_status *s)
{
    const struct hf_provider_status *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < s->providers_count; i++) {
        const struct hf_provider_status *p = &s->providers[i];
        size_t same = 0;
        if (p->error == 0 || is_silence(p->error) || p->error == HF_EPEER_LOCKED)
            continue;
        for (size_t j = 0; j < s->providers_count; j++)
            same += s->providers[j].error == p->error;
        if (same > most) {
            most = same;
            best = p;
        }
    }
    return best;
}

static void judge_locked(const struct hf_status *s, struct hf__outlook *o)
{
    int shut = shut_out(s);
    const struct hf_provider_status *refusal = common_refusal(s);
    const struct hf_wait_status *votes = votes_of(s);
    o->key = HF__KEY_WAITS;
    if (shut != 0) {
        o->key = HF__KEY_STUCK;
        snprintf(o->says, sizeof o->says, "not now: %s", hf_error_sentence(shut));
        advise_shut_out(o, s, shut);
        return;
    }
    if (s->searched && !s->open && s->providers_count - o->gone < o->needed) {
        judge_gone(s, o);
        return;
    }
    if (o->locked > 0 && (size_t)(o->locked + o->silent + o->gone) == s->providers_count &&
        o->silent < o->needed) {
        judge_all_locked(s, o);
        return;
    }
    if (votes != NULL)
        judge_claim(votes, o);
    else
        snprintf(o->says, sizeof o->says, "not yet: %u of %zu providers answer, %u are needed",
                 o->answering, s->providers_count, s->open ? o->quorum : o->needed);
    if (o->key == HF__KEY_STUCK)
        return;
    if (o->silent > 0)
        advise(o,
               "It goes on by itself. %u providers do not answer: see to it that they run and can "
               "be reached.\n",
               o->silent);
    if (o->locked > 0)
        advise(o,
               "%u are locked themselves, and go on as soon as they have their own keys. If one "
               "validator was not restarted, do not restart it.\n",
               o->locked);
    if (o->refusing > 0 && refusal != NULL)
        advise(o,
               "%u providers answer and do not help; most say: %s. `holdfast explain %s` says what "
               "to do.\n",
               o->refusing, hf_error_sentence(refusal->error), hf_error_name(refusal->error));
    if (o->removed > 0)
        advise(o, "%u that hold a share are no validators any more, and can give none.\n",
               o->removed);
}

/* ---- what to warn of besides */

static void warn_date(struct hf__outlook *o, int reason, uint64_t now_s, uint64_t at_s,
                      uint64_t before_s, const char *what, const char *todo)
{
    char left[24], day[32];
    if (at_s == 0 || now_s >= at_s || at_s - now_s > before_s)
        return;
    bool urgent = at_s - now_s <= HF__URGENT_S && before_s > HF__URGENT_S;
    warn(o, reason, urgent ? HF__URGENT : HF__NOTICE, at_s, "%s expires in %s, on %s: %s", what,
         hf_duration_text((at_s - now_s) * 1000, left), date(at_s, day), todo);
}

static void warn_clock(const struct hf_status *s, struct hf__outlook *o)
{
    char off[24];
    uint64_t by = (uint64_t)(s->ahead_s < 0 ? -s->ahead_s : s->ahead_s);
    if (s->clocks_told == 0 || by < HF__CLOCK_OFF_S)
        return;
    warn(o, HF_ECLOCK, HF__URGENT, 0, "this machine's clock is %s %s those of %u providers",
         hf_duration_text(by * 1000, off), s->ahead_s > 0 ? "ahead of" : "behind", s->clocks_told);
    if (s->ahead_s > 0)
        advise(o,
               "The clock is off: this machine's is %s ahead of those of %u providers. Set it "
               "right.\n",
               off, s->clocks_told);
}

/* Of a share set that has expired too: nothing else would say so before it is needed. */
static void warn_shares(const struct hf_status *s, struct hf__outlook *o)
{
    char day[32];
    if (!s->quorum_wanted || s->share_set == 0)
        return;
    if (s->now_s >= s->share_set_expires_s)
        warn(o, HF_ESHARES_EXPIRED, HF__URGENT, 0,
             "the share set expired on %s: no share holder can open this key",
             date(s->share_set_expires_s, day));
    warn_date(o, HF_ESHARES_EXPIRE, s->now_s, s->share_set_expires_s, HF__EXPIRES_S,
              "the share set", "the authority makes the next, as `holdfast quorum` says");
}

static void warn_more(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    const struct hf_status *s = f->status;
    if (s->policy != 0)
        warn_date(o, HF_EPOLICY_EXPIRES, s->now_s, s->policy_expires_s, HF__EXPIRES_S, "the policy",
                  "the authority signs the next with `holdfast policy sign`");
    if (s->epoch != 0)
        warn_date(o, HF_ESET_EXPIRES, s->now_s, s->set_expires_s, HF__EXPIRES_S,
                  "the validator set", "the authority signs the next with `holdfast set sign`");
    warn_shares(s, o);
    warn_date(o, HF_ECOLLATERAL_EXPIRES, s->now_s, f->collateral_expires_s,
              f->collateral_fetched ? HF__COLLATERAL_EXPIRES_S / 2 : HF__COLLATERAL_EXPIRES_S,
              "the collateral",
              f->collateral_fetched
                  ? "the daemon has not been able to fetch newer"
                  : "fetch newer with holdfast-collateral, then `holdfast reload`");
    warn_clock(s, o);
    if (f->due_error != 0)
        warn(o, HF_EPLATFORMDUE, HF__URGENT, 0,
             "TCB evaluation %u, which is announced, refuses this machine: %s; update its firmware "
             "before it counts",
             f->due_evaluation, hf_error_sentence(f->due_error));
    if (s->registered && f->registered[0] != '\0' && strcmp(f->registered, f->address) != 0)
        warn(o, HF_EMOVED, HF__URGENT, 0,
             "the set has this node at %s, and its own configuration at %s: peers look for it "
             "where the set says",
             f->registered, f->address);
}

static void apply_mutes(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    for (size_t i = 0; i < o->warnings_count; i++)
        for (size_t j = 0; j < f->mutes_count; j++)
            o->warnings[i].muted |= f->mutes[j].reason == o->warnings[i].reason &&
                                    f->mutes[j].weight >= o->warnings[i].weight &&
                                    f->status->now_s < f->mutes[j].until_s;
}

static enum hf__verdict verdict_of(const struct hf__outlook_facts *f, const struct hf__outlook *o)
{
    if (!f->running && f->status->state == HF_STATE_STARTING)
        return HF__CANNOT_TELL;
    for (size_t i = 0; i < o->warnings_count; i++)
        if (!o->warnings[i].muted && o->warnings[i].reason != HF_ENOTPLACED)
            return HF__IN_DANGER;
    return f->status->state == HF_STATE_READY ? HF__SAFE : HF__NOT_READY;
}

void hf__outlook(const struct hf__outlook_facts *f, struct hf__outlook *ret)
{
    const struct hf_status *s = f->status;
    *ret = (struct hf__outlook){.key = HF__KEY_UNKNOWN};
    count(f, ret);
    if (!f->running || s->state == HF_STATE_STARTING)
        snprintf(ret->says, sizeof ret->says, "cannot tell: the daemon is starting");
    if (s->state == HF_STATE_BLOCKED) {
        ret->key = HF__KEY_BLOCKED;
        snprintf(ret->says, sizeof ret->says, "not by itself: %s", hf_error_sentence(s->reason));
        advise(ret,
               "It does not go on by itself. Do not delete the data folder. `holdfast explain %s` "
               "says what to do.\n",
               hf_error_name(s->reason));
    } else if (s->state == HF_STATE_RECOVERING || s->state == HF_STATE_CLAIMING) {
        judge_locked(s, ret);
    } else if (f->running && s->state != HF_STATE_STARTING) {
        judge_open(f, ret);
    }
    if (f->running)
        warn_more(f, ret);
    apply_mutes(f, ret);
    ret->verdict = verdict_of(f, ret);
}
