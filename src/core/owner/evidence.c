/*
 * What holders have promised, and which of them broke it (proto/EVIDENCE.md): kept for those who
 * ask later. Nothing that this node does goes by it.
 */
#include "base/error.h"
#include "document/broken.h"
#include "owner/owner.h"

enum { RENEW_S = 30 * 86400 }; /* by issue dates of sets: well below HF_PROMISE_S_MAX */

static const struct hf_bytes no_key = {0};

/* The promises of the newest recorded generation; none: an empty row. */
static void promises(struct hf_engine *e, struct hf_promises_row *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_PROMISES, no_key);
    hf_assert(e->owner->holders_count > 0);
    *ret = (struct hf_promises_row){0};
    memcpy(ret->generation, e->owner->recorded.id, sizeof ret->generation);
    if (value == NULL)
        return;
    struct hf_promises_row row;
    int r = hf__decode(e, &hf_wire_promises_row, hf_blob_bytes(value), &row);
    hf_assert(r == 0);
    if (memcmp(row.generation, ret->generation, sizeof row.generation) == 0)
        *ret = row;
}

static struct hf_account promiser(struct hf_engine *e, const struct hf_acknowledged *a)
{
    struct hf_ack_statement s;
    int r = hf__decode(e, &hf_wire_ack_statement, a->statement, &s);
    hf_assert(r == 0); /* it was read before it was kept */
    return s.provider;
}

/* The promise of a holder in the row; NULL: there is none. */
static struct hf_acknowledged *promise_of(struct hf_engine *e, const struct hf_promises_row *row,
                                          const struct hf_account *account)
{
    hf_assert(row->promises_count <= HF_SHARES_MAX);
    for (size_t i = 0; i < row->promises_count; i++) {
        struct hf_account by = promiser(e, &row->promises[i]);
        if (hf_account_equal(&by, account))
            return &row->promises[i];
    }
    return NULL;
}

static void note(struct hf_engine *e, struct hf__holder *h, const struct hf_acknowledged *a)
{
    struct hf_ack_statement s;
    int r = hf__decode(e, &hf_wire_ack_statement, a->statement, &s);
    hf_assert(r == 0 && s.holds);
    h->promised = true;
    h->promised_set_s = s.set_issued_s;
    memcpy(h->promised_key, s.sealing_key, sizeof h->promised_key);
    hf_acknowledged_hash(e->suite, a, &h->earlier);
}

void hf__evidence_begin(struct hf_engine *e, const struct hf_placement_record *record)
{
    struct hf_promises_row row;
    hf_assert(record->holders_count == e->owner->holders_count);
    e->suite->hash("holdfast/v1/commitments", record->commitments, &e->owner->commitments_hash);
    promises(e, &row);
    for (size_t i = 0; i < row.promises_count; i++) {
        struct hf_account by = promiser(e, &row.promises[i]);
        struct hf__holder *h = hf__holder_find(e, &by);
        if (h != NULL)
            note(e, h, &row.promises[i]);
    }
}

void hf__evidence_ask(const struct hf_engine *e, const struct hf__holder *h, struct hf_standing *m)
{
    hf_assert(h->index == m->index);
    if (m->has_sealed)
        return; /* too long to be kept: the next one asks */
    m->has_commitments_hash = m->has_challenge || !h->promised;
    if (m->has_commitments_hash)
        m->commitments_hash = e->owner->commitments_hash;
    m->has_earlier = h->promised;
    if (h->promised)
        m->earlier = h->earlier;
}

/* ---- promises */

/*
 * Whether an answer is a promise that is worth a write: the first, of another vault, or a newer. It
 * has to name a set of about this node's own age: by a much older or newer one a later denial would
 * prove nothing.
 */
static bool is_news(const struct hf_engine *e, const struct hf__holder *h,
                    const struct hf_ack_statement *s)
{
    uint64_t own_s = e->trust->set != NULL ? hf_document_issued_s(e->trust->set) : 0;
    hf_assert(s->holds);
    if (s->at_s == 0 || !s->has_sealing_key || s->set_issued_s + RENEW_S < own_s ||
        s->set_issued_s > own_s + RENEW_S)
        return false;
    return !h->promised || s->set_issued_s >= h->promised_set_s + RENEW_S ||
           memcmp(h->promised_key, s->sealing_key, sizeof h->promised_key) != 0;
}

