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
    if (!watching(e) || hf__calling(e, HF_METHOD_STANDING, w->account, NULL))
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
    if (!watching(e) || call->arg != e->recorded.number || call->slot >= e->watch_count)
        return 0;
    struct hf__watch *w = &e->watch[call->slot];
    int r = error;
    if (r == 0) {
        struct hf_standing m = standing_of(e, w, &e->recorded);
        e->suite->hash("holdfast/v1/request", hf__encode(e, &hf_wire_standing, &m), hash);
        r = hf__ack_check(e, call, hash, body, &s);
    }
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

static bool in_watch(const struct hf_engine *e, const uint8_t account[static 32])
{
    for (size_t i = 0; i < e->watch_count; i++)
        if (memcmp(e->watch[i].account, account, 32) == 0)
            return true;
    return false;
}

/*
 * Whether n - k + 1 holders of every older generation have confirmed, under this claim, the newest
 * record or the deletion of theirs; who is no member any more is gone. Then any k of them contain
 * one who tells a copy of this node of the newer generation, or refuses this node if the copy has
 * superseded it. Until then nothing is released for the first time: an instance that was cut off
 * from its holders and dealt anew among others must not believe itself ready.
 */
static bool heard_before(struct hf_engine *e)
{
    struct hf_bytes all = {0};
    const struct hf__row *at;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_RETIRING, all);
         (at = hf__rows_at(&e->rows, i, HF_ROW_RETIRING, all)) != NULL; i++) {
        struct hf_retiring_row row;
        size_t silent = 0;
        int r = hf__decode(e, &hf_wire_retiring_row, hf_blob_bytes(at->value), &row);
        hf_assert(r == 0);
        for (size_t j = 0; j < row.holders_count; j++)
            silent += !in_watch(e, row.holders[j].account) &&
                      hf_set_find(e->set, row.holders[j].account) >= 0;
        if (silent >= row.threshold)
            return false;
    }
    return true;
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
        if (all && !heard_before(e)) {
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
    if (overdue && e->dealing == NULL && e->claimed && e->store_error == 0 &&
        e->now_ms >= e->deal_after_ms && !hf__calling(e, HF_METHOD_RECORD, NULL, NULL) &&
        in_touch(e, answered))
        hf__deal_begin(e);
}
