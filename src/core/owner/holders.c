/*
 * Watching the holders: an owner is ready when all of them say that they are placed themselves and
 * hold its share. One that is silent, unplaced or without the share for longer than the policy's
 * grace is replaced.
 */
#include <stdlib.h>

#include "base/error.h"
#include "owner/owner.h"

enum { AGAIN_MAX = 5, SPREAD_MS = 60000, FIRST_GRACE_MS = 60000 };

static bool watching(const struct hf_engine *e)
{
    hf_assert(e->state <= HF_STATE_HANDED_OVER);
    return e->state == HF_STATE_PLACED || e->state == HF_STATE_READY ||
           e->state == HF_STATE_DEGRADED || e->state == HF_STATE_LEAVING;
}

void hf__holders_rebuild(struct hf_engine *e)
{
    struct hf__owner *o = e->owner;
    struct hf_placement_record record;
    bool confirmed = false;
    o->renew_ms = o->renew_adopted = 0; /* of another generation */
    struct hf__holder *old = o->holders;
    size_t old_count = o->holders_count;
    o->holders = NULL;
    o->holders_count = 0;
    if (hf__own_record(e, &record, NULL, &confirmed)) {
        o->holders = calloc(record.holders_count, sizeof *o->holders);
        hf_assert(o->holders != NULL);
        o->holders_count = (uint8_t)record.holders_count;
        hf_assert(o->holders_count > 0 && o->holders_count <= HF_SHARES_MAX);
        o->recorded = record.generation;
    }
    for (size_t i = 0; i < o->holders_count; i++) {
        struct hf__holder *h = &o->holders[i];
        for (size_t j = 0; j < old_count; j++)
            if (hf_account_equal(&old[j].account, &record.holders[i].account))
                *h = old[j];
        h->account = record.holders[i].account;
        h->index = (uint8_t)record.holders[i].index;
        h->confirmed = confirmed;
        h->certificates = 0;
        h->silent_ms = 0;
        h->keeps = h->voteless = h->promised = false; /* what it said was of another generation */
        h->patience = (uint16_t)hf__random_below(e, UINT16_MAX);
        hf__audit_begin(e, h);
    }
    free(old);
    if (o->holders_count > 0)
        hf__evidence_begin(e, &record);
    if (watching(e))
        hf__timer_set(e, HF__TIMER_STANDING, e->timing.standing_ms);
}

/* sealed: number of the statement that goes with it, or 0. False: there is another by now. */
static bool standing_of(struct hf_engine *e, const struct hf__holder *h, bool audit, uint8_t sealed,
                        struct hf_standing *ret)
{
    hf_assert(h->index > 0 && (!audit || h->audit > 0));
    *ret = (struct hf_standing){
        .generation = e->owner->recorded, .index = h->index, .has_challenge = audit};
    hf__fill_header(e, &h->account, &ret->header);
    memcpy(ret->challenge, h->challenge, sizeof ret->challenge);
    bool now = hf__statement_fill(e, sealed, ret);
    hf__evidence_ask(e, h, ret);
    return now;
}

void hf__standing_ask(struct hf_engine *e, struct hf__holder *h)
{
    if (!watching(e) || e->owner->claiming != NULL ||
        hf__calling(e, HF_METHOD_STANDING, &h->account, NULL))
        return;
    hf_assert(e->claimed && h < e->owner->holders + e->owner->holders_count);
    uint8_t audit = hf__audit_challenge(e, h);
    struct hf_standing m;
    struct hf__ask ask = {.task = HF__TASK_STANDING,
                          .audit = audit,
                          .sealed = hf__statement_due(e, h),
                          .method = HF_METHOD_STANDING,
                          .slot = (uint8_t)(h - e->owner->holders),
                          .arg = (uint32_t)e->owner->recorded.number};
    bool now = standing_of(e, h, audit != 0, ask.sealed, &m);
    hf_assert(now);
    int r = hf__owner_send(e, &ask, &h->account, &hf_wire_standing, &m);
    if (r != 0) {
        h->answered = false;
        h->error = (int16_t)r;
        if (h->silent_ms == 0)
            h->silent_ms = e->now_ms;
    }
}

