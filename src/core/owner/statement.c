/*
 * What share holders open of this node lies with its holders too (proto/QUORUM.md, 4): an operator
 * who has lost the folder gets it back from one of them, where they are too few to give the key
 * itself.
 */
#include "base/error.h"
#include "owner/recover.h"

/* Notices that there is another one: no holder keeps that yet. */
static void follow(struct hf_engine *e)
{
    struct hf__owner *o = e->owner;
    struct hf_blob *now = hf__rows_get(&e->rows, HF_ROW_SEALED, (struct hf_bytes){0});
    hf_assert(e->open);
    if (now == o->sealed)
        return;
    hf_blob_unref(o->sealed);
    o->sealed = hf_blob_ref(now);
    o->sealed_number = (uint8_t)(o->sealed_number % UINT8_MAX + 1);
    hf_assert(o->sealed_number > 0); /* 0 says that a standing has none */
    for (size_t i = 0; i < o->holders_count; i++)
        o->holders[i].sealed = false;
}

uint8_t hf__statement_due(struct hf_engine *e, const struct hf__holder *h)
{
    follow(e);
    hf_assert(h->index > 0);
    return e->owner->sealed != NULL && !h->sealed ? e->owner->sealed_number : 0;
}

bool hf__statement_fill(struct hf_engine *e, uint8_t number, struct hf_standing *ret)
{
    struct hf_sealed_row row;
    if (number == 0)
        return true;
    follow(e);
    if (number != e->owner->sealed_number || e->owner->sealed == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_sealed_row, hf_blob_bytes(e->owner->sealed), &row);
    hf_assert(r == 0); /* out of the own vault */
    ret->has_sealed = true;
    ret->sealed = row.sealed;
    return true;
}

void hf__statement_heard(struct hf__holder *h, uint8_t number, bool keeps)
{
    hf_assert(h->index > 0);
    /* What it keeps is of an earlier time where it was not sent the newest. */
    h->sealed = keeps && (number != 0 || h->sealed);
}

uint8_t hf__statement_holders(struct hf_engine *e)
{
    uint8_t count = 0;
    if (!e->open)
        return 0;
    follow(e);
    for (size_t i = 0; i < e->owner->holders_count; i++)
        count += e->owner->holders[i].sealed;
    hf_assert(count <= HF_SHARES_MAX);
    return count;
}

void hf__statement_free(struct hf_engine *e)
{
    hf_blob_unref(e->owner->sealed);
    e->owner->sealed = NULL;
}

/* ---- the way back */

void hf__statement_learn(struct hf_engine *e, const struct hf_signed_sealed *s)
{
    struct hf__recovery *rc = e->owner->recovery;
    struct hf_signed_sealed known;
    struct hf_sealed_context c, before;
    hf_assert(rc != NULL && !e->open);
    if (rc->sealed != NULL) {
        int r = hf__decode(e, &hf_wire_signed_sealed, hf_blob_bytes(rc->sealed), &known);
        hf_assert(r == 0);
        if (hf_bytes_equal(known.statement, s->statement))
            return;
    }
    /* The owner's own signature says that it is one; a holder may have an older one. */
    if (hf__sealed_read(e, s, &e->account, &c) != 0)
        return;
    if (rc->sealed != NULL) {
        int r = hf__sealed_read(e, &known, &e->account, &before);
        hf_assert(r == 0);
        if (!hf__sealed_newer(&c, &before))
            return;
    }
    hf_blob_unref(rc->sealed);
    rc->sealed = hf_blob_new(hf__encode(e, &hf_wire_signed_sealed, s));
    hf_assert(rc->sealed != NULL);
}

struct hf_bytes hf__statement_learned(const struct hf_engine *e)
{
    const struct hf__recovery *rc = e->owner->recovery;
    hf_assert(!e->open);
    return rc != NULL && rc->sealed != NULL ? hf_blob_bytes(rc->sealed) : (struct hf_bytes){0};
}
