/*
 * Leave to stop for a while: refused while it would leave any owner with fewer live providers than
 * min(k + 1, n - 1). Whether another holder is live it says itself: it gives a nonce for the
 * owner's account only while its vault is open and keeps a share for it.
 */
#include <stdlib.h>

#include "base/error.h"
#include "node.h"

enum { DRAIN_BIT = 1 << 29, OWNERS_MAX = DRAIN_BIT - 1 };

/* An owner whose newest recorded share is kept here. */
struct watched {
    uint8_t owner[32];
    size_t row; /* of its newest recorded share */
    uint32_t generation;
    uint8_t needed;
    uint8_t live;
};

struct hf__drain {
    uint64_t request;
    size_t waiting;
    size_t count;
    struct watched owners[];
};

void hf__drain_free(struct hf_engine *e, int error)
{
    if (e->drain != NULL)
        hf__local_reply(e, e->drain->request, error);
    free(e->drain);
    e->drain = NULL;
}

size_t hf__drain_memory(const struct hf_engine *e)
{
    return e->drain == NULL ? 0 : sizeof *e->drain + e->drain->count * sizeof *e->drain->owners;
}

static void finish(struct hf_engine *e)
{
    int r = 0;
    for (size_t i = 0; i < e->drain->count; i++)
        if (e->drain->owners[i].live < e->drain->owners[i].needed)
            r = HF_EDRAIN;
    if (r == 0)
        e->draining = true;
    hf__local_reply(e, e->drain->request, r);
    free(e->drain);
    e->drain = NULL;
}

/* The record beside the share in a row; false: not recorded yet. */
static bool record_of(struct hf_engine *e, const struct hf__row *row,
                      struct hf_msg_placement_record *ret)
{
    struct hf_msg_held_row held;
    int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), &held);
    hf_assert(r == 0);
    return held.has_record &&
           hf__decode(e, &hf_wire_placement_record, held.record.record, ret) == 0;
}

/* The newest record of each owner: rows stand by owner, so an owner's
 * generations are neighbours. */
static void collect(struct hf_engine *e)
{
    struct hf__drain *d = e->drain;
    struct hf_bytes all = {0};
    const struct hf__row *row;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_HELD, all);
         (row = hf__rows_at(&e->rows, i, HF_ROW_HELD, all)) != NULL; i++) {
        struct hf_msg_placement_record record;
        if (!record_of(e, row, &record))
            continue;
        struct watched *w = d->count > 0 ? &d->owners[d->count - 1] : NULL;
        if (w == NULL || memcmp(w->owner, record.owner, 32) != 0)
            w = &d->owners[d->count++];
        else if (record.generation.number < w->generation)
            continue;
        size_t k = record.threshold, n = record.holders_count;
        memcpy(w->owner, record.owner, 32);
        w->row = i;
        w->generation = (uint32_t)record.generation.number;
        w->needed = (uint8_t)(k + 1 < n - 1 ? k + 1 : n - 1);
    }
}

/* Asks the other holders of an owner's record. */
static void ask(struct hf_engine *e, size_t at)
{
    struct hf_bytes all = {0};
    struct hf_msg_nonce_request m = {0};
    struct hf_msg_placement_record record;
    const struct watched *w = &e->drain->owners[at];
    bool found = record_of(e, hf__rows_at(&e->rows, w->row, HF_ROW_HELD, all), &record);
    hf_assert(found);
    hf__versions(e, &m.versions);
    memcpy(m.account, w->owner, 32);
    struct hf_bytes body = hf__encode(e, &hf_wire_nonce_request, &m);
    for (size_t i = 0; i < record.holders_count; i++) {
        const uint8_t *holder = record.holders[i].account;
        if (memcmp(holder, e->account, 32) != 0 &&
            hf__call(e, HF_METHOD_NONCE, holder, 0, DRAIN_BIT | (uint32_t)at, body, true) == 0)
            e->drain->waiting++;
    }
}

void hf__drain_begin(struct hf_engine *e, uint64_t request)
{
    size_t held = hf__rows_count(&e->rows, HF_ROW_HELD);
    hf_assert(e->drain == NULL && held <= OWNERS_MAX);
    e->drain = calloc(1, sizeof *e->drain + held * sizeof(struct watched));
    hf_assert(e->drain != NULL);
    e->drain->request = request;
    if (e->open)
        collect(e);
    for (size_t i = 0; i < e->drain->count; i++)
        ask(e, i);
    if (e->drain->waiting == 0)
        finish(e);
}

bool hf__drain_answered(struct hf_engine *e, uint32_t arg, int error)
{
    if ((arg & DRAIN_BIT) == 0 || (arg & ~(uint32_t)(DRAIN_BIT | (DRAIN_BIT - 1))) != 0)
        return false;
    struct hf__drain *d = e->drain;
    if (d == NULL || (arg & (DRAIN_BIT - 1)) >= d->count)
        return true;
    struct watched *w = &d->owners[arg & (DRAIN_BIT - 1)];
    if (error == 0 && w->live < UINT8_MAX)
        w->live++;
    if (--d->waiting == 0)
        finish(e);
    return true;
}