void hf__standing_send(struct hf_engine *e)
{
    if (!watching(e) || e->owner->holders_count == 0)
        return;
    for (size_t i = 0; i < e->owner->holders_count; i++)
        hf__standing_ask(e, &e->owner->holders[i]);
    hf_assert(e->claimed && e->open);
    uint32_t pause = e->state == HF_STATE_READY ? e->timing.watch_ms : e->timing.standing_ms;
    hf__timer_set(e, HF__TIMER_STANDING, pause + hf__random_below(e, pause / 4 + 1));
    hf__holders_judge(e);
}

/* One holder more keeps its share: the last replacement counted it among those to be replaced, and
 * may have found too few others for that alone. */
static void deal_sooner(struct hf_engine *e)
{
    uint64_t soon_ms = e->now_ms + e->timing.watch_ms;
    hf_assert(soon_ms > e->now_ms);
    if (e->owner->deal_after_ms != HF__NEVER && e->owner->deal_after_ms > soon_ms)
        e->owner->deal_after_ms = soon_ms;
}

/* What a holder has answered, or has not, counts from now on. */
static void weigh(struct hf_engine *e, struct hf__holder *h)
{
    hf_assert(h->index > 0 && h->silent_ms <= e->now_ms);
    bool kept = h->keeps;
    h->keeps = h->answered && h->holds && h->placed;
    /* Who has failed to acknowledge the record does not make up for that by other answers. */
    if (h->keeps && h->confirmed)
        h->silent_ms = 0;
    else if (!h->keeps && h->silent_ms == 0)
        h->silent_ms = e->now_ms;
    bool news = h->keeps && !kept;
    hf__holders_judge(e);
    if (!news)
        return;
    hf__timer_set(e, HF__TIMER_RETIRE, 0); /* what was before may go */
    deal_sooner(e);
}

int hf__standing_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                          struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_STANDING && call->method == HF_METHOD_STANDING);
    struct hf_ack_statement s = {0};
    struct hf_ack_response response;
    struct hf_hash hash;
    if (!watching(e) || call->arg != e->owner->recorded.number ||
        call->slot >= e->owner->holders_count)
        return 0;
    struct hf__holder *h = &e->owner->holders[call->slot];
    struct hf_standing m;
    if (call->claim != e->claim || !hf_account_equal(&h->account, &call->account)) {
        /* What is asked now is another question, or another's: nothing is said about it. */
        hf__timer_set(e, HF__TIMER_STANDING, 0);
        return 0;
    }
    /* Or it answers a challenge, or keeps a statement, that was replaced meanwhile. */
    if ((call->audit != 0 && call->audit != h->audit) ||
        !standing_of(e, h, call->audit != 0, call->sealed, &m))
        return 0;
    int r = error;
    if (r == 0) {
        e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_standing, &m), &hash);
        r = hf__ack_check(e, call, &hash, body, &s, &response);
    }
    if (r == HF__PARK || (r == HF_EIDENTITY && error == 0))
        return r;
    bool answered = r == 0;
    if (answered && call->audit != 0)
        hf__audit_judge(e, h, &s);
    if (answered || (error == 0 && r == HF_ENOSHARE))
        hf__evidence_hear(e, h, &m, &s, &response);
    if (error == 0 && r == HF_ENOSHARE) /* a refusal that is signed */
        hf__trace(e, HF_TRACE_CALL_FAILED, error = r, &h->account, call->method, 0);
    /* A document that rolls out, a new epoch, a restart: what may pass by itself is asked again at
     * once, a few times, before a node that is ready says that it is not. */
    if (!answered && h->answered && e->state == HF_STATE_READY && h->again < AGAIN_MAX &&
        hf_error_transient(r)) {
        h->again++;
        hf__timer_set(e, HF__TIMER_STANDING, e->timing.standing_ms);
        return error == 0 ? r : 0;
    }
    h->again = 0;
    if (h->answered != answered || h->since_ms == 0)
        h->since_ms = e->now_ms;
    h->answered = answered;
    h->error = (int16_t)(answered && !s.holds ? HF_ENOSHARE : r);
    if (answered && h->audits_failed > 0 && h->error == 0)
        h->error = HF_EPROOF;
    h->holds = answered && s.holds;
    if (answered) {
        hf__statement_heard(h, call->sealed, s.sealed);
        h->placed = s.placed;
        h->voteless = !s.votes;
    }
    weigh(e, h);
    return error == 0 ? r : 0;
}

