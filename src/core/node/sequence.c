/*
 * How far the vault has come (proto/CLAIMS.md, 4.9): a point that rises in the transaction of
 * whatever must not be forgotten. Holders are told of it, so that an older vault is known as one.
 * What must hold: no two moments of one vault that differ in what others rely on have one point,
 * and none is told before it is durable.
 */
#include "node/node.h"

static const struct hf_bytes no_key = {0};

static void save(struct hf_engine *e)
{
    struct hf_sequence_row row = {
        .at = e->sequence.at, .versions = e->sequence.versions, .anew = e->sequence.anew};
    row.has_versions = row.versions.root > 0;
    hf__put(e, HF_ROW_SEQUENCE, no_key, &hf_wire_sequence_row, &row);
    hf_assert(e->write_seq > 0);
    e->sequence.written = e->write_seq;
}

void hf__sequence_advance(struct hf_engine *e)
{
    hf_assert(e->open);
    if (hf__writing(e) && e->sequence.written == e->write_seq)
        return;
    hf_assert(e->sequence.at.number < HF_WIRE_CLAIM_MAX);
    e->sequence.at.number++;
    save(e);
    hf_assert(hf__writing(e));
}

void hf__sequence_stands(struct hf_engine *e)
{
    hf_assert(e->open && e->claimed);
    /* A lost folder may have been told a point of a higher claim, by holders that others have
     * meddled with: the own point only rises. */
    if (e->claim > e->sequence.at.claim)
        e->sequence.at.claim = e->claim;
    e->sequence.anew = false;
    e->sequence.at.number++;
    save(e);
}

void hf__sequence_raise(struct hf_engine *e, const struct hf_sequence_point *to, bool anew)
{
    hf_assert(e->active.has_root && !e->claimed);
    hf_assert(hf_sequence_compare(to, &e->sequence.at) >= 0);
    e->sequence.at = *to;
    e->sequence.anew = e->sequence.anew || anew;
    save(e);
}

static bool lacks(const struct hf_versions *a, const struct hf_versions *b)
{
    hf_assert(a->root > 0 || (a->policy == 0 && a->epoch == 0));
    return a->root < b->root ||
           (a->root == b->root && (a->policy < b->policy || a->epoch < b->epoch));
}

void hf__sequence_documents(struct hf_engine *e, const struct hf_versions *now)
{
    hf_assert(e->open && now != NULL);
    if (!lacks(&e->sequence.versions, now) || lacks(now, &e->sequence.versions))
        return;
    e->sequence.versions = *now;
    if (hf__writing(e) && e->sequence.written == e->write_seq)
        save(e);
    else
        hf__sequence_advance(e);
}

bool hf__sequence_lacks(const struct hf_engine *e, const struct hf_versions *now)
{
    hf_assert(now != NULL);
    hf_assert(e->open);
    return lacks(now, &e->sequence.versions);
}

int hf__sequence_load(struct hf_engine *e)
{
    struct hf_sequence_row row;
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_SEQUENCE, no_key);
    hf_assert(!e->open);
    e->sequence = (struct hf__sequence){0};
    if (value == NULL)
        return 0; /* a vault from before there was this row */
    int r = hf__decode(e, &hf_wire_sequence_row, hf_blob_bytes(value), &row);
    if (r != 0)
        return r;
    e->sequence.at = row.at;
    if (row.has_versions)
        e->sequence.versions = row.versions;
    e->sequence.anew = row.anew;
    hf_assert(e->sequence.written == 0 && !e->sequence.firm);
    return 0;
}
