#include "ops.h"
#include "scalar.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

enum {
    COUNT_MAX = 32, /* bits of ret_bad */
};

/* What combine works with. Wiped as a whole. */
struct combination {
    uint8_t k;
    size_t picked; /* shares to interpolate, at most k */
    uint8_t indices[HF_SHARES_MAX];
    uint8_t shares[HF_SHARES_MAX][HF_SCALAR_LEN];
    uint8_t coefficients[HF_SHARES_MAX][HF_SCALAR_LEN];
};

static bool picked(const struct combination *c, uint8_t index)
{
    return memchr(c->indices, index, c->picked) != NULL;
}

/* Takes a share unless there are k already or one of its index. */
static void pick(struct combination *c, uint8_t index, const uint8_t *share)
{
    if (c->picked == c->k || picked(c, index))
        return;
    c->indices[c->picked] = index;
    memcpy(c->shares[c->picked], share, HF_SCALAR_LEN);
    c->picked++;
}

/* weights[i] := 1 / product over j != i of (x_i - x_j), with one inversion for all. Indices are
 * distinct. */
static void lagrange_weights(const struct combination *c, uint8_t weights[][HF_SCALAR_LEN])
{
    uint8_t differences[HF_SHARES_MAX][HF_SCALAR_LEN], all[HF_SCALAR_LEN], inverse[HF_SCALAR_LEN];

    hf__scalar_small(1, all);
    for (size_t i = 0; i < c->k; i++) {
        uint8_t xi[HF_SCALAR_LEN], xj[HF_SCALAR_LEN], difference[HF_SCALAR_LEN];
        hf__scalar_small(c->indices[i], xi);
        hf__scalar_small(1, differences[i]);
        for (size_t j = 0; j < c->k; j++) {
            if (j == i)
                continue;
            hf__scalar_small(c->indices[j], xj);
            crypto_core_ristretto255_scalar_sub(difference, xi, xj);
            crypto_core_ristretto255_scalar_mul(differences[i], differences[i], difference);
        }
        crypto_core_ristretto255_scalar_mul(all, all, differences[i]);
    }
    hf__scalar_invert(inverse, all);
    for (size_t i = 0; i < c->k; i++) {
        memcpy(weights[i], inverse, HF_SCALAR_LEN);
        for (size_t j = 0; j < c->k; j++) {
            if (j != i)
                crypto_core_ristretto255_scalar_mul(weights[i], weights[i], differences[j]);
        }
    }
}

/* ret: the k + 1 coefficients of the product over j of (x - x_j). */
static void master_polynomial(const struct combination *c, uint8_t ret[][HF_SCALAR_LEN])
{
    uint8_t x[HF_SCALAR_LEN], term[HF_SCALAR_LEN];

    memset(ret, 0, (c->k + 1u) * sizeof ret[0]);
    hf__scalar_small(1, ret[0]);
    for (size_t j = 0; j < c->k; j++) {
        hf__scalar_small(c->indices[j], x);
        for (size_t m = j + 1; m > 0; m--) {
            crypto_core_ristretto255_scalar_mul(term, ret[m], x);
            crypto_core_ristretto255_scalar_sub(ret[m], ret[m - 1], term);
        }
        crypto_core_ristretto255_scalar_mul(term, ret[0], x);
        crypto_core_ristretto255_scalar_negate(ret[0], term);
    }
}

/*
 * The polynomial through the k picked shares: the sum of share_i * weight_i * (product over j != i
 * of (x - x_j)), where each of these products is the master polynomial divided by (x - x_i).
 */
static void interpolate(struct combination *c)
{
    uint8_t weights[HF_SHARES_MAX][HF_SCALAR_LEN], master[HF_SHARES_MAX + 1][HF_SCALAR_LEN];
    uint8_t x[HF_SCALAR_LEN], quotient[HF_SCALAR_LEN], factor[HF_SCALAR_LEN], term[HF_SCALAR_LEN];

    lagrange_weights(c, weights);
    master_polynomial(c, master);
    memset(c->coefficients, 0, sizeof c->coefficients);
    for (size_t i = 0; i < c->k; i++) {
        hf__scalar_small(c->indices[i], x);
        crypto_core_ristretto255_scalar_mul(factor, c->shares[i], weights[i]);
        memcpy(quotient, master[c->k], sizeof quotient);
        for (size_t m = c->k; m > 0; m--) {
            crypto_core_ristretto255_scalar_mul(term, quotient, factor);
            crypto_core_ristretto255_scalar_add(c->coefficients[m - 1], c->coefficients[m - 1],
                                                term);
            crypto_core_ristretto255_scalar_mul(quotient, quotient, x);
            crypto_core_ristretto255_scalar_add(quotient, quotient, master[m - 1]);
        }
    }
    hf_wipe(factor, sizeof factor);
    hf_wipe(term, sizeof term);
}

