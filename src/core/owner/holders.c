/*
 * Watching the holders: an owner is ready when all of them say that they are placed themselves and
 * hold its share. One that is silent, unplaced or without the share for longer than the policy's
 * grace is replaced.
 */
#include <stdlib.h>

#include "base/error.h"
#include "owner/owner.h"

void hf__holders_rebuild(struct hf_engine *e)
{
    struct hf__owner *o = e->owner;
    struct hf_placement_record record;
    bool confirmed = false;
    struct hf__holder *old = o->holders;
    size_t old_count = o->holders_count;
    o->holders = NULL;
    o->holders_count = 0;
    if (hf__own_record(e, &record, NULL, &confirmed)) {
        o->holders = calloc(record.holders_count, sizeof *o->holders);
        hf_assert(o->holders != NULL);
        o->holders_count = (uint8_t)record.holders_count;
        o->recorded = record.generation;
    }
    for (size_t i = 0; i < o->holders_count; i++) {
        struct hf__holder *h = &o->holders[i];
        for (size_t j = 0; j < old_count; j++)
            if (memcmp(old[j].account, record.holders[i].account, 32) == 0)
                *h = old[j];
        memcpy(h->account, record.holders[i].account, 32);
        h->index = (uint8_t)record.holders[i].index;
        h->confirmed = confirmed;
        h->certificates = 0;
        h->silent_ms = 0;
        h->audits_failed = 0;
        h->audit_ms = e->now_ms;
    }
    free(old);
}

static bool watching(const struct hf_engine *e)
{
    return e->state == HF_STATE_PLACED || e->state == HF_STATE_READY ||
           e->state == HF_STATE_DEGRADED || e->state == HF_STATE_LEAVING;
}

static struct hf_standing standing_of(struct hf_engine *e, const struct hf__holder *h,
                                      const struct hf_generation_id *generation, bool audit)
{
    struct hf_standing m = {.generation = *generation, .index = h->index};
    hf__fill_header(e, h->account, &m.header);
    m.has_challenge = audit;
    memcpy(m.challenge, h->challenge, sizeof m.challenge);
    return m;
}

/* Now and then a holder must prove that it knows its share, over a challenge that is used once.
 * Returns the number of the challenge; 0: it is not due. */
static uint8_t challenge(struct hf_engine *e, struct hf__holder *h)
{
    if (!h->confirmed || e->now_ms < h->audit_ms)
        return 0;
    h->audit = (uint8_t)(h->audit % UINT8_MAX + 1);
    e->suite->random(&e->secrets->rng, h->challenge, sizeof h->challenge);
    /* One that failed is asked again soon: several failures tell, not the time between them. */
    uint32_t pause = h->audits_failed > 0 ? e->timing.standing_ms : e->timing.audit_ms;
    h->audit_ms = e->now_ms + pause * UINT64_C(3) / 4 + hf__random_below(e, pause / 2 + 1);
    return h->audit;
}

/* What the proof says of the share; no share moves. */
static void judge_audit(struct hf_engine *e, struct hf__holder *h,
                        const struct hf_ack_response *response)
{
    struct hf_placement_record record;
    struct hf_audit_context c = {.generation = e->owner->recorded, .index = h->index};
    bool found = hf__own_record(e, &record, NULL, NULL);
    hf_assert(found && h->audit != 0);
    memcpy(c.network, e->network, 32);
    memcpy(c.challenge, h->challenge, 32);
    memcpy(c.provider, h->account, 32);
    memcpy(c.owner, e->account, 32);
    int r = HF_EPROOF;
    if (response->has_proof)
        r = e->suite->proof_check(response->proof, h->index, (uint8_t)record.threshold,
                                  record.commitments.data,
                                  hf__encode(e, &hf_wire_audit_context, &c));
    if (r == 0) {
        h->audits_failed = 0;
        h->audited_ms = e->now_ms;
        hf__trace(e, HF_TRACE_AUDITED, 0, h->account, record.generation.number, h->index);
        return;
    }
    if (h->audits_failed < UINT8_MAX)
        h->audits_failed++;
    h->audit_ms = e->now_ms;
    hf__trace(e, HF_TRACE_AUDIT_FAILED, r, h->account, h->audits_failed, 0);
}

void hf__standing_ask(struct hf_engine *e, struct hf__holder *h)
{
    if (!watching(e) || e->owner->claiming != NULL ||
        hf__calling(e, HF_METHOD_STANDING, h->account, NULL))
        return;
    uint8_t audit = challenge(e, h);
    struct hf_standing m = standing_of(e, h, &e->owner->recorded, audit != 0);
    struct hf__ask ask = {.task = HF__TASK_STANDING,
                          .audit = audit,
                          .method = HF_METHOD_STANDING,
                          .slot = (uint8_t)(h - e->owner->holders),
                          .arg = (uint32_t)e->owner->recorded.number};
    int r = hf__owner_send(e, &ask, h->account, &hf_wire_standing, &m);
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
    uint32_t pause = e->state == HF_STATE_READY ? e->timing.watch_ms : e->timing.standing_ms;
    hf__timer_set(e, HF__TIMER_STANDING, pause + hf__random_below(e, pause / 4 + 1));
    hf__holders_judge(e);
}

