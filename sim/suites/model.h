/*
 * Arithmetic of the model suite: a 64-bit mixer in place of hashes, and the integers modulo the
 * prime 2^61 - 1 in place of ristretto255, with "points" that are multiples of a fixed number.
 */
#ifndef HF_SIM_MODEL_H
#define HF_SIM_MODEL_H

#include "base/bytes.h"
#include "crypto/suite.h"

#include <string.h>

#define HF__MODEL_P UINT64_C(0x1fffffffffffffff)
#define HF__MODEL_G UINT64_C(0x123456789abcdef)

/* ---- Modulo the prime: arguments and results are below it. */

/* a times b. */
static inline uint64_t hf__model_mul(uint64_t a, uint64_t b)
{
    unsigned __int128 x = (unsigned __int128)a * b;
    uint64_t r = (uint64_t)(x & HF__MODEL_P) + (uint64_t)(x >> 61);
    return r >= HF__MODEL_P ? r - HF__MODEL_P : r;
}

/* a plus b. */
static inline uint64_t hf__model_add(uint64_t a, uint64_t b)
{
    uint64_t r = a + b;
    return r >= HF__MODEL_P ? r - HF__MODEL_P : r;
}

/* a minus b. */
static inline uint64_t hf__model_sub(uint64_t a, uint64_t b)
{
    return a >= b ? a - b : a + HF__MODEL_P - b;
}

/* What times a, above 0, gives 1. */
uint64_t hf__model_inverse(uint64_t a);

/* A scalar or point in its 32 bytes: 8 little-endian bytes, then 24 times `pad`. */
enum { HF__MODEL_SCALAR = 0, HF__MODEL_POINT = 0x5a };
void hf__model_put(uint64_t v, uint8_t pad, uint8_t ret[static HF_SCALAR_LEN]);
/* HF_EINVAL: not canonical, or 0. */
HF_MUST_USE int hf__model_get(const uint8_t in[static HF_SCALAR_LEN], uint8_t pad, uint64_t *ret);

/* 128 bits that mix everything absorbed. */
struct hf__sponge {
    uint64_t a, b;
};

/* The two halves of a product, folded: mixes 128 bits to 64. */
static inline uint64_t hf__fold(uint64_t x, uint64_t y)
{
    unsigned __int128 m = (unsigned __int128)x * y;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Begins with a label, so that uses do not collide. */
void hf__sponge_init(struct hf__sponge *s, const char *label);
/* Takes in data and its length. */
void hf__sponge_absorb(struct hf__sponge *s, struct hf_bytes data);
/* len bytes that follow from all that was absorbed; changes nothing. */
void hf__sponge_squeeze(const struct hf__sponge *s, uint8_t *ret, size_t len);

/* ---- Stand-ins for entries of struct hf_suite (crypto/suite.h), arguments and errors as theirs */
int hf__model_deal(struct hf_rng *rng, const uint8_t secret[static HF_SCALAR_LEN],
                   struct hf_sharing sharing, uint8_t *ret_shares, uint8_t *ret_commitments);
int hf__model_share_check(const uint8_t share[static HF_SCALAR_LEN], uint8_t index, uint8_t k,
                          const uint8_t *commitments);
int hf__model_combine(uint8_t k, const uint8_t *commitments, size_t count, const uint8_t *indices,
                      const uint8_t *shares, uint8_t ret_secret[static HF_SCALAR_LEN],
                      uint32_t *ret_bad);
int hf__model_secret_check(const uint8_t secret[static HF_SCALAR_LEN],
                           const uint8_t commitment[static HF_POINT_LEN]);
int hf__model_prove(struct hf_rng *rng, const uint8_t share[static HF_SCALAR_LEN],
                    struct hf_bytes context, uint8_t ret[static HF_PROOF_LEN]);
int hf__model_proof_check(const uint8_t proof[static HF_PROOF_LEN], uint8_t index, uint8_t k,
                          const uint8_t *commitments, struct hf_bytes context);
int hf__model_repair_split(const uint8_t share[static HF_SCALAR_LEN],
                           const struct hf_repair *repair, uint8_t helper,
                           const struct hf_hash *transcript, uint8_t *ret_parts,
                           uint8_t *ret_points);
int hf__model_repair_split_check(const uint8_t *points, const struct hf_repair *repair,
                                 uint8_t helper, const uint8_t *commitments);
int hf__model_repair_sum(uint8_t k, const uint8_t *parts, uint8_t ret[static HF_SCALAR_LEN]);
int hf__model_repair_sum_check(const uint8_t sum[static HF_SCALAR_LEN], uint8_t k,
                               const uint8_t *points);
/* The public share of an index: what share * G must be. The errors of share_check. */
HF_MUST_USE int hf__model_public_share(uint8_t index, uint8_t k, const uint8_t *commitments,
                                       uint64_t *ret);
void hf__model_scalar_random(struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN]);
void hf__model_random(struct hf_rng *rng, void *ret, size_t len);

#endif