/* Whether the interpolated polynomial is the committed one: then, and only then, all k shares lie
 * on it. */
static bool coefficients_committed(const struct combination *c, const uint8_t *commitments)
{
    for (size_t j = 0; j < c->k; j++) {
        if (hf__secret_check(c->coefficients[j], commitments + j * HF_POINT_LEN) != 0)
            return false;
    }
    return true;
}

/*
 * Checks every share by itself and picks good ones. ret_bad gains the wrong ones.
 * HF_EPOINT, HF_EFEWSHARES: as combine.
 */
static int pick_checked(struct combination *c, const uint8_t *commitments, size_t count,
                        const uint8_t *indices, const uint8_t *shares, uint32_t *bad)
{
    uint8_t point[HF_POINT_LEN];

    /* The commitments are judged even when no share is left to judge them with. */
    int r = hf__public_share(1, c->k, commitments, point);
    if (r < 0)
        return r;
    c->picked = 0;
    for (size_t i = 0; i < count; i++) {
        if ((*bad & UINT32_C(1) << i) != 0)
            continue;
        const uint8_t *share = shares + i * HF_SCALAR_LEN;
        if (hf__share_check(share, indices[i], c->k, commitments) == 0)
            pick(c, indices[i], share);
        else
            *bad |= UINT32_C(1) << i;
    }
    return c->picked == c->k ? 0 : HF_EFEWSHARES;
}

/* Compares every share with the committed polynomial, now known. */
static uint32_t unfitting(const struct combination *c, size_t count, const uint8_t *indices,
                          const uint8_t *shares, uint32_t bad)
{
    uint8_t share[HF_SCALAR_LEN];

    for (size_t i = 0; i < count; i++) {
        if ((bad & UINT32_C(1) << i) != 0)
            continue;
        hf__scalar_polynomial((const uint8_t *)c->coefficients, c->k, indices[i], share);
        if (!hf_secret_equal(share, shares + i * HF_SCALAR_LEN, sizeof share))
            bad |= UINT32_C(1) << i;
    }
    hf_wipe(share, sizeof share);
    return bad;
}

int hf__combine(uint8_t k, const uint8_t *commitments, size_t count, const uint8_t *indices,
                const uint8_t *shares, uint8_t ret_secret[static HF_SCALAR_LEN], uint32_t *ret_bad)
{
    struct combination c = {.k = k};
    uint32_t bad = 0;
    int r = 0;

    if (k == 0 || k > HF_SHARES_MAX || count > COUNT_MAX)
        return HF_EINVAL;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *share = shares + i * HF_SCALAR_LEN;
        if (indices[i] >= 1 && indices[i] <= HF_SHARES_MAX && hf__scalar_valid(share))
            pick(&c, indices[i], share);
        else
            bad |= UINT32_C(1) << i;
    }

    /*
     * Nearly always all shares are good: then interpolating first costs k base multiplications,
     * where checking each share costs many times that. Nothing is believed before the result fits
     * every commitment.
     */
    if (c.picked == k)
        interpolate(&c);
    if (c.picked < k || !coefficients_committed(&c, commitments)) {
        r = pick_checked(&c, commitments, count, indices, shares, &bad);
        if (r == HF_EFEWSHARES)
            *ret_bad = bad;
        if (r < 0)
            goto out;
        interpolate(&c);
        hf_assert(coefficients_committed(&c, commitments));
    }
    *ret_bad = unfitting(&c, count, indices, shares, bad);
    memcpy(ret_secret, c.coefficients[0], HF_SCALAR_LEN);
out:
    hf_wipe(&c, sizeof c);
    return r;
}
