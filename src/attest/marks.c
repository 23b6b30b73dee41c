#include "attest/marks.h"
#include "base/error.h"
#include "set.h"

#include <stdio.h>

static void root_of(const struct hf_collateral *c, uint8_t ret[static HF_MARKS_ROOT_LEN])
{
    uint8_t digest[HF__SHA256_LEN];
    hf__sha256(hf_bytes_of(c->root.key, sizeof c->root.key), hf_bytes_of(NULL, 0), digest);
    memcpy(ret, digest, HF_MARKS_ROOT_LEN);
}

/* The mark that a document would leave, where it is good. */
static bool mark_of(const struct hf_collateral *c, struct hf__document *d, struct hf_mark *ret)
{
    uint8_t digest[HF__SHA256_LEN];
    if (d == NULL || hf__collateral_ready(c, d) != 0)
        return false;
    *ret = (struct hf_mark){.kind = (uint8_t)d->kind,
                            .number = d->info.evaluation_number,
                            .issued_s = d->info.issue_date_s};
    if (d->kind == HF_DOCUMENT_TCB_INFO) {
        memcpy(ret->id, d->fmspc, sizeof ret->id);
    } else if (d->kind == HF_DOCUMENT_PCK_CRL) {
        hf__sha256(d->crl.issuer, hf_bytes_of(NULL, 0), digest);
        memcpy(ret->id, digest, sizeof ret->id);
    }
    return true;
}

static struct hf_mark *find(const struct hf_marks *marks, const struct hf_mark *like)
{
    for (size_t i = 0; i < marks->count; i++) {
        const struct hf_mark *m = &marks->at[i];
        if (m->kind == like->kind && memcmp(m->id, like->id, sizeof m->id) == 0)
            return (struct hf_mark *)(uintptr_t)m;
    }
    return NULL;
}

/* As hf__document_older. */
static bool older(const struct hf_mark *a, const struct hf_mark *b)
{
    return a->number != b->number ? a->number < b->number : a->issued_s < b->issued_s;
}

/* The place for a mark that is new; past the bound, of the platform heard of longest ago. */
static struct hf_mark *new_place(struct hf_marks *marks)
{
    struct hf_mark *oldest = NULL;
    if (marks->count < HF_MARKS_MAX)
        return &marks->at[marks->count++];
    for (size_t i = 0; i < marks->count; i++) {
        struct hf_mark *m = &marks->at[i];
        if (m->kind == HF_DOCUMENT_TCB_INFO && (oldest == NULL || m->issued_s < oldest->issued_s))
            oldest = m;
    }
    hf_assert(oldest != NULL);
    return oldest;
}

static bool raise_one(struct hf_marks *marks, const struct hf_mark *by)
{
    struct hf_mark *m = find(marks, by);
    if (m != NULL && !older(m, by))
        return false;
    if (m == NULL)
        m = new_place(marks);
    *m = *by;
    return true;
}

static bool note_evaluation(struct hf_marks *marks, const struct hf_evaluation_seen *seen)
{
    struct hf_evaluation_seen *all = marks->evaluations;
    size_t at = 0;
    while (at < marks->evaluations_count && all[at].number < seen->number)
        at++;
    if (at < marks->evaluations_count && all[at].number == seen->number) {
        bool earlier = seen->issued_s < all[at].issued_s;
        if (earlier)
            all[at].issued_s = seen->issued_s;
        return earlier;
    }
    if (marks->evaluations_count == HF_MARKS_EVALUATIONS_MAX) {
        if (at == 0)
            return false;
        memmove(all, all + 1, --at * sizeof *all);
    } else {
        memmove(all + at + 1, all + at, (marks->evaluations_count++ - at) * sizeof *all);
    }
    all[at] = *seen;
    return true;
}

