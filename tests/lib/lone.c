#include "lone.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { REQUEST = 77 };

void lone_init(struct lone *l)
{
    *l = (struct lone){.now_ms = 1000};
    cr_assert_eq(hf_secret_init(1024 * 1024, false), 0);
    notary_init(&l->n);
    static const char *const seeds[] = {"seed:1"};
    struct hf_engine_config c = {.suite = l->n.suite,
                                 .pool = l->n.pool,
                                 .seed = "a lone engine",
                                 .seeds = seeds,
                                 .seeds_count = 1,
                                 .timing = hf_timing_default,
                                 .accept_dev = true,
                                 .secret_alloc = hf_secret_alloc,
                                 .secret_free = hf_secret_free};
    memcpy(c.network, l->n.network, 32);
    cr_assert_eq(hf_engine_new(&c, &l->e), 0);
}

void lone_done(struct lone *l)
{
    hf_engine_free(l->e);
    notary_done(&l->n);
}

void lone_step(struct lone *l, struct hf_event *event)
{
    event->now_ms = l->now_ms;
    event->wall_ms = (uint64_t)NOTARY_NOW_S * 1000 + l->now_ms;
    hf_engine_step(l->e, event, &l->u);
    const struct hf_work *w = lone_work(l, HF_WORK_VAULT_CREATE);
    if (w != NULL)
        memcpy(l->account, w->account, 32);
    w = lone_work(l, HF_WORK_QUOTE);
    if (w != NULL)
        l->identity_work = w->id;
}

void lone_start(struct lone *l, enum hf_vault_state vault)
{
    struct hf_event event = {.type = HF_EVENT_START, .u.start.vault = vault};
    lone_step(l, &event);
}

void lone_start_with(struct lone *l, enum hf_vault_state vault, const char *key,
                     struct hf_bytes value)
{
    struct hf_row_in row = {.collection = HF_ROW_PUBLIC,
                            .key = hf_bytes_of(key, strlen(key)),
                            .value = hf_blob_new(value)};
    struct hf_event event = {.type = HF_EVENT_START,
                             .u.start = {.vault = vault, .rows = &row, .rows_count = 1}};
    lone_step(l, &event);
    hf_blob_unref(row.value);
}

void lone_vault(struct lone *l, int error)
{
    struct hf_event event = {.type = HF_EVENT_VAULT, .u.vault.error = error};
    lone_step(l, &event);
}

void lone_quote_made(struct lone *l, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf_event event = {.type = HF_EVENT_QUOTE_MADE,
                             .u.quote_made = {.work = work, .error = error, .quote = quote}};
    lone_step(l, &event);
}

void lone_quote_judged(struct lone *l, uint32_t work, int error)
{
    struct hf_event event = {.type = HF_EVENT_QUOTE_JUDGED,
                             .u.quote_judged = {.work = work, .verdict.error = error}};
    lone_step(l, &event);
}

void lone_response(struct lone *l, uint32_t call, int error, struct hf_bytes body)
{
    struct hf_event event = {.type = HF_EVENT_RESPONSE,
                             .u.response = {.call = call, .error = error, .body = body}};
    lone_step(l, &event);
}

void lone_request(struct lone *l, uint8_t method, const uint8_t *account, struct hf_bytes body)
{
    struct hf_event event = {
        .type = HF_EVENT_REQUEST,
        .u.request = {.id = REQUEST, .method = method, .account = account, .body = body}};
    lone_step(l, &event);
}

void lone_documents(struct lone *l, const struct hf_bytes *envelopes, size_t count)
{
    struct hf_event event = {.type = HF_EVENT_DOCUMENTS,
                             .u.documents = {.envelopes = envelopes, .count = count}};
    lone_step(l, &event);
}

void lone_local(struct lone *l, enum hf_local_type type, const char *name)
{
    struct hf_event event = {
        .type = HF_EVENT_LOCAL,
        .u.local = {.id = REQUEST, .type = type, .name = hf_bytes_of(name, strlen(name))}};
    lone_step(l, &event);
}

