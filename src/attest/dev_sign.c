/*
 * Signatures of the dev platform: ECDSA on P-256 over SHA-256 with the deterministic nonce of RFC
 * 6979, so that a simulation or a test that makes keys from a seed gets the same quotes,
 * certificates and collateral byte for byte. Not in constant time: the keys here protect nothing.
 */
#include "dev_pki.h"
#include "base/error.h"
#include "der.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

enum { SCALAR = HF__DEV_SECRET_LEN, DER_SIGNATURE_MAX = 80 };

/* The generator of RFC 6979, section 3.2. */
struct generator {
    uint8_t k[SCALAR], v[SCALAR];
};

/* K = HMAC(K, V || separator || seed), V = HMAC(K, V). */
static bool stir(struct generator *g, uint8_t separator, const uint8_t *seed, size_t seed_len)
{
    uint8_t input[SCALAR + 1 + 2 * SCALAR];
    memcpy(input, g->v, SCALAR);
    input[SCALAR] = separator;
    if (seed_len > 0)
        memcpy(input + SCALAR + 1, seed, seed_len);
    return HMAC(EVP_sha256(), g->k, SCALAR, input, SCALAR + 1 + seed_len, g->k, NULL) != NULL &&
           HMAC(EVP_sha256(), g->k, SCALAR, g->v, SCALAR, g->v, NULL) != NULL;
}

static bool generator_init(struct generator *g, const BIGNUM *secret, const BIGNUM *digest)
{
    uint8_t seed[2 * SCALAR];
    memset(g->k, 0, sizeof g->k);
    memset(g->v, 1, sizeof g->v);
    return BN_bn2binpad(secret, seed, SCALAR) == SCALAR &&
           BN_bn2binpad(digest, seed + SCALAR, SCALAR) == SCALAR && stir(g, 0, seed, sizeof seed) &&
           stir(g, 1, seed, sizeof seed);
}

/* What one signature computes with. */
struct signing {
    BN_CTX *ctx;
    EC_POINT *point;
    BIGNUM *secret, *digest, *nonce, *r, *s;
};

/* r and s of one nonce (FIPS 186-4, section 6.4). 1: a signature; 0: another nonce is needed;
 * below: an error. */
static int try_nonce(const struct signing *t)
{
    const EC_GROUP *curve = hf__dev_curve();
    const BIGNUM *order = EC_GROUP_get0_order(curve);
    if (BN_is_zero(t->nonce) || BN_cmp(t->nonce, order) >= 0)
        return 0;
    if (EC_POINT_mul(curve, t->point, t->nonce, NULL, NULL, t->ctx) != 1 ||
        EC_POINT_get_affine_coordinates(curve, t->point, t->r, NULL, t->ctx) != 1 ||
        BN_nnmod(t->r, t->r, order, t->ctx) != 1 ||
        BN_mod_mul(t->s, t->r, t->secret, order, t->ctx) != 1 ||
        BN_mod_add(t->s, t->s, t->digest, order, t->ctx) != 1 ||
        BN_mod_inverse(t->nonce, t->nonce, order, t->ctx) == NULL ||
        BN_mod_mul(t->s, t->s, t->nonce, order, t->ctx) != 1)
        return -1;
    return !BN_is_zero(t->r) && !BN_is_zero(t->s);
}

static int sign(struct signing *t, const uint8_t digest[static SCALAR],
                uint8_t ret[static HF__DEV_SIGNATURE_LEN])
{
    struct generator g;
    int done = 0;
    if (BN_bin2bn(digest, SCALAR, t->digest) == NULL ||
        BN_nnmod(t->digest, t->digest, EC_GROUP_get0_order(hf__dev_curve()), t->ctx) != 1 ||
        !generator_init(&g, t->secret, t->digest))
        return HF_EINTERNAL;
    while (done == 0) {
        if (HMAC(EVP_sha256(), g.k, SCALAR, g.v, SCALAR, g.v, NULL) == NULL ||
            BN_bin2bn(g.v, SCALAR, t->nonce) == NULL)
            return HF_EINTERNAL;
        done = try_nonce(t);
        if (done == 0 && !stir(&g, 0, NULL, 0))
            return HF_EINTERNAL;
    }
    if (done < 0 || BN_bn2binpad(t->r, ret, SCALAR) != SCALAR ||
        BN_bn2binpad(t->s, ret + SCALAR, SCALAR) != SCALAR)
        return HF_EINTERNAL;
    return 0;
}

int hf__dev_sign(EVP_PKEY *key, struct hf_bytes message, uint8_t ret[static HF__DEV_SIGNATURE_LEN])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct signing t = {.ctx = BN_CTX_new(), .point = EC_POINT_new(hf__dev_curve())};
    int r = HF_ENOMEM;
    if (t.ctx == NULL || t.point == NULL)
        goto out;
    BN_CTX_start(t.ctx);
    t.digest = BN_CTX_get(t.ctx);
    t.nonce = BN_CTX_get(t.ctx);
    t.r = BN_CTX_get(t.ctx);
    t.s = BN_CTX_get(t.ctx);
    if (t.s == NULL || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &t.secret) != 1)
        goto end;
    SHA256(message.data, message.len, digest);
    r = sign(&t, digest, ret);
end:
    BN_CTX_end(t.ctx);
out:
    BN_clear_free(t.secret);
    EC_POINT_free(t.point);
    BN_CTX_free(t.ctx);
    return r;
}

/* SEQUENCE { INTEGER r, INTEGER s } in a BIT STRING. */
static int put_signature(const uint8_t raw[static HF__DEV_SIGNATURE_LEN], struct hf_buf *out)
{
    uint8_t der[DER_SIGNATURE_MAX];
    uint8_t *p = der;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, SCALAR, NULL), *s = BN_bin2bn(raw + SCALAR, SCALAR, NULL);
    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return HF_ENOMEM;
    }
    int len = i2d_ECDSA_SIG(sig, &p);
    ECDSA_SIG_free(sig);
    hf_assert(len > 0 && len <= DER_SIGNATURE_MAX);
    hf__dev_put_header(out, HF_DER_BIT_STRING, 1 + (size_t)len);
    hf_buf_append_u8(out, 0); /* no unused bits */
    hf_buf_append(out, der, (size_t)len);
    return out->error;
}

int hf__dev_resign(EVP_PKEY *key, struct hf_bytes der, struct hf_buf *ret)
{
    struct hf_fault fault = {0};
    struct hf_der outer = hf__der_of(der, &fault), inner;
    struct hf_bytes signed_part, algorithm;
    uint8_t signature[HF__DEV_SIGNATURE_LEN];
    struct hf_buf tail;
    if (!hf__der_enter(&outer, HF_DER_SEQUENCE, "a sequence", &inner) ||
        !hf__der_whole(&inner, HF_DER_SEQUENCE, "the signed part", &signed_part) ||
        !hf__der_whole(&inner, HF_DER_SEQUENCE, "an algorithm", &algorithm))
        return HF_EMALFORMED;
    int r = hf__dev_sign(key, signed_part, signature);
    if (r != 0)
        return r;
    hf_buf_init(&tail, DER_SIGNATURE_MAX + 16);
    r = put_signature(signature, &tail);
    if (r == 0) {
        hf__dev_put_header(ret, HF_DER_SEQUENCE, signed_part.len + algorithm.len + tail.len);
        hf_buf_append(ret, signed_part.data, signed_part.len);
        hf_buf_append(ret, algorithm.data, algorithm.len);
        hf_buf_append(ret, tail.data, tail.len);
        r = ret->error;
    }
    hf_buf_done(&tail);
    return r;
}
