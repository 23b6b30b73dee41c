#include "scalar.h"

#include "base/secret.h"

#include <sodium.h>

/* May be zero, with a probability of 2^-252. */
static void scalar_reduce(const uint8_t wide[static 64], uint8_t ret[static HF_SCALAR_LEN])
{
    crypto_core_ristretto255_scalar_reduce(ret, wide);
}

void hf__scalar_hash(struct hf_bytes key, const char *label, size_t count,
                     const struct hf_bytes *pieces, uint8_t ret[static HF_SCALAR_LEN])
{
    crypto_generichash_blake2b_state state;
    uint8_t wide[64];
    const uint8_t label_len = (uint8_t)strlen(label);

    int r = crypto_generichash_blake2b_init(&state, key.data, key.len, sizeof wide);
    hf_assert(r == 0);
    crypto_generichash_blake2b_update(&state, &label_len, 1);
    crypto_generichash_blake2b_update(&state, (const uint8_t *)label, label_len);
    for (size_t i = 0; i < count; i++)
        if (pieces[i].len > 0)
            crypto_generichash_blake2b_update(&state, pieces[i].data, pieces[i].len);
    crypto_generichash_blake2b_final(&state, wide, sizeof wide);
    scalar_reduce(wide, ret);
    hf_wipe(&state, sizeof state);
    hf_wipe(wide, sizeof wide);
}

void hf__scalar_random(struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t wide[64];

    do {
        hf_rng_draw(rng, wide, sizeof wide);
        scalar_reduce(wide, ret);
    } while (sodium_is_zero(ret, HF_SCALAR_LEN));
    hf_wipe(wide, sizeof wide);
}

bool hf__scalar_valid(const uint8_t s[static HF_SCALAR_LEN])
{
    uint8_t wide[64] = {0}, reduced[HF_SCALAR_LEN];

    /* The library has no test for a reduced scalar in this version: reducing
     * must change nothing. */
    memcpy(wide, s, HF_SCALAR_LEN);
    scalar_reduce(wide, reduced);
    const bool same = hf_secret_equal(reduced, s, HF_SCALAR_LEN);
    const bool zero = sodium_is_zero(s, HF_SCALAR_LEN);
    hf_wipe(wide, sizeof wide);
    hf_wipe(reduced, sizeof reduced);
    return same && !zero;
}

void hf__scalar_small(uint8_t v, uint8_t ret[static HF_SCALAR_LEN])
{
    memset(ret, 0, HF_SCALAR_LEN);
    ret[0] = v;
}

void hf__scalar_polynomial(const uint8_t *coefficients, size_t count, uint8_t x,
                           uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t scalar[HF_SCALAR_LEN];

    hf__scalar_small(x, scalar);
    memcpy(ret, coefficients + (count - 1) * HF_SCALAR_LEN, HF_SCALAR_LEN);
    for (size_t j = count - 1; j > 0; j--) {
        crypto_core_ristretto255_scalar_mul(ret, ret, scalar);
        crypto_core_ristretto255_scalar_add(ret, ret, coefficients + (j - 1) * HF_SCALAR_LEN);
    }
}

void hf__scalar_invert(uint8_t ret[static HF_SCALAR_LEN], const uint8_t s[static HF_SCALAR_LEN])
{
    int r = crypto_core_ristretto255_scalar_invert(ret, s);
    hf_assert(r == 0);
}

void hf__point_of(uint8_t ret[static HF_POINT_LEN], const uint8_t s[static HF_SCALAR_LEN])
{
    int r = crypto_scalarmult_ristretto255_base(ret, s);
    hf_assert(r == 0);
}

void hf__point_multiply(uint8_t ret[static HF_POINT_LEN], const uint8_t s[static HF_SCALAR_LEN],
                        const uint8_t p[static HF_POINT_LEN])
{
    int r = crypto_scalarmult_ristretto255(ret, s, p);
    hf_assert(r == 0);
}
