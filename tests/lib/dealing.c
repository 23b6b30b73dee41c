#include "dealing.h"

#include <criterion/criterion.h>

void dealing_make(struct dealing *ret, uint8_t seed, uint8_t k, uint8_t n)
{
    const struct hf_suite *suite = &hf_suite_real;
    const uint8_t bytes[HF_RNG_SEED_LEN] = {seed, k, n};
    hf_rng_init(&ret->rng, bytes);
    suite->scalar_random(&ret->rng, ret->secret);
    cr_assert_eq(suite->deal(&ret->rng, ret->secret, (struct hf_sharing){.k = k, .n = n},
                             ret->shares[0], ret->commitments),
                 0);
}
