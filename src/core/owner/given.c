/*
 * An instance that starts on a vault which was handed over (proto/HANDOVER.md, 4). What must hold:
 * it claims nothing while what its process before sent may still make another serve; and nothing at
 * all once that other has claimed, for this vault lacks what the other has promised since.
 */
#include "base/error.h"
#include "owner/claim.h"

static const struct hf_bytes no_key = {0};

static bool given(struct hf_engine *e, struct hf_given_row *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_GIVEN, no_key);
    hf_assert(e->open);
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_given_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0); /* out of the own vault */
    return true;
}

void hf__given_found(struct hf_engine *e)
{
    struct hf_given_row row;
    hf_assert(!e->claimed);
    if (!given(e, &row))
        return;
    hf_assert(row.claim_asked <= e->claim_asked);
    e->owner->given_asked = e->claim_asked;
    e->owner->given_until_ms = e->now_ms + HF_HANDOVER_S * UINT64_C(1000);
}

bool hf__given_waits(const struct hf_engine *e)
{
    hf_assert(e->open || !e->claimed);
    return !e->claimed && e->now_ms < e->owner->given_until_ms;
}

void hf__given_heard(struct hf_engine *e, const struct hf_ballot *ballot)
{
    struct hf_given_row row;
    if (e->claimed || !given(e, &row))
        return;
    bool same = memcmp(ballot->instance, row.ballot.instance, sizeof ballot->instance) == 0;
    bool own = memcmp(ballot->instance, e->instance, sizeof ballot->instance) == 0;
    hf_assert(!(same && own));
    if (!own && ballot->number > (same ? row.claim_asked : e->owner->given_asked))
        e->owner->outcome = HF__OUTCOME_HANDED_OVER;
}

void hf__given_drop(struct hf_engine *e)
{
    hf_assert(e->claimed && e->open);
    if (hf__rows_get(&e->rows, HF_ROW_GIVEN, no_key) != NULL)
        hf__del(e, HF_ROW_GIVEN, no_key);
    e->owner->given_until_ms = 0;
}
