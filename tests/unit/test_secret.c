#include "base/secret.h"
#include "base/error.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* gcc and clang say it in two ways. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER
#endif
#elif defined __SANITIZE_ADDRESS__
#define UNDER_ADDRESS_SANITIZER
#endif

static void setup(void)
{
    cr_assert_eq(hf_secret_init(64 * 1024, true), 0);
}

Test(hf_secret, pieces_are_zeroed_and_reused, .init = setup)
{
    uint8_t *p = hf_secret_alloc(32);
    cr_assert_not_null(p);
    memset(p, 0xaa, 32);
    hf_secret_free(p);
    cr_assert_eq(hf_secret_used(), 0);
    uint8_t *q = hf_secret_alloc(32);
    cr_assert_eq(q, p);
    for (int i = 0; i < 32; i++)
        cr_assert_eq(q[i], 0);
    hf_secret_free(q);
}

Test(hf_secret, a_full_slab_gives_null_and_recovers, .init = setup)
{
    void *all[2048];
    size_t n = 0;
    while ((all[n] = hf_secret_alloc(64)) != NULL)
        n++;
    cr_assert_gt(n, 100);
    for (size_t i = 0; i < n; i += 2)
        hf_secret_free(all[i]);
    for (size_t i = 1; i < n; i += 2)
        hf_secret_free(all[i]);
    void *big = hf_secret_alloc(60 * 1024);
    cr_assert_not_null(big);
    hf_secret_free(big);
}

Test(hf_secret, a_write_past_the_end_aborts, .init = setup, .signal = SIGABRT)
{
    uint8_t *p = hf_secret_alloc(16);
    uint8_t *q = hf_secret_alloc(16);
    memset(p, 1, 24);
    hf_secret_free(p);
    hf_secret_free(q);
}

Test(hf_secret, equal_compares_all_bytes, .init = setup)
{
    cr_assert(hf_secret_equal("abcd", "abcd", 4));
    cr_assert_not(hf_secret_equal("abcd", "abce", 4));
}

Test(hf_secret_init, memory_that_cannot_be_locked_is_refused_where_it_must_be)
{
#ifdef UNDER_ADDRESS_SANITIZER
    cr_skip_test("AddressSanitizer replaces mlock by a call that does nothing and succeeds");
#endif
    /* The superuser may lock whatever the limit says. */
    cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}), 0);
    if (geteuid() == 0)
        cr_assert_eq(setresuid(65534, 65534, 65534), 0);
    cr_assert_eq(hf_secret_init(64 * 1024, true), HF_ELOCKED_MEMORY);
    cr_assert_eq(hf_secret_init(64 * 1024, false), 0);
}
