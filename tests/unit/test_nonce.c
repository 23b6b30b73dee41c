/* Nonces that cost their maker no memory. */
#include "engine_harness.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct harness l;

static struct hf_bytes context(const char *s)
{
    return hf_bytes_of(s, strlen(s));
}

Test(hf__nonce_check, of_a_nonce_within_its_life)
{
    uint8_t a[40], b[40];
    harness_init(&l);
    harness_fresh(&l);
    hf__nonce_make(l.e, context("asker"), a);
    hf__nonce_make(l.e, context("asker"), b);
    cr_assert_arr_neq(a, b, 40);
    cr_assert_eq(hf__nonce_check(l.e, context("asker"), a), 0);
    cr_assert_eq(hf__nonce_check(l.e, context("asker"), b), 0);
    harness_tick(&l, hf_timing_default.nonce_life_ms);
    cr_assert_eq(hf__nonce_check(l.e, context("asker"), a), 0);
    harness_tick(&l, 1);
    cr_assert_eq(hf__nonce_check(l.e, context("asker"), a), HF_ENONCE);
    harness_done(&l);
}

Test(hf__nonce_check, of_a_nonce_for_something_else)
{
    uint8_t a[40];
    harness_init(&l);
    harness_fresh(&l);
    hf__nonce_make(l.e, context("asker"), a);
    cr_assert_eq(hf__nonce_check(l.e, context("another"), a), HF_ENONCE);
    cr_assert_eq(hf__nonce_check(l.e, context(""), a), HF_ENONCE);
    harness_done(&l);
}

Test(hf__nonce_check, of_a_nonce_with_any_bit_turned)
{
    uint8_t a[40];
    harness_init(&l);
    harness_fresh(&l);
    hf__nonce_make(l.e, context("asker"), a);
    for (size_t bit = 0; bit < 320; bit++) {
        a[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_eq(hf__nonce_check(l.e, context("asker"), a), HF_ENONCE, "bit %zu", bit);
        a[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cr_assert_eq(hf__nonce_check(l.e, context("asker"), a), 0);
    harness_done(&l);
}

Test(hf__nonce_check, of_a_nonce_from_before_a_lock)
{
    uint8_t a[40];
    harness_init(&l);
    harness_fresh(&l);
    hf__nonce_make(l.e, context("asker"), a);
    hf__life_lock(l.e);
    cr_assert_eq(hf__nonce_check(l.e, context("asker"), a), HF_ENONCE);
    harness_done(&l);
}