static bool take_one(struct hf_marks *marks, const struct hf_collateral *c, struct hf__document *d)
{
    struct hf_mark mark;
    if (!mark_of(c, d, &mark))
        return false;
    bool changed = raise_one(marks, &mark);
    if (mark.issued_s > marks->issued_s) {
        marks->issued_s = mark.issued_s;
        changed = true;
    }
    if (d->kind == HF_DOCUMENT_TCB_INFO || d->kind == HF_DOCUMENT_QE_IDENTITY) {
        const struct hf_evaluation_seen seen = {(uint32_t)mark.number, mark.issued_s};
        changed = note_evaluation(marks, &seen) || changed;
    }
    return changed;
}

bool hf_marks_take(struct hf_marks *marks, const struct hf_collateral *c, enum hf_trust trust)
{
    uint8_t root[HF_MARKS_ROOT_LEN];
    bool changed = false;
    root_of(c, root);
    if (marks->trust != trust || memcmp(marks->root, root, sizeof root) != 0) {
        *marks = (struct hf_marks){.trust = (uint8_t)trust};
        memcpy(marks->root, root, sizeof root);
        changed = true;
    }
    struct hf__document *single[HF__SINGLE];
    hf__collateral_single(c, single);
    for (size_t i = 0; i < HF__SINGLE; i++)
        changed = take_one(marks, c, single[i]) || changed;
    for (size_t i = 0; i < c->tcb_info_count; i++)
        changed = take_one(marks, c, c->tcb_infos[i]) || changed;
    return changed;
}

bool hf_marks_raise(struct hf_marks *marks, const struct hf_marks *others)
{
    if (marks->trust != others->trust ||
        memcmp(marks->root, others->root, sizeof marks->root) != 0) {
        *marks = *others;
        return true;
    }
    bool changed = others->issued_s > marks->issued_s;
    if (changed)
        marks->issued_s = others->issued_s;
    for (size_t i = 0; i < others->count; i++)
        changed = raise_one(marks, &others->at[i]) || changed;
    for (size_t i = 0; i < others->evaluations_count; i++)
        changed = note_evaluation(marks, &others->evaluations[i]) || changed;
    return changed;
}

static void name_of(const struct hf_mark *m, char ret[static HF_MARK_NAME_LEN])
{
    static const char *const names[] = {[HF_DOCUMENT_QE_IDENTITY] = "qe_identity.json",
                                        [HF_DOCUMENT_PCK_CRL] = "pck_crl.der",
                                        [HF_DOCUMENT_ROOT_CRL] = "root_ca_crl.der"};
    if (m->kind == HF_DOCUMENT_TCB_INFO)
        snprintf(ret, HF_MARK_NAME_LEN, "tcb_info_%02x%02x%02x%02x%02x%02x.json", m->id[0],
                 m->id[1], m->id[2], m->id[3], m->id[4], m->id[5]);
    else
        snprintf(ret, HF_MARK_NAME_LEN, "%s", names[m->kind]);
}

static bool went_back(const struct hf_marks *marks, const struct hf_collateral *c,
                      struct hf__document *d, char ret_name[static HF_MARK_NAME_LEN])
{
    struct hf_mark mark;
    if (!mark_of(c, d, &mark))
        return false;
    const struct hf_mark *m = find(marks, &mark);
    if (m == NULL || !older(&mark, m))
        return false;
    name_of(&mark, ret_name);
    return true;
}

int hf_marks_check(const struct hf_marks *marks, const struct hf_collateral *c,
                   char ret_name[static HF_MARK_NAME_LEN])
{
    uint8_t root[HF_MARKS_ROOT_LEN];
    root_of(c, root);
    if (memcmp(marks->root, root, sizeof root) != 0)
        return 0;
    struct hf__document *single[HF__SINGLE];
    hf__collateral_single(c, single);
    for (size_t i = 0; i < HF__SINGLE; i++)
        if (went_back(marks, c, single[i], ret_name))
            return HF_ECOLLROLLBACK;
    for (size_t i = 0; i < c->tcb_info_count; i++)
        if (went_back(marks, c, c->tcb_infos[i], ret_name))
            return HF_ECOLLROLLBACK;
    return 0;
}
