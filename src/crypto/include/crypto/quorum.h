/*
 * Threshold ElGamal over ristretto255: what is sealed to a quorum key opens with the partial
 * decryptions of m share holders, none of whom gives away a share, and each of which can be checked
 * by all. Byte for byte in proto/QUORUM.md, section 2. The key is shared by `deal` of
 * crypto/suite.h: its public point is commitment 0.
 */
#ifndef HF_CRYPTO_QUORUM_H
#define HF_CRYPTO_QUORUM_H

#include "crypto/aead.h"
#include "crypto/suite.h"

enum {
    HF_PARTIAL_LEN = HF_POINT_LEN + HF_PROOF_LEN, /* P, and the proof that it is right */
    HF_QUORUM_OVERHEAD = HF_AEAD_TAG_LEN,
    HF_QUORUM_PLAIN_MAX = 128,
};

/*
 * Whether the commitments of a dealing are ones that holders 1 to n can work with: k points, and no
 * public share of them the identity. HF_EINVAL: k or n out of range. HF_EPOINT: they are not.
 */
HF_MUST_USE int hf_quorum_commitments_check(uint8_t k, uint8_t n, const uint8_t *commitments);

/*
 * Seals plain (1 to HF_QUORUM_PLAIN_MAX bytes) to the point `key`. context: what the sealed bytes
 * belong to; needed again to open. ret_c1: the point that holders work on. ret_body: plain.len +
 * HF_QUORUM_OVERHEAD bytes. ret_r: the scalar with r * B = C1, secret: it opens the body too. It is
 * for the proof of knowing it (prove of crypto/suite.h, C1 being the only commitment), and is wiped
 * then. HF_EPOINT: key is no point, or the identity.
 */
HF_MUST_USE int hf_quorum_seal(struct hf_rng *rng, const uint8_t key[static HF_POINT_LEN],
                               struct hf_bytes context, struct hf_bytes plain,
                               uint8_t ret_c1[static HF_POINT_LEN], uint8_t *ret_body,
                               uint8_t ret_r[static HF_SCALAR_LEN]);

/*
 * A holder's partial decryption: P = share * C1, with the proof that it was made with the share
 * committed to. context: the request that it answers, and by whom. ret: HF_PARTIAL_LEN bytes.
 * Secret: m of them open. HF_ESCALAR: the share is zero or not canonical. HF_EPOINT: C1 is no
 * point, or the identity.
 */
HF_MUST_USE int hf_quorum_partial(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                                  const uint8_t c1[static HF_POINT_LEN], struct hf_bytes context,
                                  uint8_t ret[static HF_PARTIAL_LEN]);

/*
 * Whether a partial decryption is that of the holder `index` for C1 and context. commitments: k
 * points. HF_EINVAL, HF_EPOINT: as share_check, C1 and P included. HF_EPROOF: it is not.
 */
HF_MUST_USE int hf_quorum_partial_check(const uint8_t partial[static HF_PARTIAL_LEN], uint8_t index,
                                        uint8_t k, const uint8_t *commitments,
                                        const uint8_t c1[static HF_POINT_LEN],
                                        struct hf_bytes context);

/*
 * Opens with k partial decryptions that were checked. indices: k, distinct. partials: k times
 * HF_PARTIAL_LEN bytes. ret: body.len - HF_QUORUM_OVERHEAD bytes, secret. HF_EINVAL: k out of
 * range, an index twice or out of range. HF_EPOINT: one is no point. HF_ECRYPTO: it does not open.
 */
HF_MUST_USE int hf_quorum_open(uint8_t k, const uint8_t *indices, const uint8_t *partials,
                               const uint8_t c1[static HF_POINT_LEN], struct hf_bytes context,
                               struct hf_bytes body, uint8_t *ret);

#endif
