/* The real suite, with the virtual costs of its operations counted. */
#include "suites/cost.h"

#include <string.h>

static void counted_random(struct hf_rng *rng, void *ret, size_t len)
{
    hf_suite_real.random(rng, ret, len);
}

static void counted_hash(const char *label, struct hf_bytes data, struct hf_hash *ret)
{
    hf__cost_add(HF_WORLD_HASH, 1, data.len);
    hf_suite_real.hash(label, data, ret);
}

static void counted_report_data(const char *label, struct hf_bytes data,
                                uint8_t ret[static HF_REPORT_DATA_LEN])
{
    hf__cost_add(HF_WORLD_HASH, 1, data.len);
    hf_suite_real.report_data(label, data, ret);
}

static void counted_mac(const uint8_t key[static HF_KEY_LEN], struct hf_bytes data,
                        uint8_t ret[static HF_MAC_LEN])
{
    hf__cost_add(HF_WORLD_HASH, 1, data.len);
    hf_suite_real.mac(key, data, ret);
}

static void counted_kdf(const uint8_t salt[static HF_HASH_LEN], struct hf_bytes secret,
                        struct hf_bytes info, uint8_t *ret, size_t ret_len)
{
    hf__cost_add(HF_WORLD_KDF, 1, secret.len + info.len);
    hf_suite_real.kdf(salt, secret, info, ret, ret_len);
}

static void counted_sign_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                                 uint8_t ret_secret[static HF_SIGN_SECRET_LEN])
{
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    hf_suite_real.sign_keypair(rng, ret_public, ret_secret);
}

static void counted_sign(const uint8_t secret[static HF_SIGN_SECRET_LEN], const char *label,
                         struct hf_bytes data, uint8_t ret[static HF_SIGNATURE_LEN])
{
    hf__cost_add(HF_WORLD_SIGN, 1, data.len);
    hf_suite_real.sign(secret, label, data, ret);
}

static int counted_verify(const uint8_t public_key[static HF_KEY_LEN], const char *label,
                          struct hf_bytes data, const uint8_t signature[static HF_SIGNATURE_LEN])
{
    hf__cost_add(HF_WORLD_VERIFY, 1, data.len);
    return hf_suite_real.verify(public_key, label, data, signature);
}

static void counted_seal_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                                 uint8_t ret_secret[static HF_KEY_LEN])
{
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    hf_suite_real.seal_keypair(rng, ret_public, ret_secret);
}

static int counted_seal(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                        struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain,
                        uint8_t *ret)
{
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    hf__cost_add(HF_WORLD_AEAD, 1, plain.len);
    return hf_suite_real.seal(rng, public_key, info, aad, plain, ret);
}

static int counted_open(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                        struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    hf__cost_add(HF_WORLD_AEAD, 1, sealed.len);
    return hf_suite_real.open(secret_key, info, aad, sealed, ret);
}

static int counted_seal_gcm(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                            struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain,
                            uint8_t *ret)
{
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    hf__cost_add(HF_WORLD_AEAD, 1, plain.len);
    return hf_suite_real.seal_gcm(rng, public_key, info, aad, plain, ret);
}

static int counted_open_gcm(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                            struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    hf__cost_add(HF_WORLD_AEAD, 1, sealed.len);
    return hf_suite_real.open_gcm(secret_key, info, aad, sealed, ret);
}

static int counted_agree(const uint8_t secret_key[static HF_KEY_LEN],
                         const uint8_t public_key[static HF_KEY_LEN],
                         uint8_t ret[static HF_KEY_LEN])
{
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    return hf_suite_real.agree(secret_key, public_key, ret);
}

static void counted_wrap(struct hf_rng *rng, const uint8_t key[static HF_KEY_LEN],
                         struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    hf__cost_add(HF_WORLD_AEAD, 1, plain.len);
    hf_suite_real.wrap(rng, key, aad, plain, ret);
}

static int counted_unwrap(const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad,
                          struct hf_bytes wrapped, uint8_t *ret)
{
    hf__cost_add(HF_WORLD_AEAD, 1, wrapped.len);
    return hf_suite_real.unwrap(key, aad, wrapped, ret);
}

static void counted_scalar_random(struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN])
{
    hf_suite_real.scalar_random(rng, ret);
}

