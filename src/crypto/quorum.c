#include "crypto/quorum.h"
#include "crypto/kdf.h"
#include "ops.h"
#include "scalar.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

static const char key_label[] = "holdfast/v1/quorum-key";
static const char challenge_label[] = "holdfast/v1/partial-challenge";
static const char nonce_label[] = "holdfast/v1/partial-nonce";

int hf_quorum_commitments_check(uint8_t k, uint8_t n, const uint8_t *commitments)
{
    uint8_t public_share[HF_POINT_LEN];

    if (n == 0 || n > HF_SHARES_MAX || k > n)
        return HF_EINVAL;
    for (uint8_t i = 1; i <= n; i++) {
        int r = hf__public_share(i, k, commitments, public_share);
        if (r < 0)
            return r;
        if (sodium_is_zero(public_share, sizeof public_share))
            return HF_EPOINT;
    }
    return 0;
}

/* The key for one body. point: r * Q, secret. */
static void body_key(const uint8_t point[static HF_POINT_LEN],
                     const uint8_t c1[static HF_POINT_LEN], struct hf_bytes context,
                     uint8_t ret[static HF_AEAD_KEY_LEN])
{
    const struct hf_bytes ikm = hf_bytes_of(point, HF_POINT_LEN);
    const struct hf_bytes info[] = {hf_bytes_of(key_label, sizeof key_label - 1),
                                    hf_bytes_of(c1, HF_POINT_LEN), context};
    uint8_t prk[HF_HMAC_LEN];

    hf_hkdf_extract((struct hf_bytes){0}, 1, &ikm, prk);
    int r = hf_hkdf_expand(prk, HF_ARRAY_LEN(info), info, ret, HF_AEAD_KEY_LEN);
    hf_assert(r == 0);
    hf_wipe(prk, sizeof prk);
}

/* A key serves one body: so the nonce is zero. */
static const uint8_t no_nonce[HF_AEAD_NONCE_LEN];

int hf_quorum_seal(struct hf_rng *rng, const uint8_t key[static HF_POINT_LEN],
                   struct hf_bytes context, struct hf_bytes plain,
                   uint8_t ret_c1[static HF_POINT_LEN], uint8_t *ret_body,
                   uint8_t ret_r[static HF_SCALAR_LEN])
{
    uint8_t r[HF_SCALAR_LEN], c1[HF_POINT_LEN], point[HF_POINT_LEN], aead_key[HF_AEAD_KEY_LEN];

    hf_assert(plain.len >= 1 && plain.len <= HF_QUORUM_PLAIN_MAX);
    if (!hf__point_valid(key))
        return HF_EPOINT;
    hf__scalar_random(rng, r);
    hf__point_of(c1, r);
    hf__point_multiply(point, r, key);
    body_key(point, c1, context, aead_key);
    hf_aead_seal(HF_AEAD_CHACHA20POLY1305, aead_key, no_nonce, context, plain, ret_body);
    memcpy(ret_c1, c1, sizeof c1);
    memcpy(ret_r, r, sizeof r);
    hf_wipe(r, sizeof r);
    hf_wipe(point, sizeof point);
    hf_wipe(aead_key, sizeof aead_key);
    return 0;
}

/* What a proof of equal logarithms is about, all of it public. */
struct equality {
    uint8_t public_share[HF_POINT_LEN]; /* S = s * B */
    const uint8_t *c1;
    uint8_t partial[HF_POINT_LEN]; /* P = s * C1 */
    struct hf_bytes context;
};

static void challenge(const struct equality *e, const uint8_t a[static HF_POINT_LEN],
                      const uint8_t b[static HF_POINT_LEN], uint8_t ret[static HF_SCALAR_LEN])
{
    const struct hf_bytes pieces[] = {hf_bytes_of(e->public_share, HF_POINT_LEN),
                                      hf_bytes_of(e->c1, HF_POINT_LEN),
                                      hf_bytes_of(e->partial, HF_POINT_LEN),
                                      hf_bytes_of(a, HF_POINT_LEN),
                                      hf_bytes_of(b, HF_POINT_LEN),
                                      e->context};
    hf__scalar_hash((struct hf_bytes){0}, challenge_label, HF_ARRAY_LEN(pieces), pieces, ret);
}

/* The nonce depends on share, point and context too, as that of proof.c does and why. */
static void nonce(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                  const struct equality *e, uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t fresh[HF_SCALAR_LEN];
    const struct hf_bytes pieces[] = {hf_bytes_of(fresh, sizeof fresh),
                                      hf_bytes_of(e->public_share, HF_POINT_LEN),
                                      hf_bytes_of(e->c1, HF_POINT_LEN), e->context};
    hf_rng_draw(rng, fresh, sizeof fresh);
    hf__scalar_hash(hf_bytes_of(share, HF_SCALAR_LEN), nonce_label, HF_ARRAY_LEN(pieces), pieces,
                    ret);
    hf_wipe(fresh, sizeof fresh);
}

