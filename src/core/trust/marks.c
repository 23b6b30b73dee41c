/*
 * What never goes back: the newest of each document of collateral, and the newest date that Intel
 * has signed. The shell tells of what it has verified; the vault keeps it, where a host cannot put
 * an older one in its place alone.
 */
#include <stdlib.h>

#include "base/error.h"
#include "trust/trust.h"

static const struct hf_bytes no_key;

/* Intel's clock cannot be set back by a host. A development root's documents have whatever date. */
static void raise_floor(struct hf_engine *e)
{
    const struct hf_marks *m = e->trust->marks;
    hf_assert(m != NULL);
    if (m->trust == HF_TRUST_INTEL && m->issued_s > e->floor_s)
        e->floor_s = m->issued_s;
}

static void save(struct hf_engine *e)
{
    const struct hf_marks *m = e->trust->marks;
    hf_assert(e->open && m->count <= HF_MARKS_MAX);
    hf_assert(m->evaluations_count <= HF_MARKS_EVALUATIONS_MAX);
    struct hf_collateral_mark *marks = hf__scratch(e, m->count * sizeof *marks + 1);
    struct hf_evaluation_mark *evaluations =
        hf__scratch(e, m->evaluations_count * sizeof *evaluations + 1);
    struct hf_marks_row row = {.trust = m->trust,
                               .issued_s = m->issued_s,
                               .marks = marks,
                               .marks_count = m->count,
                               .evaluations = evaluations,
                               .evaluations_count = m->evaluations_count};
    memcpy(row.root, m->root, sizeof row.root);
    for (size_t i = 0; i < m->count; i++) {
        marks[i] = (struct hf_collateral_mark){
            .kind = m->at[i].kind + 1u, .number = m->at[i].number, .issued_s = m->at[i].issued_s};
        memcpy(marks[i].id, m->at[i].id, sizeof marks[i].id);
    }
    for (size_t i = 0; i < m->evaluations_count; i++)
        evaluations[i] = (struct hf_evaluation_mark){.number = m->evaluations[i].number,
                                                     .issued_s = m->evaluations[i].issued_s};
    hf__put(e, HF_ROW_MARKS, no_key, &hf_wire_marks_row, &row);
    hf__sequence_advance(e);
}

static void fill(const struct hf_marks_row *row, struct hf_marks *ret)
{
    hf_assert(row->marks_count <= HF_ARRAY_LEN(ret->at));
    hf_assert(row->evaluations_count <= HF_ARRAY_LEN(ret->evaluations));
    *ret = (struct hf_marks){.trust = (uint8_t)row->trust,
                             .issued_s = row->issued_s,
                             .count = row->marks_count,
                             .evaluations_count = row->evaluations_count};
    memcpy(ret->root, row->root, sizeof ret->root);
    for (size_t i = 0; i < row->marks_count; i++) {
        ret->at[i] = (struct hf_mark){.kind = (uint8_t)(row->marks[i].kind - 1),
                                      .number = row->marks[i].number,
                                      .issued_s = row->marks[i].issued_s};
        memcpy(ret->at[i].id, row->marks[i].id, sizeof ret->at[i].id);
    }
    for (size_t i = 0; i < row->evaluations_count; i++)
        ret->evaluations[i] =
            (struct hf_evaluation_seen){.number = (uint32_t)row->evaluations[i].number,
                                        .issued_s = row->evaluations[i].issued_s};
}

/* Takes over marks; whether they say more than those known. */
static bool take(struct hf_engine *e, const struct hf_marks *marks)
{
    struct hf__trust *t = e->trust;
    if (t->marks == NULL)
        t->marks = calloc(1, sizeof *t->marks);
    hf_assert(t->marks != NULL);
    bool changed = hf_marks_raise(t->marks, marks);
    hf_assert(t->marks->count <= HF_MARKS_MAX);
    raise_floor(e);
    return changed;
}

void hf__marks_seen(struct hf_engine *e, const struct hf_marks *marks)
{
    hf_assert(marks != NULL && marks->count <= HF_MARKS_MAX);
    if (take(e, marks) && e->open)
        save(e);
}

void hf__marks_open(struct hf_engine *e)
{
    struct hf_marks_row row;
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_MARKS, no_key);
    struct hf_marks *kept = hf__scratch(e, sizeof *kept);
    hf_assert(e->open);
    bool has = value != NULL && hf__decode(e, &hf_wire_marks_row, hf_blob_bytes(value), &row) == 0;
    if (has)
        fill(&row, kept);
    struct hf_marks *now = e->trust->marks;
    bool same = has && now != NULL && kept->trust == now->trust &&
                memcmp(kept->root, now->root, sizeof kept->root) == 0;
    bool more = now != NULL && (!same || hf_marks_raise(kept, now));
    if (now == NULL && has)
        (void)take(e, kept);
    else if (same)
        *now = *kept;
    if (now != NULL)
        raise_floor(e);
    if (more)
        save(e); /* where the root is another, of the one that counts now */
}