/*
 * Whether enough holders still work under this instance's claim. Of n, n - k + 1 may be gone for
 * good while the owner lives; one that hears fewer than the other k - 1 may itself be the one that
 * is cut off and superseded.
 */
static bool in_touch(struct hf_engine *e, size_t answered)
{
    hf_assert(answered <= e->owner->holders_count);
    struct hf_placement_record record;
    return hf__own_record(e, &record, NULL, NULL) && answered + 1 >= record.threshold;
}

/* Whether a holder has answered about the newest record, while nothing else is asked: it keeps it,
 * or says that its share is not there. */
static bool told(const struct hf__holder *h)
{
    hf_assert(h->index > 0);
    return h->confirmed || hf__holder_lacks(h);
}

/* What the view says of a holder; looked for when it may have changed, as every answer asks for
 * all. */
static void look(const struct hf_engine *e, struct hf__holder *h)
{
    uint32_t seen = e->members->changed + 1;
    if (h->viewed == seen)
        return;
    h->viewed = seen;
    h->member = hf__is_member(e, &h->account);
    h->departs = hf__view_departs(e, &h->account);
}

bool hf__holders_changed(struct hf_engine *e)
{
    bool changed = false;
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        struct hf__holder *h = &e->owner->holders[i];
        struct hf__view view = hf__view(e, &h->account);
        uint32_t mark = (uint32_t)view.place << 4 | (uint32_t)view.state << 1 | view.draining;
        hf_assert(view.state < 8);
        changed = changed || h->seen != mark;
        h->seen = mark;
    }
    return changed;
}

/*
 * How long a holder may be silent, unplaced or without its share before it is replaced. An owner
 * that has released no key yet loses nothing by dealing anew, and waits less for one that answers
 * and is not placed: it would only delay the first release.
 */
static uint64_t grace_of(const struct hf_engine *e, const struct hf__holder *h)
{
    uint64_t grace_ms = hf__policy(e)->holder_grace_s * 1000;
    bool first = h->answered && hf__rows_count(&e->rows, HF_ROW_BINDING) == 0;
    return first && grace_ms > FIRST_GRACE_MS ? FIRST_GRACE_MS : grace_ms;
}

/*
 * Who has announced a restart is waited for until then, but no longer than a restart may take: it
 * may announce another at any time. While so many look unreachable that it is
 * this node which is cut off, nothing is dealt anew for silence; and owners of one lost holder come
 * one after the other, those nearest to loss first: spare is how many more holders may go.
 */
static bool silent_too_long(const struct hf_engine *e, const struct hf__holder *h, size_t spare)
{
    uint64_t grace_ms = grace_of(e, h), silent_for_ms = e->now_ms - h->silent_ms;
    hf_assert(h->silent_ms <= e->now_ms);
    if (h->silent_ms == 0 || silent_for_ms < grace_ms ||
        (silent_for_ms < HF_DRAIN_S_MAX * UINT64_C(1000) && hf__view(e, &h->account).draining))
        return false;
    uint64_t spread_ms = grace_ms / 4 < SPREAD_MS ? grace_ms / 4 : SPREAD_MS;
    uint64_t later_ms = spare == 0 ? 0 : spread_ms * h->patience / UINT16_MAX;
    return silent_for_ms >= grace_ms + later_ms && (h->answered || !hf__cut_off(e));
}

