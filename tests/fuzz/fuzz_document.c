/*
 * The network's documents: the input is read as an envelope, and as the body of one. What is read
 * is then used as a node would: verified, searched, and put in order for owners under every rule.
 */
#include "base/error.h"
#include "document/document.h"
#include "document/selection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { OWNERS = 3, ORDER_MAX = 3 * HF_SHARES_MAX, KINDS = HF_DOCUMENT_SHARES };

static void use_order(const struct hf_document *set, size_t owner, uint8_t rule, uint8_t n)
{
    uint32_t order[ORDER_MAX], again[ORDER_MAX];
    const struct hf_validator *validators = set->u.set.validators;
    size_t count = hf_select(set, &validators[owner].account, 1, rule, n, ORDER_MAX, order);
    hf_assert(count <= 3u * n);
    for (size_t i = 0; i < count; i++) {
        hf_assert(order[i] < set->u.set.validators_count && order[i] != owner);
        hf_assert(!validators[order[i]].leaving);
        for (size_t j = 0; j < i; j++)
            hf_assert(order[i] != order[j]);
    }
    hf_assert(hf_select(set, &validators[owner].account, 1, rule, n, ORDER_MAX, again) == count);
    hf_assert(memcmp(order, again, count * sizeof order[0]) == 0);
}

static void use_set(const struct hf_document *set)
{
    static const uint8_t sizes[] = {1, 5, HF_SHARES_MAX};
    size_t count = set->u.set.validators_count;
    for (size_t i = 0; i < count; i++)
        hf_assert(hf_set_find(set, &set->u.set.validators[i].account) == (long)i);
    for (size_t owner = 0; owner < count && owner < OWNERS; owner++) {
        for (uint8_t rule = 0; rule <= 2; rule++) {
            for (size_t s = 0; s < HF_ARRAY_LEN(sizes); s++)
                use_order(set, owner, rule, sizes[s]);
        }
    }
    for (uint8_t rule = 0; rule <= 2; rule++) {
        int r = hf_select_possible(set, rule, 5);
        hf_assert(r <= 0);
    }
}

static void use_document(struct hf_pool *pool, struct hf_bytes envelope)
{
    static const struct hf_network_id network;
    struct hf_document *d, *again;
    if (hf_document_read(pool, envelope, &d) != 0)
        return;
    int r = hf_document_read(pool, envelope, &again);
    hf_assert(r == 0 && again == d); /* held once */
    hf_document_unref(again);
    hf_assert(hf_document_version(d) > 0 && hf_document_issued_s(d) < hf_document_expires_s(d));
    /* Nobody's network id is all zeros, so nothing may verify for it. */
    hf_assert(hf_document_verify(d, &network, NULL) != 0);
    if (d->kind == HF_DOCUMENT_SET)
        use_set(d);
    hf_document_unref(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_pool *pool;
    int r = hf_pool_new(&hf_suite_real, &pool);
    hf_assert(r == 0);
    use_document(pool, hf_bytes_of(data, len));
    if (len > 1) {
        struct hf_buf envelope;
        hf_buf_init(&envelope, len + 64);
        r = hf_document_wrap((uint8_t)(1 + data[0] % KINDS), hf_bytes_of(data + 1, len - 1),
                             &envelope);
        hf_assert(r == 0);
        use_document(pool, hf_buf_bytes(&envelope));
        hf_buf_done(&envelope);
    }
    hf_pool_free(pool);
    return 0;
}
