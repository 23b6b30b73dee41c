/* The collateral that a daemon holds, while a thread is busy with the folder. */
#include "base/error.h"
#include "collateral_cache.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <time.h>

enum { PATIENCE_S = 10 };

static struct hf__collateral_cache *cache;
static int loads;
static bool answered;

/* What the loop does each second. */
static void *look(void *none)
{
    struct hf__held held;
    (void)none;
    hf__collateral_cache_held(cache, &held);
    hf__collateral_cache_forget(cache);
    return NULL;
}

/* The folder is slow: it is read when the loop has looked, or its patience is at its end. */
int __wrap_hf_collateral_load(const char *folder, const struct hf_roots *roots,
                              struct hf_collateral **ret);
int __wrap_hf_collateral_load(const char *folder, const struct hf_roots *roots,
                              struct hf_collateral **ret)
{
    pthread_t loop;
    struct timespec until;
    (void)folder, (void)roots, (void)ret;
    loads++;
    cr_assert_eq(pthread_create(&loop, NULL, look, NULL), 0);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    answered = pthread_timedjoin_np(loop, NULL, &until) == 0;
    return HF_ENOTFOUND;
}

Test(hf__collateral_cache, who_looks_at_it_waits_for_no_folder)
{
    const struct hf_roots intel = {.trust = HF_TRUST_INTEL};
    struct hf_collateral *c = NULL;
    cr_assert_eq(hf__collateral_cache_new("nowhere", true, &cache), 0);
    cr_assert_eq(hf__collateral_cache_get(cache, &intel, 1, &c), 0);
    cr_assert_null(c);
    cr_assert_eq(loads, 1);
    cr_assert(answered, "while the first quote has it read");
    cr_assert_eq(hf__collateral_cache_read(cache, 1), HF_ENOTFOUND);
    cr_assert_eq(loads, 2);
    cr_assert(answered, "while it is read again");
    hf__collateral_cache_free(cache);
}