static void keep_promise(struct hf_engine *e, struct hf__holder *h, const struct hf_acknowledged *a)
{
    struct hf_promises_row row;
    struct hf_acknowledged *all = hf__scratch(e, HF_SHARES_MAX * sizeof *all);
    promises(e, &row);
    struct hf_acknowledged *before = promise_of(e, &row, &h->account);
    hf_assert(row.promises_count <= HF_SHARES_MAX);
    if (row.promises_count > 0)
        memcpy(all, row.promises, row.promises_count * sizeof *all);
    if (before != NULL) {
        all[before - row.promises] = *a;
    } else {
        hf_assert(row.promises_count < e->owner->holders_count);
        all[row.promises_count++] = *a;
    }
    row.promises = all;
    hf__put(e, HF_ROW_PROMISES, no_key, &hf_wire_promises_row, &row);
    note(e, h, a);
}

/* ---- broken ones */

static void keep_broken(struct hf_engine *e, const struct hf__holder *h,
                        const struct hf_broken_promise *m)
{
    struct hf_broken what;
    const uint8_t *id = e->owner->recorded.id;
    hf_assert(e->store_error == 0 && h->index > 0);
    if (hf__broken_has(e, &h->account, id) ||
        hf_broken_check(e->suite, m, &e->shared->arena, &what) != 0)
        return;
    hf_assert(hf_account_equal(&what.provider, &h->account));
    hf__broken_keep(e, &h->account, id, &hf_wire_broken_promise, m);
    hf__trace(e, HF_TRACE_PROMISE_BROKEN, 0, &h->account, what.generation.number, what.index);
}

void hf__evidence_hear(struct hf_engine *e, struct hf__holder *h, const struct hf_standing *asked,
                       const struct hf_ack_statement *s, const struct hf_ack_response *response)
{
    struct hf_acknowledged word = {.statement = response->statement};
    struct hf_broken_promise m = {.format = 1};
    struct hf_placement_record record;
    struct hf_promises_row row;
    bool lies = s->holds && asked->has_challenge && h->audits_failed > 0;
    hf_assert(e->open && h->index == asked->index);
    /* What cannot be written now is said again. */
    if (e->store_error != 0 || (s->holds && !lies && !is_news(e, h, s)))
        return;
    memcpy(word.signature, response->signature, sizeof word.signature);
    word.question = hf__encode(e, &hf_wire_standing, asked);
    if (s->holds && !lies) {
        if (asked->has_commitments_hash)
            keep_promise(e, h, &word);
        return;
    }
    m.breach = word;
    if (lies && hf__own_record(e, &record, NULL, NULL))
        m.commitments = record.commitments;
    promises(e, &row);
    const struct hf_acknowledged *promise = lies ? NULL : promise_of(e, &row, &h->account);
    m.has_promise = promise != NULL;
    if (promise != NULL)
        m.promise = *promise;
    keep_broken(e, h, &m);
}

bool hf__evidence_against(const struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(e->open || hf__rows_count(&e->rows, HF_ROW_BROKEN) == 0);
    struct hf_bytes prefix = hf__key_account(account);
    size_t at = hf__rows_first(&e->rows, HF_ROW_BROKEN, prefix);
    return hf__rows_at(&e->rows, at, HF_ROW_BROKEN, prefix) != NULL;
}

bool hf_engine_broken(const struct hf_engine *e, size_t at, struct hf_broken_status *ret)
{
    size_t first = hf__rows_first(&e->rows, HF_ROW_BROKEN, no_key);
    const struct hf__row *row = hf__rows_at(&e->rows, first + at, HF_ROW_BROKEN, no_key);
    struct hf_arena arena;
    if (row == NULL)
        return false;
    hf_assert(e->open);
    ret->file = hf_blob_bytes(row->value);
    hf_arena_init(&arena, HF_BROKEN_FILE_MAX);
    int r = hf_broken_read(e->suite, ret->file, &arena, &ret->what);
    hf_arena_done(&arena);
    hf_assert(r == 0); /* it was checked before it was kept */
    return true;
}