void lone_store(struct lone *l, int error)
{
    struct hf_event event = {.type = HF_EVENT_STORE, .u.store.error = error};
    lone_step(l, &event);
}

void lone_tick(struct lone *l, uint64_t later_ms)
{
    struct hf_event event = {.type = HF_EVENT_TICK};
    l->now_ms += later_ms;
    lone_step(l, &event);
}

void lone_fresh(struct lone *l)
{
    lone_start(l, HF_VAULT_NONE);
    cr_assert_not_null(lone_work(l, HF_WORK_VAULT_CREATE));
    lone_vault(l, 0);
    cr_assert_not_null(lone_work(l, HF_WORK_QUOTE));
    lone_quote_made(l, l->identity_work, 0, hf_bytes_of("a quote", 7));
}

static int by_account(const void *a, const void *b)
{
    return memcmp(((const struct hf_validator *)a)->account,
                  ((const struct hf_validator *)b)->account, 32);
}

void lone_papers(struct lone *l, uint8_t k, uint8_t shares, size_t others,
                 struct hf_bytes ret[static 3])
{
    cr_assert_lt(others, HF_ARRAY_LEN(l->validators));
    struct hf_policy policy = notary_policy(&l->n, 1, k, shares);
    struct hf_validator_set set = notary_set(1, l->validators, others + 1);
    memcpy(l->validators[others].account, l->account, 32);
    qsort(l->validators, others + 1, sizeof l->validators[0], by_account);
    ret[0] = hf_blob_bytes(l->n.root->envelope);
    ret[1] = notary_sign(&l->n, HF_DOCUMENT_POLICY, &policy, "01");
    ret[2] = notary_sign(&l->n, HF_DOCUMENT_SET, &set, "02");
}

void lone_placing(struct lone *l, uint8_t k, uint8_t shares, size_t others)
{
    struct hf_bytes papers[3];
    lone_papers(l, k, shares, others, papers);
    lone_documents(l, papers, 3);
    /* The identity of before the first set will not do. */
    cr_assert_not_null(lone_work(l, HF_WORK_QUOTE));
    lone_quote_made(l, l->identity_work, 0, hf_bytes_of("another quote", 13));
    cr_assert_eq(lone_status(l).state, HF_STATE_PLACING);
}

const struct hf_work *lone_work(const struct lone *l, enum hf_work_type type)
{
    for (size_t i = 0; i < l->u.work_count; i++)
        if (l->u.work[i].type == type)
            return &l->u.work[i];
    return NULL;
}

size_t lone_works(const struct lone *l, enum hf_work_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < l->u.work_count; i++)
        count += l->u.work[i].type == type;
    return count;
}

const struct hf_call *lone_call(const struct lone *l, uint8_t method)
{
    for (size_t i = 0; i < l->u.calls_count; i++)
        if (l->u.calls[i].method == method)
            return &l->u.calls[i];
    return NULL;
}

const struct hf_trace *lone_trace(const struct lone *l, enum hf_trace_type type)
{
    for (size_t i = 0; i < l->u.traces_count; i++)
        if (l->u.traces[i].type == type)
            return &l->u.traces[i];
    return NULL;
}

int lone_refusal(const struct lone *l)
{
    cr_assert_eq(l->u.replies_count, 1);
    cr_assert_eq(l->u.replies[0].id, REQUEST);
    return l->u.replies[0].error;
}

int lone_local_error(const struct lone *l)
{
    cr_assert_eq(l->u.locals_count, 1);
    cr_assert_eq(l->u.locals[0].id, REQUEST);
    return l->u.locals[0].error;
}

struct hf_status lone_status(struct lone *l)
{
    struct hf_status s;
    hf_engine_status(l->e, l->now_ms, &s);
    return s;
}
