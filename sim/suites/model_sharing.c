/* Shamir, Feldman and Schnorr over the integers modulo 2^61 - 1. */
#include "suites/model.h"

#include "suites/cost.h"

#include "base/error.h"

static uint64_t evaluate(const uint64_t *c, uint8_t k, uint64_t x)
{
    uint64_t y = 0;
    for (uint8_t i = k; i > 0; i--)
        y = hf__model_add(hf__model_mul(y, x), c[i - 1]);
    return y;
}

int hf__model_deal(struct hf_rng *rng, const uint8_t secret[static HF_SCALAR_LEN],
                   struct hf_sharing sharing, uint8_t *ret_shares, uint8_t *ret_commitments)
{
    uint64_t c[HF_SHARES_MAX];
    if (sharing.k == 0 || sharing.k > sharing.n || sharing.n > HF_SHARES_MAX)
        return HF_EINVAL;
    if (hf__model_get(secret, HF__MODEL_SCALAR, &c[0]) != 0)
        return HF_ESCALAR;
    bool zero;
    do {
        for (uint8_t i = 1; i < sharing.k; i++) {
            uint8_t bytes[HF_SCALAR_LEN];
            hf__model_scalar_random(rng, bytes);
            memcpy(&c[i], bytes, sizeof c[i]);
        }
        zero = false;
        for (uint8_t i = 1; i <= sharing.n; i++) {
            uint64_t y = evaluate(c, sharing.k, i);
            zero = zero || y == 0;
            hf__model_put(y, HF__MODEL_SCALAR, ret_shares + (size_t)(i - 1) * HF_SCALAR_LEN);
        }
    } while (zero);
    for (uint8_t i = 0; i < sharing.k; i++)
        hf__model_put(hf__model_mul(c[i], HF__MODEL_G), HF__MODEL_POINT,
                      ret_commitments + (size_t)i * HF_POINT_LEN);
    hf__cost_add(HF_WORLD_BASE_MULT, sharing.k, 0);
    return 0;
}

int hf__model_public_share(uint8_t index, uint8_t k, const uint8_t *commitments, uint64_t *ret)
{
    uint64_t c[HF_SHARES_MAX];
    if (index == 0 || index > HF_SHARES_MAX || k == 0 || k > HF_SHARES_MAX)
        return HF_EINVAL;
    for (uint8_t i = 0; i < k; i++) {
        if (hf__model_get(commitments + (size_t)i * HF_POINT_LEN, HF__MODEL_POINT, &c[i]) != 0)
            return HF_EPOINT;
    }
    hf__cost_add(HF_WORLD_POINT_MULT, k - 1u, 0);
    *ret = evaluate(c, k, index);
    return 0;
}

int hf__model_share_check(const uint8_t share[static HF_SCALAR_LEN], uint8_t index, uint8_t k,
                          const uint8_t *commitments)
{
    uint64_t s, expected;
    int r = hf__model_public_share(index, k, commitments, &expected);
    if (r != 0)
        return r;
    if (hf__model_get(share, HF__MODEL_SCALAR, &s) != 0)
        return HF_ESCALAR;
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    return hf__model_mul(s, HF__MODEL_G) == expected ? 0 : HF_ESHARE;
}

/* The polynomial through count points, at zero. */
static uint64_t interpolate(const uint64_t *x, const uint64_t *y, uint8_t count)
{
    uint64_t sum = 0;
    for (uint8_t i = 0; i < count; i++) {
        uint64_t over = 1, under = 1;
        for (uint8_t j = 0; j < count; j++) {
            if (j == i)
                continue;
            over = hf__model_mul(over, x[j]);
            under = hf__model_mul(under, hf__model_sub(x[j], x[i]));
        }
        sum =
            hf__model_add(sum, hf__model_mul(y[i], hf__model_mul(over, hf__model_inverse(under))));
    }
    return sum;
}

