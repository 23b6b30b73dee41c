/* Verification when memory runs out at each allocation in turn, once and for good; and from several
 * threads. */
#include "base/error.h"
#include "dev_world.h"
#include "fail_alloc.h"

#include <criterion/criterion.h>
#include <pthread.h>

enum { ALLOCATIONS_MAX = 500, THREADS = 4, ROUNDS = 50 };

/* The documents of a world as a source of collateral. */
static struct hf_collateral_source source_of(const struct dev_world *w, struct hf_bytes *info)
{
    *info = hf_buf_bytes(&w->documents.tcb_info);
    return (struct hf_collateral_source){
        .qe_identity = hf_buf_bytes(&w->documents.qe_identity),
        .tcb_infos = info,
        .tcb_info_count = 1,
        .tcb_signing_chain = hf_buf_bytes(&w->documents.tcb_signing_chain),
        .pck_lists = {{hf_buf_bytes(&w->documents.pck_crl),
                       hf_buf_bytes(&w->documents.pck_crl_issuer_chain)}},
        .root_ca_crl = hf_buf_bytes(&w->documents.root_ca_crl),
    };
}

/* Collateral, cache, merge and verdict from nothing; 0 only when all of it went well. */
static int whole_way(const struct dev_world *w)
{
    struct hf_bytes info;
    const struct hf_collateral_source source = source_of(w, &info);
    const struct hf_roots roots = {.trust = HF_TRUST_DEV, .dev_key = w->root_key};
    struct hf_collateral *c = NULL, *merged = NULL;
    struct hf_verify_cache *cache = NULL;
    struct hf_verdict v = {0};
    int r = hf_collateral_new(&source, &roots, &c);
    if (r == 0)
        r = hf_verify_cache_new(4, &cache);
    if (r == 0)
        r = hf_collateral_merge(c, c, w->now_s, &merged, NULL);
    for (int i = 0; r == 0 && i < 2; i++) {
        const struct hf_verify_params params = {
            .at_s = w->now_s, .roots = roots, .collateral = merged, .cache = cache};
        r = hf_quote_verify(hf_buf_bytes(&w->quote), &params, &v, NULL);
        cr_assert(r != 0 || v.error == 0, "%s", hf_error_name(v.error));
    }
    hf_verify_cache_free(cache);
    hf_collateral_unref(merged);
    hf_collateral_unref(c);
    return r;
}

Test(hf_quote_verify, out_of_memory_is_told_and_passes)
{
    struct dev_world w;
    dev_world_init(&w);
    dev_world_make(&w);
    for (int persistent = 0; persistent < 2; persistent++) {
        bool failed = true;
        for (size_t i = 0; failed; i++) {
            cr_assert_lt(i, ALLOCATIONS_MAX);
            hf_fail_alloc_at(i, persistent == 1);
            int r = whole_way(&w);
            failed = hf_fail_alloc_off();
            /* A machine that could not be remembered, or a list that could not be shortened, is no
             * loss. */
            cr_assert(r == 0 || r == HF_ENOMEM, "allocation %zu: %s", i, hf_error_name(r));
        }
    }
    cr_assert_eq(whole_way(&w), 0);
    /* The same set, after memory ran out while it was first read. */
    for (size_t i = 0; i < 40; i++) {
        dev_world_prepare(&w);
        struct hf_verdict v;
        const struct hf_verify_params params = {
            .at_s = w.now_s,
            .roots = {.trust = HF_TRUST_DEV, .dev_key = w.root_key},
            .collateral = w.collateral,
        };
        hf_fail_alloc_at(i, false);
        int r = hf_quote_verify(hf_buf_bytes(&w.quote), &params, &v, NULL);
        hf_fail_alloc_off();
        cr_assert(r == 0 || r == HF_ENOMEM);
        cr_assert_eq(dev_world_verify(&w, NULL, NULL).error, 0, "allocation %zu", i);
    }
    dev_world_done(&w);
}

struct shared {
    const struct dev_world *w;
    struct hf_verify_cache *cache;
};

static void *verify_often(void *arg)
{
    const struct shared *s = arg;
    uintptr_t failures = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct hf_verdict v;
        const struct hf_verify_params params = {
            .at_s = s->w->now_s,
            .roots = {.trust = HF_TRUST_DEV, .dev_key = s->w->root_key},
            .collateral = s->w->collateral,
            .cache = s->cache,
        };
        if (hf_quote_verify(hf_buf_bytes(&s->w->quote), &params, &v, NULL) != 0 || v.error != 0)
            failures++;
    }
    return (void *)failures;
}

Test(hf_quote_verify, threads_share_a_fresh_set_and_a_cache)
{
    struct dev_world w;
    struct shared s = {.w = &w};
    pthread_t threads[THREADS];
    dev_world_init(&w);
    dev_world_make(&w);
    for (int again = 0; again < 5; again++) {
        dev_world_prepare(&w); /* unread: the threads race to be the first */
        cr_assert_eq(hf_verify_cache_new(1, &s.cache), 0);
        for (size_t i = 0; i < THREADS; i++)
            cr_assert_eq(pthread_create(&threads[i], NULL, verify_often, &s), 0);
        for (size_t i = 0; i < THREADS; i++) {
            void *failures;
            cr_assert_eq(pthread_join(threads[i], &failures), 0);
            cr_assert_null(failures);
        }
        hf_verify_cache_free(s.cache);
    }
    dev_world_done(&w);
}
