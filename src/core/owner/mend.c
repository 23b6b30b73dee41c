/*
 * A share of the newest generation that was lost comes again, at the holder that the record names
 * (proto/CLAIMS.md, 4.6). It is the way on where three older generations are listed: a further
 * dealing may not begin then, and none of the three is sealed while too few hold the newest.
 */
#include <stdlib.h>

#include "base/error.h"
#include "owner/deal.h"

/* A dealing in which all but the lost shares have their receipts. */
static struct hf__dealing *dealing_of(struct hf_engine *e, const struct hf_placement_record *record)
{
    size_t n = record->holders_count;
    hf_assert(n == e->owner->holders_count && n <= HF_SHARES_MAX);
    struct hf__dealing *d = calloc(1, sizeof *d + n * sizeof(struct hf__candidate));
    hf_assert(d != NULL);
    *d = (struct hf__dealing){.generation = record->generation,
                              .epoch = hf_document_version(e->trust->set),
                              .k = (uint8_t)record->threshold,
                              .n = (uint8_t)n,
                              .q = (uint8_t)record->quorum,
                              .replaces = true,
                              .mends = true,
                              .candidates_count = (uint8_t)n};
    hf__roots_recorded(record, &d->dealt);
    d->slots = calloc(n, sizeof *d->slots);
    hf_assert(d->slots != NULL);
    for (size_t i = 0; i < n; i++) {
        bool lost = hf__holder_lacks(&e->owner->holders[i]);
        d->candidates[i] = (struct hf__candidate){
            .state = lost ? HF__CANDIDATE_UNASKED : HF__CANDIDATE_OFFERED, .slot = (int8_t)i};
        d->candidates[i].account = record->holders[i].account;
        d->slots[i].candidate = (int8_t)i;
        d->slots[i].state = lost ? HF__SLOT_EMPTY : HF__SLOT_RECEIPT;
    }
    return d;
}

bool hf__mend_begin(struct hf_engine *e)
{
    hf_assert(e->claimed && e->owner->claiming == NULL);
    struct hf_placement_record record;
    bool any = false;
    for (size_t i = 0; i < e->owner->holders_count; i++)
        any = any || hf__holder_lacks(&e->owner->holders[i]);
    if (!any || hf__documents_ready(e) != 0 || !hf__identity_current(e) ||
        !hf__own_record(e, &record, NULL, NULL) || record.ballot.number != e->claim)
        return false;
    hf_assert(e->owner->dealing == NULL && record.holders_count == e->owner->holders_count);
    struct hf__dealing *d = dealing_of(e, &record);
    e->owner->dealing = d;
    bool dealt = hf__deal_shares(e, d);
    hf_assert(d->shares != NULL && d->mends && d->replaces);
    if (!dealt || !hf_bytes_equal(hf_bytes_of(d->commitments, (size_t)d->k * HF_POINT_LEN),
                                  record.commitments)) {
        /* Another way of dealing made it, or a root secret that this vault has not: it cannot come
         * again. */
        hf__deal_free(e);
        hf__deal_later(e, HF__NEVER, hf__deal_outlook(e));
        return false;
    }
    /* Who lacks the share has acknowledged nothing that counts. */
    for (size_t i = 0; i < e->owner->holders_count; i++)
        if (hf__holder_lacks(&e->owner->holders[i]))
            e->owner->holders[i].confirmed = false;
    hf__trace(e, HF_TRACE_DEALING, 0, NULL, d->generation.number, d->n);
    return true;
}
