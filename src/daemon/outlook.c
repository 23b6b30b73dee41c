/* Whether the key can come back, and what to warn of: counted from the status. */
#include "outlook_parts.h"

#include "base/check.h"
#include "base/date.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/hex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
bool hf__outlook_is_silence(int error)
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

void hf__outlook_warn(struct hf__outlook *o, int reason, enum hf__weight weight, uint64_t at_s,
                      const char *form, ...)
{
    va_list arguments;
    hf_assert(o->warnings_count < HF__WARNINGS_MAX);
    struct hf__warning *w = &o->warnings[o->warnings_count++];
    *w = (struct hf__warning){.reason = reason, .weight = weight, .at_s = at_s};
    va_start(arguments, form);
    vsnprintf(w->text, sizeof w->text, form, arguments);
    va_end(arguments);
}

void hf__outlook_advise(struct hf__outlook *o, const char *form, ...)
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
    bool away = p->error == 0 || hf__outlook_is_silence(p->error) || p->error == HF_EPEER_LOCKED ||
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
    return hf__outlook_is_silence(p->error) ? &o->silent : &o->refusing;
}

/* A provider that answers so has nothing to give any more, however long the node waits. */
bool hf__outlook_is_gone(int error)
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
        o->gone += hf__outlook_is_gone(p->error);
        if (at != NULL)
            ++*at;
        if (at == &o->answering || may_be_restarting(s, p, f->now_ms))
            o->lasting++;
    }
    o->spare_claim = o->answering - o->quorum;
    o->spare_recovery = o->answering - o->needed;
}

/* What the authority does about what keeps this node out. */
void hf__outlook_advise_shut_out(struct hf__outlook *o, const struct hf_status *s, int shut)
{
    char account[65];
    hf_hex_encode(s->account.bytes, sizeof s->account, account);
    if (shut == HF_ELEFTOUT)
        hf__outlook_advise(
            o,
            "The authority has left this account out of the set: `holdfast set restore %.8s` "
            "there undoes it, then `holdfast set sign`. The data folder is still good.\n",
            account);
    else
        hf__outlook_advise(
            o, "The authority signs another: `holdfast policy sign`, or `holdfast set sign`; until "
               "then no validator gives anybody a share. Check this machine's clock too.\n");
}

/* ---- a node whose vault is open */

/* What would keep this node out after a restart, however many providers answer now. */
int hf__outlook_shut_out(const struct hf_status *s)
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
    snprintf(o->says, sizeof o->says,
             "NOT AS IT IS: this node is a new one, and %.8s, which the validator set has at this "
             "address, could come back in its place",
             account);
    hf__outlook_warn(
        o, HF_EANOTHER, HF__NOW, 0,
        "the validator set has %.8s at this address, and this data folder is a new one's", account);
    hf__outlook_advise(
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
    char day[HF_DATE_TEXT];
    uint64_t for_s = (f->now_ms - f->own_since_ms) / 1000, grace_s = f->status->holder_grace_s;
    uint64_t at_s = f->status->now_s + grace_s - for_s;
    const char *why = hf_error_sentence(f->own_error);
    if (for_s < grace_s)
        hf__outlook_warn(
            o, HF_EATTESTATION, HF__NOW, at_s,
            "no validator accepts this node's quotes: %s; from %s on it counts as lost, and what "
            "it "
            "keeps for others is dealt anew without it",
            why, hf_date_text(at_s, HF_DATE_ISO, day));
    else
        hf__outlook_warn(
            o, HF_EATTESTATION, HF__NOW, 0,
            "no validator accepts this node's quotes: %s; it counts as lost, and what it keeps for "
            "others is dealt anew without it",
            why);
}

/* The network would give this node nothing; shut: why, or 0 where its quotes are refused. */
static void judge_kept_out(const struct hf__outlook_facts *f, int shut, struct hf__outlook *o)
{
    o->key = HF__KEY_WOULD_LOSE;
    o->spare_claim = -o->quorum;
    o->spare_recovery = -o->needed;
    snprintf(o->says, sizeof o->says, "NOT NOW: %s; do not restart this node",
             hf_error_sentence(shut != 0 ? shut : HF_EATTESTATION));
    if (shut == 0) {
        warn_refused(f, o);
        return;
    }
    hf__outlook_warn(o, shut, HF__NOW, 0,
                     "a restart of this node now would not get its key back: %s",
                     hf_error_sentence(shut));
    hf__outlook_advise_shut_out(o, f->status, shut);
}