int hf_quorum_partial(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                      const uint8_t c1[static HF_POINT_LEN], struct hf_bytes context,
                      uint8_t ret[static HF_PARTIAL_LEN])
{
    struct equality e = {.c1 = c1, .context = context};
    uint8_t t[HF_SCALAR_LEN], a[HF_POINT_LEN], b[HF_POINT_LEN];
    uint8_t c[HF_SCALAR_LEN], z[HF_SCALAR_LEN], product[HF_SCALAR_LEN];

    if (!hf__scalar_valid(share))
        return HF_ESCALAR;
    if (!hf__point_valid(c1))
        return HF_EPOINT;
    hf__point_of(e.public_share, share);
    hf__point_multiply(e.partial, share, c1);
    do {
        nonce(rng, share, &e, t);
        if (sodium_is_zero(t, sizeof t))
            continue;
        hf__point_of(a, t);
        hf__point_multiply(b, t, c1);
        challenge(&e, a, b, c);
        crypto_core_ristretto255_scalar_mul(product, c, share);
        crypto_core_ristretto255_scalar_add(z, t, product);
    } while (sodium_is_zero(t, sizeof t) || sodium_is_zero(c, sizeof c) ||
             sodium_is_zero(z, sizeof z));

    memcpy(ret, e.partial, HF_POINT_LEN);
    memcpy(ret + HF_POINT_LEN, c, sizeof c);
    memcpy(ret + HF_POINT_LEN + sizeof c, z, sizeof z);
    hf_wipe(t, sizeof t);
    hf_wipe(product, sizeof product);
    hf_wipe(&e, sizeof e);
    return 0;
}

/* z * base - c * point: what the prover's commitment was, if the proof is right. */
static int recompute(const uint8_t z_base[static HF_POINT_LEN],
                     const uint8_t c[static HF_SCALAR_LEN],
                     const uint8_t point[static HF_POINT_LEN], uint8_t ret[static HF_POINT_LEN])
{
    uint8_t product[HF_POINT_LEN];
    if (crypto_scalarmult_ristretto255(product, c, point) != 0)
        return HF_EPROOF;
    return crypto_core_ristretto255_sub(ret, z_base, product) == 0 ? 0 : HF_EPROOF;
}

int hf_quorum_partial_check(const uint8_t partial[static HF_PARTIAL_LEN], uint8_t index, uint8_t k,
                            const uint8_t *commitments, const uint8_t c1[static HF_POINT_LEN],
                            struct hf_bytes context)
{
    const uint8_t *c = partial + HF_POINT_LEN, *z = c + HF_SCALAR_LEN;
    struct equality e = {.c1 = c1, .context = context};
    uint8_t a[HF_POINT_LEN], b[HF_POINT_LEN], zb[HF_POINT_LEN], zc1[HF_POINT_LEN];
    uint8_t want[HF_SCALAR_LEN];

    int r = hf__public_share(index, k, commitments, e.public_share);
    if (r < 0)
        return r;
    if (!hf__point_valid(c1) || !hf__point_valid(partial))
        return HF_EPOINT;
    if (sodium_is_zero(e.public_share, HF_POINT_LEN) || !hf__scalar_valid(c) ||
        !hf__scalar_valid(z))
        return HF_EPROOF;
    memcpy(e.partial, partial, HF_POINT_LEN);
    hf__point_of(zb, z);
    hf__point_multiply(zc1, z, c1);
    r = recompute(zb, c, e.public_share, a);
    if (r == 0)
        r = recompute(zc1, c, e.partial, b);
    if (r < 0)
        return r;
    challenge(&e, a, b, want);
    return hf_secret_equal(want, c, sizeof want) ? 0 : HF_EPROOF;
}

/* lambda := product over j != i of x_j / (x_j - x_i), for the value at zero. Indices are public. */
static void lagrange_at_zero(uint8_t k, const uint8_t *indices, size_t i,
                             uint8_t ret[static HF_SCALAR_LEN])
{
    uint8_t above[HF_SCALAR_LEN], below[HF_SCALAR_LEN], xi[HF_SCALAR_LEN], xj[HF_SCALAR_LEN];
    uint8_t difference[HF_SCALAR_LEN];

    hf__scalar_small(indices[i], xi);
    hf__scalar_small(1, above);
    hf__scalar_small(1, below);
    for (size_t j = 0; j < k; j++) {
        if (j == i)
            continue;
        hf__scalar_small(indices[j], xj);
        crypto_core_ristretto255_scalar_mul(above, above, xj);
        crypto_core_ristretto255_scalar_sub(difference, xj, xi);
        crypto_core_ristretto255_scalar_mul(below, below, difference);
    }
    hf__scalar_invert(below, below);
    crypto_core_ristretto255_scalar_mul(ret, above, below);
}

static bool indices_ok(uint8_t k, const uint8_t *indices)
{
    if (k == 0 || k > HF_SHARES_MAX)
        return false;
    for (size_t i = 0; i < k; i++)
        if (indices[i] == 0 || indices[i] > HF_SHARES_MAX || memchr(indices, indices[i], i) != NULL)
            return false;
    return true;
}

int hf_quorum_open(uint8_t k, const uint8_t *indices, const uint8_t *partials,
                   const uint8_t c1[static HF_POINT_LEN], struct hf_bytes context,
                   struct hf_bytes body, uint8_t *ret)
{
    uint8_t point[HF_POINT_LEN] = {0}, part[HF_POINT_LEN], lambda[HF_SCALAR_LEN];
    uint8_t key[HF_AEAD_KEY_LEN];
    int r = 0;

    if (!indices_ok(k, indices))
        return HF_EINVAL;
    for (size_t i = 0; i < k && r == 0; i++) {
        const uint8_t *partial = partials + i * HF_PARTIAL_LEN;
        if (!hf__point_valid(partial))
            r = HF_EPOINT;
        lagrange_at_zero(k, indices, i, lambda);
        if (r == 0 && (crypto_scalarmult_ristretto255(part, lambda, partial) != 0 ||
                       crypto_core_ristretto255_add(point, point, part) != 0))
            r = HF_EPOINT;
    }
    if (r == 0) {
        body_key(point, c1, context, key);
        r = hf_aead_open(HF_AEAD_CHACHA20POLY1305, key, no_nonce, context, body, ret);
    }
    hf_wipe(point, sizeof point);
    hf_wipe(part, sizeof part);
    hf_wipe(key, sizeof key);
    return r;
}
