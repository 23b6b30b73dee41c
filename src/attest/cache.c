/*
 * Machines that were verified, in buckets of a few, the oldest of which goes when the bucket is
 * full. The bucket follows from the start of the PCK's text, where its serial number is, so that a
 * machine whose QE made itself a new attestation key still finds its chain.
 */
#include "base/error.h"
#include "machine.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    WAYS = 8,
    ENTRIES_MAX = 65536,
    TAG_LEN = 256,
    SECTION_MAX = 6144, /* a larger one is verified each time rather than kept */
};

struct bucket {
    struct hf__machine *way[WAYS];
    unsigned oldest;
};

struct hf_verify_cache {
    pthread_mutex_t lock;
    size_t ways; /* of each bucket in use */
    size_t count;
    struct bucket buckets[];
};

int hf_verify_cache_new(size_t entries, struct hf_verify_cache **ret)
{
    if (entries < 1 || entries > ENTRIES_MAX)
        return HF_EINVAL;
    size_t ways = entries < WAYS ? entries : WAYS;
    size_t count = entries / ways;
    struct hf_verify_cache *c = calloc(1, sizeof *c + count * sizeof c->buckets[0]);
    if (c == NULL)
        return HF_ENOMEM;
    hf_assert(pthread_mutex_init(&c->lock, NULL) == 0);
    c->ways = ways;
    c->count = count;
    *ret = c;
    return 0;
}

void hf_verify_cache_free(struct hf_verify_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < cache->count; i++)
        for (size_t j = 0; j < cache->ways; j++)
            hf__machine_unref(cache->buckets[i].way[j]);
    hf_assert(pthread_mutex_destroy(&cache->lock) == 0);
    free(cache);
}

/* FNV-1a. Only verified chains are kept, so a peer cannot aim at a bucket with chains of its own
 * making. */
static uint64_t tag_of(struct hf_bytes pem)
{
    uint64_t tag = UINT64_C(0xcbf29ce484222325);
    size_t len = pem.len < TAG_LEN ? pem.len : TAG_LEN;
    for (size_t i = 0; i < len; i++)
        tag = (tag ^ pem.data[i]) * UINT64_C(0x100000001b3);
    return tag ^ pem.len;
}

void hf__cache_find(struct hf_verify_cache *cache, const struct hf_quote *quote,
                    struct hf__machine **ret_machine, struct hf__pck_chain **ret_chain)
{
    struct hf_bytes section = hf__machine_section(quote);
    *ret_machine = NULL;
    *ret_chain = NULL;
    if (cache == NULL || section.len == 0)
        return;
    uint64_t tag = tag_of(quote->certification);
    struct bucket *b = &cache->buckets[tag % cache->count];
    hf_assert(pthread_mutex_lock(&cache->lock) == 0);
    for (size_t i = 0; i < cache->ways && *ret_machine == NULL; i++) {
        struct hf__machine *m = b->way[i];
        if (m == NULL || m->tag != tag || !hf_bytes_equal(m->pem, quote->certification))
            continue;
        if (*ret_chain == NULL)
            *ret_chain = hf__pck_chain_ref(m->chain);
        if (hf_bytes_equal(m->section, section)) {
            atomic_fetch_add(&m->refs, 1);
            *ret_machine = m;
        }
    }
    hf_assert(pthread_mutex_unlock(&cache->lock) == 0);
}

/* A machine with its own copy of the section; NULL when out of memory. */
static struct hf__machine *remember(const struct hf_quote *quote, struct hf__pck_chain *chain,
                                    EVP_PKEY *attestation_key)
{
    struct hf_bytes section = hf__machine_section(quote);
    struct hf__machine *m = malloc(sizeof *m + section.len);
    if (m == NULL)
        return NULL;
    uint8_t *copy = (uint8_t *)(m + 1);
    memcpy(copy, section.data, section.len);
    atomic_init(&m->refs, 1);
    m->tag = tag_of(quote->certification);
    m->section = hf_bytes_of(copy, section.len);
    m->pem =
        hf_bytes_of(copy + (quote->certification.data - section.data), quote->certification.len);
    m->chain = hf__pck_chain_ref(chain);
    m->attestation_key = hf__p256_ref(attestation_key);
    return m;
}

/* Whether the bucket has the same machine: two threads may have verified it at once. */
static bool has(const struct hf_verify_cache *cache, const struct bucket *b,
                const struct hf__machine *m)
{
    for (size_t i = 0; i < cache->ways; i++)
        if (b->way[i] != NULL && b->way[i]->tag == m->tag &&
            hf_bytes_equal(b->way[i]->section, m->section))
            return true;
    return false;
}

void hf__cache_add(struct hf_verify_cache *cache, const struct hf_quote *quote,
                   struct hf__pck_chain *chain, EVP_PKEY *attestation_key)
{
    if (cache == NULL || hf__machine_section(quote).len > SECTION_MAX)
        return;
    struct hf__machine *m = remember(quote, chain, attestation_key);
    if (m == NULL)
        return;
    struct bucket *b = &cache->buckets[m->tag % cache->count];
    hf_assert(pthread_mutex_lock(&cache->lock) == 0);
    if (!has(cache, b, m)) {
        struct hf__machine *gone = b->way[b->oldest];
        b->way[b->oldest] = m;
        b->oldest = (b->oldest + 1) % (unsigned)cache->ways;
        m = gone;
    }
    hf_assert(pthread_mutex_unlock(&cache->lock) == 0);
    hf__machine_unref(m);
}