static int counted_deal(struct hf_rng *rng, const uint8_t secret[static HF_SCALAR_LEN],
                        struct hf_sharing sharing, uint8_t *ret_shares, uint8_t *ret_commitments)
{
    hf__cost_add(HF_WORLD_BASE_MULT, sharing.k, 0);
    return hf_suite_real.deal(rng, secret, sharing, ret_shares, ret_commitments);
}

static int counted_share_check(const uint8_t share[static HF_SCALAR_LEN], uint8_t index, uint8_t k,
                               const uint8_t *commitments)
{
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    hf__cost_add(HF_WORLD_POINT_MULT, k == 0 ? 0 : k - 1u, 0);
    return hf_suite_real.share_check(share, index, k, commitments);
}

static int counted_combine(uint8_t k, const uint8_t *commitments, size_t count,
                           const uint8_t *indices, const uint8_t *shares,
                           uint8_t ret_secret[static HF_SCALAR_LEN], uint32_t *ret_bad)
{
    hf__cost_add(HF_WORLD_BASE_MULT, k, 0);
    return hf_suite_real.combine(k, commitments, count, indices, shares, ret_secret, ret_bad);
}

static int counted_secret_check(const uint8_t secret[static HF_SCALAR_LEN],
                                const uint8_t commitment[static HF_POINT_LEN])
{
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    return hf_suite_real.secret_check(secret, commitment);
}

static int counted_prove(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                         struct hf_bytes context, uint8_t ret[static HF_PROOF_LEN])
{
    hf__cost_add(HF_WORLD_BASE_MULT, 2, 0);
    return hf_suite_real.prove(rng, share, context, ret);
}

static int counted_proof_check(const uint8_t proof[static HF_PROOF_LEN], uint8_t index, uint8_t k,
                               const uint8_t *commitments, struct hf_bytes context)
{
    hf__cost_add(HF_WORLD_POINT_MULT, k + 1u, 0);
    return hf_suite_real.proof_check(proof, index, k, commitments, context);
}

static int counted_repair_split(const uint8_t share[static HF_SCALAR_LEN],
                                const struct hf_repair *repair, uint8_t helper,
                                const struct hf_hash *transcript, uint8_t *ret_parts,
                                uint8_t *ret_points)
{
    hf__cost_add(HF_WORLD_BASE_MULT, repair->k, 0);
    return hf_suite_real.repair_split(share, repair, helper, transcript, ret_parts, ret_points);
}

static int counted_repair_split_check(const uint8_t *points, const struct hf_repair *repair,
                                      uint8_t helper, const uint8_t *commitments)
{
    hf__cost_add(HF_WORLD_POINT_MULT, repair->k, 0);
    return hf_suite_real.repair_split_check(points, repair, helper, commitments);
}

static int counted_repair_sum(uint8_t k, const uint8_t *parts, uint8_t ret[static HF_SCALAR_LEN])
{
    return hf_suite_real.repair_sum(k, parts, ret);
}

static int counted_repair_sum_check(const uint8_t sum[static HF_SCALAR_LEN], uint8_t k,
                                    const uint8_t *points)
{
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    return hf_suite_real.repair_sum_check(sum, k, points);
}

const struct hf_suite hf__suite_counted = {
    .name = "real",
    .random = counted_random,
    .hash = counted_hash,
    .report_data = counted_report_data,
    .mac = counted_mac,
    .kdf = counted_kdf,
    .sign_keypair = counted_sign_keypair,
    .sign = counted_sign,
    .verify = counted_verify,
    .seal_keypair = counted_seal_keypair,
    .seal = counted_seal,
    .open = counted_open,
    .seal_gcm = counted_seal_gcm,
    .open_gcm = counted_open_gcm,
    .agree = counted_agree,
    .wrap = counted_wrap,
    .unwrap = counted_unwrap,
    .scalar_random = counted_scalar_random,
    .deal = counted_deal,
    .share_check = counted_share_check,
    .combine = counted_combine,
    .secret_check = counted_secret_check,
    .prove = counted_prove,
    .proof_check = counted_proof_check,
    .repair_split = counted_repair_split,
    .repair_split_check = counted_repair_split_check,
    .repair_sum = counted_repair_sum,
    .repair_sum_check = counted_repair_sum_check,
};