/* How many holders could help in a restart now, and how many it takes. */
static size_t live_of(const struct hf_engine *e, size_t *ret_needed)
{
    const struct hf_policy *p = hf__policy(e);
    size_t live = 0;
    *ret_needed = p->claim_quorum > p->threshold ? p->claim_quorum : p->threshold;
    for (size_t i = 0; i < e->owner->holders_count; i++)
        live += e->owner->holders[i].keeps;
    hf_assert(live <= e->owner->holders_count && *ret_needed > 0);
    return live;
}

/* How many more may go before the others are too few to come back from. */
static size_t spare_of(const struct hf_engine *e)
{
    size_t needed, live = live_of(e, &needed);
    hf_assert(needed <= HF_SHARES_MAX);
    return live > needed ? live - needed : 0;
}

/*
 * A node that is ready stays so while a holder is away that has said so: it comes back, and the
 * others are enough without it. Until it answers, and for no longer than the grace after which
 * another would take its place.
 */
static bool is_excused(const struct hf_engine *e, struct hf__holder *h)
{
    size_t needed;
    hf_assert(h->index > 0);
    h->away = !h->answered && (h->away || hf__view(e, &h->account).draining);
    return h->away && e->state == HF_STATE_READY && hf_error_transient(h->error) &&
           h->silent_ms != 0 && e->now_ms - h->silent_ms < grace_of(e, h) && !h->voteless &&
           live_of(e, &needed) >= needed;
}

void hf__holders_slept(struct hf_engine *e)
{
    hf_assert(e->late_ms > 0 && e->late_ms <= e->now_ms);
    hf_assert(e->owner->holders_count <= HF_SHARES_MAX);
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        struct hf__holder *h = &e->owner->holders[i];
        if (h->silent_ms != 0)
            h->silent_ms =
                e->now_ms - h->silent_ms < e->late_ms ? e->now_ms : h->silent_ms + e->late_ms;
    }
}

/* Whether a new dealing may find what the last one did not: time has passed, a document came, or
 * something was told by which others can be asked. Most events change nothing in that; and who
 * says the one and the other by turns has a try made in a round of the watch, no more. */
static bool may_deal(struct hf_engine *e)
{
    struct hf__owner *o = e->owner;
    hf_assert(o->deal_after_adopted <= e->trust->adopted);
    if (e->now_ms >= o->deal_after_ms || e->trust->adopted != o->deal_after_adopted)
        return true;
    if (e->members->changed == o->deal_after_changed || e->now_ms < o->deal_news_ms)
        return false;
    uint64_t outlook = hf__deal_outlook(e);
    if (outlook != o->deal_after_outlook)
        o->deal_after_ms = e->now_ms;
    o->deal_after_changed = e->members->changed;
    o->deal_after_outlook = outlook;
    hf_assert(o->dealing == NULL);
    return e->now_ms >= o->deal_after_ms;
}

/* Whether the newest generation is as the policy asks: n, k, q, p, and the domain rule. */
static bool as_asked(struct hf_engine *e, const struct hf_placement_record *record)
{
    hf_assert(record->holders_count == e->owner->holders_count);
    const struct hf_policy *p = hf__policy(e);
    if (record->threshold != p->threshold || record->holders_count != p->shares ||
        record->quorum != p->claim_quorum ||
        record->provisional != hf_provisional_quorum(p, p->shares, p->claim_quorum))
        return false;
    for (size_t i = 0; i < record->holders_count; i++)
        for (size_t j = 0; j < i; j++)
            if (hf__domain_parts(e, &record->holders[i].account, &record->holders[j].account))
                return false;
    return true;
}

/*
 * A policy that asks for another backup reaches the one that is there: it is dealt anew after a
 * grace of holders, in which a policy that was a mistake can be replaced, and before another one is
 * over, at a random time, so that not all owners come at once. Whether that time has come.
 */
