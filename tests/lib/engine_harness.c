#include "engine_harness.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { REQUEST = 77 };

void harness_init(struct harness *l)
{
    *l = (struct harness){.now_ms = 1000};
    cr_assert_eq(hf_secret_init(1024 * 1024, false), 0);
    authority_init(&l->n);
    cr_assert_eq(hf_shared_new(l->n.pool, &l->shared), 0);
    hf_shared_outline(l->shared, NULL);
    static const char *const seeds[] = {"seed:1"};
    struct hf_engine_config c = {.suite = l->n.suite,
                                 .shared = l->shared,
                                 .seed = "a lone engine",
                                 .seeds = seeds,
                                 .seeds_count = 1,
                                 .timing = hf_timing_default,
                                 .accept_dev = true,
                                 .tls_key = {"a TLS key"},
                                 .secret_alloc = hf_secret_alloc,
                                 .secret_free = hf_secret_free};
    c.network = l->n.network;
    cr_assert_eq(hf_engine_new(&c, &l->e), 0);
}

void harness_done(struct harness *l)
{
    hf_engine_free(l->e);
    hf_shared_free(l->shared);
    authority_done(&l->n);
}

void harness_step(struct harness *l, struct hf_event *event)
{
    event->now_ms = l->now_ms;
    event->wall_ms = (uint64_t)AUTHORITY_NOW_S * 1000 + l->now_ms;
    hf_engine_step(l->e, event, &l->u);
    const struct hf_work *w = harness_work(l, HF_WORK_VAULT_CREATE);
    if (w != NULL)
        l->account = w->account;
    w = harness_work(l, HF_WORK_QUOTE);
    if (w != NULL)
        l->identity_work = w->id;
}

void harness_start(struct harness *l, enum hf_vault_state vault)
{
    struct hf_event event = {.type = HF_EVENT_START, .u.start.vault = vault};
    harness_step(l, &event);
}

void harness_start_with(struct harness *l, enum hf_vault_state vault, const char *key,
                        struct hf_bytes value)
{
    struct hf_row_in row = {.collection = HF_ROW_PUBLIC,
                            .key = hf_bytes_of(key, strlen(key)),
                            .value = hf_blob_new(value)};
    struct hf_event event = {.type = HF_EVENT_START,
                             .u.start = {.vault = vault, .rows = &row, .rows_count = 1}};
    harness_step(l, &event);
    hf_blob_unref(row.value);
}

void harness_vault(struct harness *l, int error)
{
    struct hf_event event = {.type = HF_EVENT_VAULT, .u.vault.error = error};
    harness_step(l, &event);
}

void harness_quote_made(struct harness *l, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf_event event = {.type = HF_EVENT_QUOTE_MADE,
                             .u.quote_made = {.work = work, .error = error, .quote = quote}};
    harness_step(l, &event);
}

void harness_quote_judged(struct harness *l, uint32_t work, int error)
{
    struct hf_event event = {.type = HF_EVENT_QUOTE_JUDGED,
                             .u.quote_judged = {.work = work, .verdict.error = error}};
    harness_step(l, &event);
}

void harness_response(struct harness *l, uint32_t call, int error, struct hf_bytes body)
{
    struct hf_event event = {.type = HF_EVENT_RESPONSE,
                             .u.response = {.call = call, .error = error, .body = body}};
    harness_step(l, &event);
}

void harness_request(struct harness *l, uint8_t method, const struct hf_account *account,
                     struct hf_bytes body)
{
    struct hf_event event = {
        .type = HF_EVENT_REQUEST,
        .u.request = {.id = REQUEST, .method = method, .account = account, .body = body}};
    harness_step(l, &event);
}

void harness_documents(struct harness *l, const struct hf_bytes *envelopes, size_t count)
{
    struct hf_event event = {.type = HF_EVENT_DOCUMENTS,
                             .u.documents = {.envelopes = envelopes, .count = count}};
    harness_step(l, &event);
}