int hf__model_combine(uint8_t k, const uint8_t *commitments, size_t count, const uint8_t *indices,
                      const uint8_t *shares, uint8_t ret_secret[static HF_SCALAR_LEN],
                      uint32_t *ret_bad)
{
    uint64_t x[HF_SHARES_MAX], y[HF_SHARES_MAX];
    uint32_t bad = 0, seen = 0;
    uint8_t good = 0;
    if (k == 0 || k > HF_SHARES_MAX || count > 32)
        return HF_EINVAL;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *share = shares + i * HF_SCALAR_LEN;
        int r = hf__model_share_check(share, indices[i], k, commitments);
        if (r == HF_EPOINT)
            return r;
        if (r != 0) {
            bad |= UINT32_C(1) << i;
            continue;
        }
        if ((seen >> indices[i] & 1) != 0 || good == k)
            continue;
        seen |= UINT32_C(1) << indices[i];
        x[good] = indices[i];
        memcpy(&y[good++], share, sizeof y[0]);
    }
    *ret_bad = bad;
    if (good < k)
        return HF_EFEWSHARES;
    hf__model_put(interpolate(x, y, k), HF__MODEL_SCALAR, ret_secret);
    return 0;
}

int hf__model_secret_check(const uint8_t secret[static HF_SCALAR_LEN],
                           const uint8_t commitment[static HF_POINT_LEN])
{
    uint64_t s, c;
    if (hf__model_get(secret, HF__MODEL_SCALAR, &s) != 0)
        return HF_ESHARE;
    if (hf__model_get(commitment, HF__MODEL_POINT, &c) != 0)
        return HF_ESHARE;
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    return hf__model_mul(s, HF__MODEL_G) == c ? 0 : HF_ESHARE;
}

static uint64_t challenge(uint64_t nonce_point, uint64_t public, struct hf_bytes context)
{
    struct hf__sponge s;
    uint64_t words[2] = {nonce_point, public};
    hf__sponge_init(&s, "schnorr");
    hf__sponge_absorb(&s, hf_bytes_of(words, sizeof words));
    hf__sponge_absorb(&s, context);
    uint64_t c = s.a & HF__MODEL_P;
    return c == 0 || c == HF__MODEL_P ? 1 : c;
}

int hf__model_prove(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                    struct hf_bytes context, uint8_t ret[static HF_PROOF_LEN])
{
    uint64_t s, nonce;
    uint8_t bytes[HF_SCALAR_LEN];
    if (hf__model_get(share, HF__MODEL_SCALAR, &s) != 0)
        return HF_ESCALAR;
    hf__model_scalar_random(rng, bytes);
    memcpy(&nonce, bytes, sizeof nonce);
    uint64_t c =
        challenge(hf__model_mul(nonce, HF__MODEL_G), hf__model_mul(s, HF__MODEL_G), context);
    hf__model_put(c, HF__MODEL_SCALAR, ret);
    hf__model_put(hf__model_add(nonce, hf__model_mul(c, s)), HF__MODEL_SCALAR, ret + HF_SCALAR_LEN);
    hf__cost_add(HF_WORLD_BASE_MULT, 2, 0);
    return 0;
}

int hf__model_proof_check(const uint8_t proof[static HF_PROOF_LEN], uint8_t index, uint8_t k,
                          const uint8_t *commitments, struct hf_bytes context)
{
    uint64_t c, z, public;
    int r = hf__model_public_share(index, k, commitments, &public);
    if (r != 0)
        return r;
    if (hf__model_get(proof, HF__MODEL_SCALAR, &c) != 0 ||
        hf__model_get(proof + HF_SCALAR_LEN, HF__MODEL_SCALAR, &z) != 0)
        return HF_EPROOF;
    hf__cost_add(HF_WORLD_POINT_MULT, 2, 0);
    uint64_t nonce_point = hf__model_sub(hf__model_mul(z, HF__MODEL_G), hf__model_mul(c, public));
    return challenge(nonce_point, public, context) == c ? 0 : HF_EPROOF;
}
