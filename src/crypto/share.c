#include "ops.h"
#include "scalar.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

int hf__deal(struct hf_rng *rng, const uint8_t secret[static HF_SCALAR_LEN],
             struct hf_sharing sharing, uint8_t *ret_shares, uint8_t *ret_commitments)
{
    uint8_t coefficients[HF_SHARES_MAX * HF_SCALAR_LEN], shares[HF_SHARES_MAX * HF_SCALAR_LEN];
    uint8_t commitments[HF_SHARES_MAX * HF_POINT_LEN];
    const size_t k = sharing.k, n = sharing.n;

    if (k == 0 || k > n || n > HF_SHARES_MAX)
        return HF_EINVAL;
    if (!hf__scalar_valid(secret))
        return HF_ESCALAR;

    /* A coefficient of zero would be committed to by the identity, and a share of zero tells
     * itself. */
    bool zero;
    memcpy(coefficients, secret, HF_SCALAR_LEN);
    do {
        zero = false;
        for (size_t j = 1; j < k; j++)
            hf__scalar_random(rng, coefficients + j * HF_SCALAR_LEN);
        for (size_t i = 0; i < n; i++) {
            uint8_t *share = shares + i * HF_SCALAR_LEN;
            hf__scalar_polynomial(coefficients, k, (uint8_t)(i + 1), share);
            zero |= sodium_is_zero(share, HF_SCALAR_LEN);
        }
    } while (zero);
    for (size_t j = 0; j < k; j++)
        hf__point_of(commitments + j * HF_POINT_LEN, coefficients + j * HF_SCALAR_LEN);

    memcpy(ret_shares, shares, n * HF_SCALAR_LEN);
    memcpy(ret_commitments, commitments, k * HF_POINT_LEN);
    hf_wipe(coefficients, sizeof coefficients);
    hf_wipe(shares, sizeof shares);
    return 0;
}

/* libsodium 1.0.18 overlooks the highest bit, which RFC 9496 (4.3.1) wants clear; two encodings of
 * one commitment would make two transcripts of one dealing. */
bool hf__point_valid(const uint8_t point[static HF_POINT_LEN])
{
    return (point[HF_POINT_LEN - 1] & 0x80) == 0 && !sodium_is_zero(point, HF_POINT_LEN) &&
           crypto_core_ristretto255_is_valid_point(point) == 1;
}

/*
 * point := factor * point, for public values. Up to 5 it takes at most three additions, which cost
 * less than the library's multiplication by a scalar of full size.
 */
static int small_multiple(uint8_t point[static HF_POINT_LEN], uint8_t factor)
{
    uint8_t product[HF_POINT_LEN], scalar[HF_SCALAR_LEN];
    int r = 0;

    /* The library calls the identity an error when it multiplies. */
    if (factor == 1 || sodium_is_zero(point, HF_POINT_LEN))
        return 0;
    if (factor > 5) {
        hf__scalar_small(factor, scalar);
        r = crypto_scalarmult_ristretto255(product, scalar, point);
    } else {
        r = crypto_core_ristretto255_add(product, point, point);
        if (r == 0 && factor >= 4)
            r = crypto_core_ristretto255_add(product, product, product);
        if (r == 0 && factor % 2 == 1)
            r = crypto_core_ristretto255_add(product, product, point);
    }
    if (r != 0)
        return HF_EPOINT;
    memcpy(point, product, sizeof product);
    return 0;
}

int hf__public_share(uint8_t index, uint8_t k, const uint8_t *commitments,
                     uint8_t ret_point[static HF_POINT_LEN])
{
    uint8_t point[HF_POINT_LEN];

    if (index == 0 || index > HF_SHARES_MAX || k == 0 || k > HF_SHARES_MAX)
        return HF_EINVAL;
    for (size_t j = 0; j < k; j++) {
        const uint8_t *commitment = commitments + j * HF_POINT_LEN;
        if (!hf__point_valid(commitment))
            return HF_EPOINT;
    }

    memcpy(point, commitments + (size_t)(k - 1) * HF_POINT_LEN, sizeof point);
    for (size_t j = k - 1u; j > 0; j--) {
        int r = small_multiple(point, index);
        if (r < 0)
            return r;
        if (crypto_core_ristretto255_add(point, point, commitments + (j - 1) * HF_POINT_LEN) != 0)
            return HF_EPOINT;
    }
    memcpy(ret_point, point, sizeof point);
    return 0;
}

int hf__share_check(const uint8_t share[static HF_SCALAR_LEN], uint8_t index, uint8_t k,
                    const uint8_t *commitments)
{
    uint8_t committed[HF_POINT_LEN], point[HF_POINT_LEN];

    int r = hf__public_share(index, k, commitments, committed);
    if (r < 0)
        return r;
    if (!hf__scalar_valid(share))
        return HF_ESCALAR;
    hf__point_of(point, share);
    r = hf_secret_equal(point, committed, sizeof point) ? 0 : HF_ESHARE;
    /* Wipe the public half too: a share that does not fit may belong to another generation. */
    hf_wipe(point, sizeof point);
    return r;
}

int hf__secret_check(const uint8_t secret[static HF_SCALAR_LEN],
                     const uint8_t commitment[static HF_POINT_LEN])
{
    uint8_t point[HF_POINT_LEN];

    /* Not reduced, it would be the same scalar and yet derive other keys. */
    if (!hf__scalar_valid(secret))
        return HF_ESHARE;
    hf__point_of(point, secret);
    int r = hf_secret_equal(point, commitment, sizeof point) ? 0 : HF_ESHARE;
    hf_wipe(point, sizeof point);
    return r;
}
