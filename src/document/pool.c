#include "pool.h"

#include <stdlib.h>

#include "base/error.h"
#include "document/limits.h"
#include "selection_table.h"

int hf_pool_new(const struct hf_suite *suite, struct hf_pool **ret)
{
    struct hf_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return HF_ENOMEM;
    pool->suite = suite;
    pool->document_max = HF_DOCUMENT_MAX;
    *ret = pool;
    return 0;
}

void hf_pool_free(struct hf_pool *pool)
{
    if (pool == NULL)
        return;
    for (size_t i = 0; i < HF_POOL_BUCKETS; i++)
        hf_assert(pool->buckets[i] == NULL);
    free(pool);
}

void hf_pool_document_max(struct hf_pool *pool, size_t len_max)
{
    hf_assert(len_max <= HF_WIRE_DOCUMENT_MAX);
    pool->document_max = len_max;
}

size_t hf_pool_document_limit(const struct hf_pool *pool)
{
    return pool->document_max;
}

static void document_free(struct hf_document *d)
{
    hf__selection_table_free(d->table);
    hf_blob_unref(d->envelope);
    if (d->arena != NULL)
        hf_arena_done(d->arena);
    free(d->arena);
    free(d);
}

size_t hf_pool_memory(const struct hf_pool *pool)
{
    size_t sum = sizeof *pool;
    for (size_t i = 0; i < HF_POOL_BUCKETS; i++)
        for (const struct hf_document *d = pool->buckets[i]; d != NULL; d = d->next)
            sum +=
                sizeof *d + d->envelope->len + d->arena->len + hf__selection_table_memory(d->table);
    return sum;
}

/* A document that consists of these bytes. They need not be hashed when they are the very bytes of
 * its blob, which does not change; and comparing is faster than hashing, a large set above all. */
static struct hf_document *find_bytes(const struct hf_pool *pool, struct hf_bytes envelope)
{
    for (size_t i = 0; i < HF_POOL_BUCKETS; i++)
        for (struct hf_document *d = pool->buckets[i]; d != NULL; d = d->next)
            if (d->envelope->len == envelope.len &&
                (d->envelope->data == envelope.data ||
                 memcmp(d->envelope->data, envelope.data, envelope.len) == 0))
                return d;
    return NULL;
}

int hf_document_read(struct hf_pool *pool, struct hf_bytes envelope, struct hf_document **ret)
{
    struct hf_hash hash;
    struct hf_document *same = find_bytes(pool, envelope);
    if (same != NULL) {
        *ret = hf_document_ref(same);
        return 0;
    }
    pool->suite->hash("holdfast/v1/envelope", envelope, &hash);
    struct hf_document **bucket = &pool->buckets[hash.bytes[0] % HF_POOL_BUCKETS];
    for (struct hf_document *d = *bucket; d != NULL; d = d->next)
        if (hf_hash_equal(&d->hash, &hash)) {
            *ret = hf_document_ref(d);
            return 0;
        }
    if (envelope.len > pool->document_max)
        return HF_ETOOBIG;
    struct hf_document *d = calloc(1, sizeof *d);
    if (d == NULL)
        return HF_ENOMEM;
    d->pool = pool;
    d->refs = 1;
    d->hash = hash;
    d->envelope = hf_blob_new(envelope);
    int r = d->envelope == NULL ? HF_ENOMEM : hf__document_parse(d);
    if (r != 0) {
        document_free(d);
        return r;
    }
    d->next = *bucket;
    *bucket = d;
    *ret = d;
    return 0;
}

struct hf_document *hf_document_ref(struct hf_document *d)
{
    if (d != NULL)
        d->refs++;
    return d;
}

void hf_document_unref(struct hf_document *d)
{
    if (d == NULL)
        return;
    hf_assert(d->refs > 0);
    if (--d->refs > 0)
        return;
    struct hf_document **at = &d->pool->buckets[d->hash.bytes[0] % HF_POOL_BUCKETS];
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    document_free(d);
}