static void judge_open(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    const struct hf_status *s = f->status;
    int shut = hf__outlook_shut_out(s);
    char account[2 * sizeof s->account + 1];
    hf_hex_encode(s->account.bytes, sizeof s->account, account);
    if (s->generation == 0) {
        o->key = HF__KEY_NONE;
        snprintf(o->says, sizeof o->says,
                 "there is no key yet that could come back: nothing is backed up");
        if (f->another != NULL)
            judge_another(f->another, o);
        else if (s->has_account)
            hf__outlook_warn(
                o, HF_ENOTPLACED, HF__NOTICE, 0,
                "do not restart before it is placed: the account %.8s is new and in memory only, "
                "and another one would have to be registered",
                account);
        return;
    }
    if (shut != 0 || f->own_error != 0)
        judge_kept_out(f, shut, o);
    else if (o->lasting < o->needed) {
        o->key = HF__KEY_WOULD_LOSE;
        snprintf(o->says, sizeof o->says,
                 "NOT NOW: a restart loses the key unless %u more answer; do not restart this node",
                 o->needed - o->lasting);
        hf__outlook_warn(
            o, HF_ERESTART_LOSES, HF__NOW, 0,
            "a restart of this node now would lose its key: %u of %u providers answer, %u are "
            "needed",
            o->answering, o->holders, o->needed);
    } else if (o->lasting < o->quorum) {
        o->key = HF__KEY_WOULD_LOCK;
        snprintf(o->says, sizeof o->says,
                 "NOT NOW: a restart locks the key until %u more answer; do not restart this node",
                 o->quorum - o->lasting);
        hf__outlook_warn(
            o, HF_ERESTART_LOCKS, HF__NOW, 0,
            "a restart of this node now would lock its key: %u of %u providers answer, and %u "
            "must accept its claim",
            o->answering, o->holders, o->quorum);
    } else if (o->lasting < o->holders && o->lasting <= o->quorum) {
        o->key = HF__KEY_THIN;
        snprintf(o->says, sizeof o->says, "yes, but with one more loss a restart locks it");
        hf__outlook_warn(
            o, HF_EONELOSS, HF__URGENT, 0,
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

/* ---- what to warn of besides */

static void warn_date(struct hf__outlook *o, int reason, uint64_t now_s, uint64_t at_s,
                      uint64_t before_s, const char *what, const char *todo)
{
    char left[24], day[HF_DATE_TEXT];
    if (at_s == 0 || now_s >= at_s || at_s - now_s > before_s)
        return;
    bool urgent = at_s - now_s <= HF__URGENT_S && before_s > HF__URGENT_S;
    hf__outlook_warn(
        o, reason, urgent ? HF__URGENT : HF__NOTICE, at_s, "%s expires in %s, on %s: %s", what,
        hf_duration_text((at_s - now_s) * 1000, left), hf_date_text(at_s, HF_DATE_ISO, day), todo);
}

bool hf__outlook_clock_off(const struct hf_status *s)
{
    int64_t by = s->ahead_s < 0 ? -s->ahead_s : s->ahead_s;
    return s->clocks_told > 0 && by >= HF__CLOCK_OFF_S;
}

static void warn_clock(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    char off[24], whose[40];
    const struct hf_status *s = f->status;
    bool known = f->time != NULL && f->time->known;
    int64_t ahead_s = known ? f->time->clock_us / 1000000 : s->ahead_s;
    uint64_t by = (uint64_t)(ahead_s < 0 ? -ahead_s : ahead_s);
    if (known ? by < HF__CLOCK_OFF_S : !hf__outlook_clock_off(s))
        return;
    if (known)
        snprintf(whose, sizeof whose, "the authenticated time");
    else
        snprintf(whose, sizeof whose, "those of %u providers", s->clocks_told);
    hf_duration_text(by * 1000, off);
    hf__outlook_warn(o, HF_ECLOCK, HF__URGENT, 0, "this machine's clock is %s %s %s", off,
                     ahead_s > 0 ? "ahead of" : "behind", whose);
    if (ahead_s > 0)
        hf__outlook_advise(o, "The clock is off: this machine's is %s ahead of %s. Set it right.\n",
                           off, whose);
}

/* Once it has lasted: servers that are asked first answer after some seconds. */
static void warn_time(const struct hf__outlook_facts *f, struct hf__outlook *o)
{
    const struct hf_time_status *t = f->time;
    if (t == NULL || t->listed == 0 || t->reason == 0 || f->now_ms - t->reason_ms < HF__SILENT_MS)
        return;
    hf__outlook_warn(o, t->reason, t->known ? HF__NOTICE : HF__URGENT, 0,
                     "%zu of %zu operators of time servers agree, of %zu that are needed: %s",
                     t->agreeing, t->listed, t->needed, hf_error_sentence(t->reason));
}

/* Of a share set that has expired too: nothing else would say so before it is needed. */
static void warn_shares(const struct hf_status *s, struct hf__outlook *o)
{
    char day[HF_DATE_TEXT];
    if (!s->quorum_wanted || s->share_set == 0)
        return;
    if (s->now_s >= s->share_set_expires_s)
        hf__outlook_warn(o, HF_ESHARES_EXPIRED, HF__URGENT, 0,
                         "the share set expired on %s: no share holder can open this key",
                         hf_date_text(s->share_set_expires_s, HF_DATE_ISO, day));
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
    /* What is missing may be on its way where it is fetched: fetches that fail are told as such. */
    if (f->collateral_error != 0 &&
        !(f->collateral_fetched && f->collateral_error == HF_ECOLLMISSING))
        hf__outlook_warn(o, f->collateral_error, HF__NOW, 0,
                         "this node's own collateral judges no quote: %s",
                         hf_error_sentence(f->collateral_error));
    warn_date(o, HF_ECOLLATERAL_EXPIRES, s->now_s, f->collateral_expires_s,
              f->collateral_fetched ? HF__COLLATERAL_EXPIRES_S / 2 : HF__COLLATERAL_EXPIRES_S,
              "the collateral",
              f->collateral_fetched
                  ? "the daemon has not been able to fetch newer"
                  : "fetch newer with holdfast-collateral, then `holdfast reload`");
    warn_clock(f, o);
    warn_time(f, o);
    if (f->due_error != 0)
        hf__outlook_warn(
            o, HF_EPLATFORMDUE, HF__URGENT, 0,
            "TCB evaluation %u, which is announced, refuses this machine: %s; update its firmware "
            "before it counts",
            f->due_evaluation, hf_error_sentence(f->due_error));
    if (s->registered && f->registered[0] != '\0' && strcmp(f->registered, f->address) != 0)
        hf__outlook_warn(
            o, HF_EMOVED, HF__URGENT, 0,
            f->tells_address
                ? "the set has this node at %s, and its own configuration at %s: it tells the "
                  "others, and who is locked and hears nothing looks for it where the set says"
                : "the set has this node at %s, and its own configuration at %s: peers look for it "
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
        snprintf(ret->says, sizeof ret->says, "not by itself: %s",
                 s->reason == HF_EDOCUMENT_NETWORK
                     ? "the data folder is of another network than the configuration names"
                     : hf_error_sentence(s->reason));
        hf__outlook_advise(
            ret,
            "It does not go on by itself. Do not delete the data folder. `holdfast explain %s` "
            "says what to do.\n",
            hf_error_name(s->reason));
    } else if (s->state == HF_STATE_HANDED_OVER) {
        snprintf(ret->says, sizeof ret->says,
                 "not here: the new release on this machine has the key and the account");
        hf__outlook_advise(ret, "Look at the status of the new release. When that is ready, this "
                                "trust domain can be stopped.\n");
    } else if (s->state == HF_STATE_RECOVERING || s->state == HF_STATE_CLAIMING) {
        hf__outlook_judge_locked(f, ret);
    } else if (f->running && s->state != HF_STATE_STARTING) {
        judge_open(f, ret);
    }
    if (f->running)
        warn_more(f, ret);
    apply_mutes(f, ret);
    ret->verdict = verdict_of(f, ret);
}