void harness_local(struct harness *l, enum hf_local_type type, const char *name)
{
    struct hf_event event = {
        .type = HF_EVENT_LOCAL,
        .u.local = {.id = REQUEST, .type = type, .text = hf_bytes_of(name, strlen(name))}};
    harness_step(l, &event);
}

void harness_store(struct harness *l, int error)
{
    struct hf_event event = {.type = HF_EVENT_STORE, .u.store.error = error};
    harness_step(l, &event);
}

void harness_tick(struct harness *l, uint64_t later_ms)
{
    struct hf_event event = {.type = HF_EVENT_TICK};
    l->now_ms += later_ms;
    harness_step(l, &event);
}

void harness_fresh(struct harness *l)
{
    harness_start(l, HF_VAULT_NONE);
    cr_assert_not_null(harness_work(l, HF_WORK_VAULT_CREATE));
    harness_vault(l, 0);
    cr_assert_not_null(harness_work(l, HF_WORK_QUOTE));
    harness_quote_made(l, l->identity_work, 0, hf_bytes_of("a quote", 7));
}

static int by_account(const void *a, const void *b)
{
    return memcmp(((const struct hf_validator *)a)->account.bytes,
                  ((const struct hf_validator *)b)->account.bytes, 32);
}

void harness_envelopes(struct harness *l, uint8_t k, uint8_t shares, size_t others,
                       struct hf_bytes ret[static 3])
{
    cr_assert_lt(others, HF_ARRAY_LEN(l->validators));
    struct hf_policy policy = authority_policy(&l->n, 1, k, shares);
    struct hf_validator_set set = authority_set(1, l->validators, others + 1);
    l->validators[others].account = l->account;
    qsort(l->validators, others + 1, sizeof l->validators[0], by_account);
    ret[0] = hf_blob_bytes(l->n.root->envelope);
    ret[1] = authority_sign(&l->n, HF_DOCUMENT_POLICY, &policy, "01");
    ret[2] = authority_sign(&l->n, HF_DOCUMENT_SET, &set, "02");
}

void harness_placing(struct harness *l, uint8_t k, uint8_t shares, size_t others)
{
    struct hf_bytes envelopes[3];
    harness_envelopes(l, k, shares, others, envelopes);
    harness_documents(l, envelopes, 3);
    /* The identity of before the first set will not do. */
    cr_assert_not_null(harness_work(l, HF_WORK_QUOTE));
    harness_quote_made(l, l->identity_work, 0, hf_bytes_of("another quote", 13));
    cr_assert_eq(harness_status(l).state, HF_STATE_PLACING);
}

const struct hf_work *harness_work(const struct harness *l, enum hf_work_type type)
{
    for (size_t i = 0; i < l->u.work_count; i++)
        if (l->u.work[i].type == type)
            return &l->u.work[i];
    return NULL;
}

size_t harness_works(const struct harness *l, enum hf_work_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < l->u.work_count; i++)
        count += l->u.work[i].type == type;
    return count;
}

const struct hf_call *harness_call(const struct harness *l, uint8_t method)
{
    for (size_t i = 0; i < l->u.calls_count; i++)
        if (l->u.calls[i].method == method)
            return &l->u.calls[i];
    return NULL;
}

const struct hf_trace *harness_trace(const struct harness *l, enum hf_trace_type type)
{
    for (size_t i = 0; i < l->u.traces_count; i++)
        if (l->u.traces[i].type == type)
            return &l->u.traces[i];
    return NULL;
}

int harness_refusal(const struct harness *l)
{
    cr_assert_eq(l->u.replies_count, 1);
    cr_assert_eq(l->u.replies[0].id, REQUEST);
    return l->u.replies[0].error;
}

int harness_local_error(const struct harness *l)
{
    cr_assert_eq(l->u.locals_count, 1);
    cr_assert_eq(l->u.locals[0].id, REQUEST);
    return l->u.locals[0].error;
}

struct hf_status harness_status(struct harness *l)
{
    struct hf_status s;
    hf_engine_status(l->e, UINT64_MAX, &s);
    return s;
}
