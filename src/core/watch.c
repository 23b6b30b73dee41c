/*
 * Watching the holders: an owner is ready when all of them say that they are placed themselves and
 * hold its share. One that is silent, unplaced or without the share for longer than the policy's
 * grace is replaced.
 */
#include "base/error.h"
#include "fault.h"
#include "node.h"

static bool watching(const struct hf_engine *e)
{
    return e->state == HF_STATE_PLACED || e->state == HF_STATE_READY ||
           e->state == HF_STATE_DEGRADED;
}

static struct hf_standing standing_of(struct hf_engine *e, const struct hf__watch *w,
                                      const struct hf_generation_id *generation)
{
    struct hf_standing m = {.generation = *generation, .index = w->index};
    hf__fill_header(e, w->account, &m.header);
    return m;
}

void hf__standing_ask(struct hf_engine *e, struct hf__watch *w)
{
    if (!watching(e) || e->claiming != NULL || hf__calling(e, HF_METHOD_STANDING, w->account, NULL))
        return;
    struct hf_standing m = standing_of(e, w, &e->recorded);
    int r = hf__owner_send(e, HF_METHOD_STANDING, w->account, (uint8_t)(w - e->watch),
                           (uint32_t)e->recorded.number, &hf_wire_standing, &m);
    if (r != 0) {
        w->answered = false;
        w->error = (int16_t)r;
        if (w->silent_ms == 0)
            w->silent_ms = e->now_ms;
    }
}

void hf__standing_send(struct hf_engine *e)
{
    if (!watching(e) || e->watch_count == 0)
        return;
    for (size_t i = 0; i < e->watch_count; i++)
        hf__standing_ask(e, &e->watch[i]);
    uint32_t pause = e->state == HF_STATE_READY ? e->timing.watch_ms : e->timing.standing_ms;
    hf__timer_set(e, HF__TIMER_STANDING, pause + hf__random_below(e, pause / 4 + 1));
    hf__watch_judge(e);
}

int hf__standing_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                          struct hf_bytes body)
{
    struct hf_ack_statement s = {0};
    uint8_t hash[32];
    if (call->slot == UINT8_MAX)
        return hf__release_answered(e, call, error, body);
    if (!watching(e) || call->arg != e->recorded.number || call->slot >= e->watch_count)
        return 0;
    struct hf__watch *w = &e->watch[call->slot];
    int r = error;
    if (r == 0) {
        struct hf_standing m = standing_of(e, w, &e->recorded);
        e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_standing, &m), hash);
        r = hf__ack_check(e, call, hash, body, &s, NULL);
    }
    if (r == HF__PARK || (r == HF_EIDENTITY && error == 0))
        return r;
    bool answered = r == 0;
    if (w->answered != answered || w->since_ms == 0)
        w->since_ms = e->now_ms;
    w->answered = answered;
    w->error = (int16_t)(answered && !s.holds ? HF_ENOSHARE : r);
    w->holds = answered && s.holds;
    if (answered)
        w->placed = s.placed;
    if (w->answered && w->holds && w->placed)
        w->silent_ms = 0;
    else if (w->silent_ms == 0)
        w->silent_ms = e->now_ms;
    hf__watch_judge(e);
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

/* Whether a holder is in the newest set; looked for once an epoch, as every answer asks for all. */
static bool is_member(const struct hf_engine *e, struct hf__watch *w)
{
    uint32_t epoch = hf_document_version(e->set);
    if (w->member_epoch != epoch) {
        w->member_epoch = epoch;
        w->member = hf_set_find(e->set, w->account) >= 0;
    }
    return w->member;
}

void hf__watch_judge(struct hf_engine *e)
{
    bool all = true, overdue = false;
    size_t answered = 0;
    int reason = 0;
    uint64_t grace_ms = e->policy->u.policy.holder_grace_s * 1000;
    for (size_t i = 0; i < e->watch_count; i++) {
        struct hf__watch *w = &e->watch[i];
        bool fit = (w->answered && w->holds && (w->placed || HF_FAULT(READY))) || HF_FAULT(HELD);
        all = all && fit && w->confirmed;
        if (!fit && reason == 0)
            reason = w->error != 0 ? w->error : HF_ENOTREADY;
        /* Silence may pass; who is no member any more does not come back. */
        bool member = is_member(e, w);
        answered += !member || w->answered || (e->state == HF_STATE_PLACING && w->confirmed);
        overdue = overdue || !member || (w->silent_ms != 0 && e->now_ms - w->silent_ms >= grace_ms);
    }
    if (watching(e)) {
        /* Until every older generation is sealed, an instance that was cut off and dealt anew among
         * others must not believe itself ready. */
        if (all && e->unsealed > 0 && !HF_FAULT(UNSEALED)) {
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
    if (overdue && e->dealing == NULL && e->claimed && e->claiming == NULL && e->store_error == 0 &&
        e->unsealed < HF_CHAIN_MAX && e->now_ms >= e->deal_after_ms &&
        !hf__calling(e, HF_METHOD_RECORD, NULL, NULL) && in_touch(e, answered))
        hf__deal_begin(e);
}