static bool renews(struct hf_engine *e)
{
    struct hf__owner *o = e->owner;
    struct hf_placement_record record;
    if (o->renew_adopted != e->trust->adopted && hf__documents_ready(e) == 0 &&
        hf__own_record(e, &record, NULL, NULL)) {
        uint64_t grace_ms = hf__policy(e)->holder_grace_s * 1000;
        o->renew_adopted = e->trust->adopted;
        if (as_asked(e, &record))
            o->renew_ms = 0;
        else if (o->renew_ms == 0)
            o->renew_ms =
                e->now_ms + grace_ms +
                hf__random_below(e, grace_ms < UINT32_MAX ? (uint32_t)grace_ms : UINT32_MAX);
    }
    hf_assert(o->renew_adopted <= e->trust->adopted);
    return o->renew_ms != 0 && e->now_ms >= o->renew_ms;
}

/*
 * Whether the newest record is on its way to a holder that may stay: a new dealing could cost it
 * the old. Who has not answered is not waited for, nor are holders of older generations, which are
 * asked for as long as it takes.
 */
static bool recording(struct hf_engine *e)
{
    hf_assert(e->owner->holders_count > 0);
    uint32_t arg = (uint32_t)e->owner->recorded.number;
    bool any = false;
    for (size_t i = 0; i < e->owner->holders_count && !any; i++) {
        const struct hf__holder *h = &e->owner->holders[i];
        any = !h->confirmed && h->silent_ms == 0 &&
              hf__calling(e, HF_METHOD_RECORD, &h->account, &arg);
    }
    return any;
}

/* Whether what the newest generation has lost comes again rather than a new dealing: the chain is
 * full; or candidates are, and keep what they have until something is sealed. */
static bool must_mend(const struct hf_engine *e)
{
    hf_assert(e->owner->unsealed <= HF_CHAIN_MAX);
    return e->owner->unsealed == HF_CHAIN_MAX || (e->owner->unsealed > 0 && e->owner->full);
}

void hf__holders_judge(struct hf_engine *e)
{
    hf_assert(e->open && e->owner->unsealed <= HF_CHAIN_MAX);
    bool all = true, overdue = watching(e) && (renews(e) || e->owner->other_roots);
    size_t answered = 0;
    int reason = 0;
    size_t spare = spare_of(e);
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        struct hf__holder *h = &e->owner->holders[i];
        bool fit = h->answered && h->holds && !h->voteless && h->placed;
        bool excused = is_excused(e, h);
        all = all && (fit || excused) && h->confirmed;
        if (!fit && reason == 0)
            reason = h->error != 0 ? h->error : HF_EUNPLACED;
        /* Silence may pass; who leaves or is no member any more does not come back. */
        look(e, h);
        answered += !h->member || h->answered || (e->state == HF_STATE_PLACING && told(h));
        overdue = overdue || h->departs || hf__holder_is_bare(h) ||
                  h->audits_failed >= HF_AUDITS_FAILED_MAX || silent_too_long(e, h, spare);
    }
    if (watching(e) && e->state != HF_STATE_LEAVING) {
        /* Until every older generation is sealed, an instance that was cut off and dealt anew among
         * others must not believe itself ready. */
        if (all && e->owner->unsealed > 0) {
            all = false;
            reason = HF_EPREDECESSOR;
        }
        if (all && e->unsealed) {
            all = false;
            reason = HF_EUNSEALED;
        }
        if (all && e->state != HF_STATE_READY)
            hf__state_set(e, HF_STATE_READY, 0);
        else if (!all && e->state == HF_STATE_READY)
            hf__state_set(e, HF_STATE_DEGRADED, reason);
        else if (!all)
            hf__state_set(e, (enum hf_state)e->state, reason);
    }
    if (e->owner->dealing != NULL || !e->claimed || e->owner->claiming != NULL ||
        e->store_error != 0 || !may_deal(e))
        return;
    if (must_mend(e) && hf__mend_begin(e))
        hf__deal_advance(e);
    else if (overdue && e->owner->unsealed < HF_CHAIN_MAX && !recording(e) && in_touch(e, answered))
        hf__deal_begin(e);
}
