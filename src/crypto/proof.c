#include "ops.h"
#include "scalar.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

/*
 * Schnorr's proof, made non-interactive: the prover knows s with Y = s * B. It sends c = H(Y, R,
 * context), where R = r * B, and z = r + c * s; the verifier recomputes R = z * B - c * Y. Byte for
 * byte in proto/CRYPTO.md.
 */
static const char challenge_label[] = "holdfast/v1/proof-challenge";
static const char nonce_label[] = "holdfast/v1/proof-nonce";

static void hash_to_scalar(struct hf_bytes key, const char *label,
                           const uint8_t a[static HF_POINT_LEN],
                           const uint8_t b[static HF_POINT_LEN], struct hf_bytes context,
                           uint8_t ret[static HF_SCALAR_LEN])
{
    const struct hf_bytes pieces[] = {hf_bytes_of(a, HF_POINT_LEN), hf_bytes_of(b, HF_POINT_LEN),
                                      context};
    hf__scalar_hash(key, label, HF_ARRAY_LEN(pieces), pieces, ret);
}

static void challenge(const uint8_t public_share[static HF_POINT_LEN],
                      const uint8_t commitment[static HF_POINT_LEN], struct hf_bytes context,
                      uint8_t ret[static HF_SCALAR_LEN])
{
    hash_to_scalar((struct hf_bytes){0}, challenge_label, public_share, commitment, context, ret);
}

int hf__prove(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
              struct hf_bytes context, uint8_t ret[static HF_PROOF_LEN])
{
    uint8_t fresh[HF_SCALAR_LEN], nonce[HF_SCALAR_LEN], product[HF_SCALAR_LEN];
    uint8_t public_share[HF_POINT_LEN], commitment[HF_POINT_LEN];
    uint8_t c[HF_SCALAR_LEN], z[HF_SCALAR_LEN];

    if (!hf__scalar_valid(share))
        return HF_ESCALAR;
    hf__point_of(public_share, share);
    /*
     * The nonce also depends on the share and the context: were the generator ever to repeat itself
     * (a copied machine), two challenges under one nonce would give the share away. A zero is drawn
     * again.
     */
    do {
        hf_rng_draw(rng, fresh, sizeof fresh);
        hash_to_scalar(hf_bytes_of(share, HF_SCALAR_LEN), nonce_label, fresh, public_share, context,
                       nonce);
        if (crypto_scalarmult_ristretto255_base(commitment, nonce) != 0)
            memset(commitment, 0, sizeof commitment);
        challenge(public_share, commitment, context, c);
        crypto_core_ristretto255_scalar_mul(product, c, share);
        crypto_core_ristretto255_scalar_add(z, nonce, product);
    } while (sodium_is_zero(nonce, sizeof nonce) || sodium_is_zero(c, sizeof c) ||
             sodium_is_zero(z, sizeof z));

    memcpy(ret, c, sizeof c);
    memcpy(ret + sizeof c, z, sizeof z);
    hf_wipe(fresh, sizeof fresh);
    hf_wipe(nonce, sizeof nonce);
    hf_wipe(product, sizeof product);
    return 0;
}

int hf__proof_check(const uint8_t proof[static HF_PROOF_LEN], uint8_t index, uint8_t k,
                    const uint8_t *commitments, struct hf_bytes context)
{
    const uint8_t *c = proof, *z = proof + HF_SCALAR_LEN;
    uint8_t public_share[HF_POINT_LEN], commitment[HF_POINT_LEN];
    uint8_t zb[HF_POINT_LEN], cy[HF_POINT_LEN], want[HF_SCALAR_LEN];

    int r = hf__public_share(index, k, commitments, public_share);
    if (r < 0)
        return r;
    /* The share of a polynomial with a root at this index is zero, which proves no knowledge. */
    if (sodium_is_zero(public_share, sizeof public_share))
        return HF_EPROOF;
    if (!hf__scalar_valid(c) || !hf__scalar_valid(z))
        return HF_EPROOF;
    hf__point_of(zb, z);
    hf__point_multiply(cy, c, public_share);
    r = crypto_core_ristretto255_sub(commitment, zb, cy);
    hf_assert(r == 0);
    challenge(public_share, commitment, context, want);
    return hf_secret_equal(want, c, sizeof want) ? 0 : HF_EPROOF;
}
