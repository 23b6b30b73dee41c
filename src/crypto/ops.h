/* The operations of hf_suite_real, one file each group; the contract of every one stands in
 * crypto/suite.h. */
#ifndef HF_CRYPTO_OPS_H
#define HF_CRYPTO_OPS_H

#include "crypto/suite.h"

/* hash.c */
void hf__hash(const char *label, struct hf_bytes data, struct hf_hash *ret);
void hf__report_data(const char *label, struct hf_bytes data,
                     uint8_t ret[static HF_REPORT_DATA_LEN]);
void hf__mac(const uint8_t key[static HF_KEY_LEN], struct hf_bytes data,
             uint8_t ret[static HF_MAC_LEN]);

/* kdf.c */
void hf__kdf(const uint8_t salt[static HF_HASH_LEN], struct hf_bytes secret, struct hf_bytes info,
             uint8_t *ret, size_t ret_len);

/* sign.c */
void hf__sign_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                      uint8_t ret_secret[static HF_SIGN_SECRET_LEN]);
void hf__sign(const uint8_t secret[static HF_SIGN_SECRET_LEN], const char *label,
              struct hf_bytes data, uint8_t ret[static HF_SIGNATURE_LEN]);
HF_MUST_USE int hf__verify(const uint8_t public_key[static HF_KEY_LEN], const char *label,
                           struct hf_bytes data, const uint8_t signature[static HF_SIGNATURE_LEN]);

/* seal.c */
void hf__seal_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                      uint8_t ret_secret[static HF_KEY_LEN]);
HF_MUST_USE int hf__seal(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                         struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain,
                         uint8_t *ret);
HF_MUST_USE int hf__open(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                         struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret);
HF_MUST_USE int hf__seal_gcm(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                             struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain,
                             uint8_t *ret);
HF_MUST_USE int hf__open_gcm(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                             struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret);

/* wrap.c */
void hf__wrap(struct hf_rng *rng, const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad,
              struct hf_bytes plain, uint8_t *ret);
HF_MUST_USE int hf__unwrap(const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad,
                           struct hf_bytes wrapped, uint8_t *ret);

/* share.c */
HF_MUST_USE int hf__deal(struct hf_rng *rng, const uint8_t secret[static HF_SCALAR_LEN],
                         struct hf_sharing sharing, uint8_t *ret_shares, uint8_t *ret_commitments);
HF_MUST_USE int hf__share_check(const uint8_t share[static HF_SCALAR_LEN], uint8_t index, uint8_t k,
                                const uint8_t *commitments);
HF_MUST_USE int hf__secret_check(const uint8_t secret[static HF_SCALAR_LEN],
                                 const uint8_t commitment[static HF_POINT_LEN]);
/* Whether it is the canonical encoding of a point other than the identity. */
HF_MUST_USE bool hf__point_valid(const uint8_t point[static HF_POINT_LEN]);
/*
 * The public share of an index: the committed polynomial, evaluated in the exponent. ret_point: may
 * be the identity, when the author of the commitments chose a polynomial with a root there.
 * HF_EINVAL, HF_EPOINT: as share_check.
 */
HF_MUST_USE int hf__public_share(uint8_t index, uint8_t k, const uint8_t *commitments,
                                 uint8_t ret_point[static HF_POINT_LEN]);

/* combine.c */
HF_MUST_USE int hf__combine(uint8_t k, const uint8_t *commitments, size_t count,
                            const uint8_t *indices, const uint8_t *shares,
                            uint8_t ret_secret[static HF_SCALAR_LEN], uint32_t *ret_bad);

/* proof.c */
HF_MUST_USE int hf__prove(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                          struct hf_bytes context, uint8_t ret[static HF_PROOF_LEN]);
HF_MUST_USE int hf__proof_check(const uint8_t proof[static HF_PROOF_LEN], uint8_t index, uint8_t k,
                                const uint8_t *commitments, struct hf_bytes context);

/* repair.c */
HF_MUST_USE int hf__repair_split(const uint8_t share[static HF_SCALAR_LEN],
                                 const struct hf_repair *repair, uint8_t helper,
                                 const struct hf_hash *transcript, uint8_t *ret_parts,
                                 uint8_t *ret_points);
HF_MUST_USE int hf__repair_split_check(const uint8_t *points, const struct hf_repair *repair,
                                       uint8_t helper, const uint8_t *commitments);
HF_MUST_USE int hf__repair_sum(uint8_t k, const uint8_t *parts, uint8_t ret[static HF_SCALAR_LEN]);
HF_MUST_USE int hf__repair_sum_check(const uint8_t sum[static HF_SCALAR_LEN], uint8_t k,
                                     const uint8_t *points);

#endif