int hf__standing_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                          struct hf_bytes body)
{
    struct hf_ack_statement s = {0};
    struct hf_ack_response response;
    uint8_t hash[32];
    if (!watching(e) || call->arg != e->owner->recorded.number ||
        call->slot >= e->owner->holders_count)
        return 0;
    struct hf__holder *h = &e->owner->holders[call->slot];
    if (call->audit != 0 && call->audit != h->audit)
        return 0; /* it answers a challenge that was replaced meanwhile */
    int r = error;
    if (r == 0) {
        struct hf_standing m = standing_of(e, h, &e->owner->recorded, call->audit != 0);
        e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_standing, &m), hash);
        r = hf__ack_check(e, call, hash, body, &s, &response);
    }
    if (r == HF__PARK || (r == HF_EIDENTITY && error == 0))
        return r;
    bool answered = r == 0;
    if (answered && s.holds && call->audit != 0)
        judge_audit(e, h, &response);
    if (h->answered != answered || h->since_ms == 0)
        h->since_ms = e->now_ms;
    h->answered = answered;
    h->error = (int16_t)(answered && !s.holds ? HF_ENOSHARE : r);
    if (answered && h->audits_failed > 0 && h->error == 0)
        h->error = HF_EPROOF;
    h->holds = answered && s.holds;
    if (answered)
        h->placed = s.placed;
    if (h->answered && h->holds && h->placed)
        h->silent_ms = 0;
    else if (h->silent_ms == 0)
        h->silent_ms = e->now_ms;
    hf__holders_judge(e);
    return error == 0 ? r : 0;
}

/*
 * Whether enough holders still work under this instance's claim. Of n, n - k + 1 may be gone for
 * good while the owner lives; one that hears fewer than the other k - 1 may itself be the one that
 * is cut off and superseded.
 */
static bool in_touch(struct hf_engine *e, size_t answered)
{
    struct hf_placement_record record;
    return hf__own_record(e, &record, NULL, NULL) && answered + 1 >= record.threshold;
}

/* What the view says of a holder; looked for when it may have changed, as every answer asks for
 * all. */
static void look(const struct hf_engine *e, struct hf__holder *h)
{
    uint32_t seen = e->members->changed + 1;
    if (h->viewed == seen)
        return;
    h->viewed = seen;
    h->member = hf__is_member(e, h->account);
    h->departs = hf__view_departs(e, h->account);
}

/* Who has announced a restart is waited for until then. */
static bool silent_too_long(const struct hf_engine *e, const struct hf__holder *h,
                            uint64_t grace_ms)
{
    return h->silent_ms != 0 && e->now_ms - h->silent_ms >= grace_ms &&
           !hf__view(e, h->account).draining;
}

/* Whether a new dealing may find what the last one did not: time has passed, or a document came. */
static bool may_deal(const struct hf_engine *e)
{
    return e->now_ms >= e->owner->deal_after_ms ||
           e->trust->adopted != e->owner->deal_after_adopted;
}

void hf__holders_judge(struct hf_engine *e)
{
    bool all = true, overdue = false;
    size_t answered = 0;
    int reason = 0;
    uint64_t grace_ms = hf__policy(e)->holder_grace_s * 1000;
    for (size_t i = 0; i < e->owner->holders_count; i++) {
        struct hf__holder *h = &e->owner->holders[i];
        bool fit = (h->answered && h->holds && (h->placed || HF_FAULT(READY))) || HF_FAULT(HELD);
        all = all && fit && h->confirmed;
        if (!fit && reason == 0)
            reason = h->error != 0 ? h->error : HF_ENOTREADY;
        /* Silence may pass; who leaves or is no member any more does not come back. */
        look(e, h);
        answered += !h->member || h->answered || (e->state == HF_STATE_PLACING && h->confirmed);
        overdue = overdue || h->departs || h->audits_failed >= HF_AUDITS_FAILED_MAX ||
                  silent_too_long(e, h, grace_ms);
    }
    if (watching(e) && e->state != HF_STATE_LEAVING) {
        /* Until every older generation is sealed, an instance that was cut off and dealt anew among
         * others must not believe itself ready. */
        if (all && e->owner->unsealed > 0 && !HF_FAULT(UNSEALED)) {
            all = false;
            reason = HF_EPREDECESSOR;
        }
        if (all && e->state != HF_STATE_READY)
            hf__state_set(e, HF_STATE_READY, 0);
        else if (!all && e->state == HF_STATE_READY)
            hf__state_set(e, HF_STATE_DEGRADED, reason);
        else if (!all)
            hf__state_set(e, (enum hf_state)e->state, reason);
    }
    /* While the newest record is not yet with every holder that stays, a new dealing could cost
     * them the old. */
    if (overdue && e->owner->dealing == NULL && e->claimed && e->owner->claiming == NULL &&
        e->store_error == 0 && e->owner->unsealed < HF_CHAIN_MAX && may_deal(e) &&
        !hf__calling(e, HF_METHOD_RECORD, NULL, NULL) && in_touch(e, answered))
        hf__deal_begin(e);
}
