/*
 * An instance that starts on a vault which was handed over (proto/HANDOVER.md, 4). What must hold:
 * it claims nothing while what its process before sent may still make another serve; and nothing at
 * all once that other has claimed, for this vault lacks what the other has promised since.
 */
#include "base/error.h"
#include "owner/claim.h"

enum { SINCE_MAX = 16 /* given_row.since */ };

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

/* Notes this instance: to those that start here after it, what it asks for is no word of whom the
 * ballot was given to. */
static void note_self(struct hf_engine *e, struct hf_given_row *row)
{
    struct hf_ballot list[SINCE_MAX];
    size_t skip = row->since_count == SINCE_MAX, count = row->since_count - skip;
    hf_assert(row->since_count <= SINCE_MAX && e->claim_asked < HF_WIRE_CLAIM_MAX);
    if (count > 0)
        memcpy(list, row->since + skip, count * sizeof *list);
    list[count] = (struct hf_ballot){.number = e->claim_asked + 1};
    memcpy(list[count].instance, e->instance, sizeof list[count].instance);
    row->since = list;
    row->since_count = count + 1;
    hf__put(e, HF_ROW_GIVEN, no_key, &hf_wire_given_row, row);
}

/* Whether a ballot is of an instance that has started on this vault since it was given up. */
static bool of_this_vault(const struct hf_given_row *row, const struct hf_ballot *ballot)
{
    hf_assert(row->since_count <= SINCE_MAX);
    for (size_t i = 0; i < row->since_count; i++)
        if (memcmp(row->since[i].instance, ballot->instance, sizeof ballot->instance) == 0)
            return true;
    return false;
}

void hf__given_found(struct hf_engine *e)
{
    struct hf_given_row row;
    hf_assert(!e->claimed);
    if (!given(e, &row))
        return;
    hf_assert(row.claim_asked <= e->claim_asked);
    note_self(e, &row);
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
    hf_assert(ballot->number > 0);
    if (ballot->number > row.claim_asked && !of_this_vault(&row, ballot))
        e->owner->outcome = HF__OUTCOME_HANDED_OVER;
}

void hf__given_drop(struct hf_engine *e)
{
    hf_assert(e->claimed && e->open);
    if (hf__rows_get(&e->rows, HF_ROW_GIVEN, no_key) != NULL)
        hf__del(e, HF_ROW_GIVEN, no_key);
    e->owner->given_until_ms = 0;
}
