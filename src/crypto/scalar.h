/* Scalars of ristretto255: integers mod its order, 32 bytes little-endian. All of it takes constant
 * time. */
#ifndef HF_CRYPTO_SCALAR_H
#define HF_CRYPTO_SCALAR_H

#include "crypto/suite.h"

/* Uniformly random, never zero. ret: secret. */
void hf__scalar_random(struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN]);
/* Whether it is reduced and not zero. */
HF_MUST_USE bool hf__scalar_valid(const uint8_t s[static HF_SCALAR_LEN]);
/*
 * BLAKE2b-512, keyed with key unless that is empty, over label length (1), label and the pieces,
 * one after another; reduced. May be zero, with a probability of 2^-252. ret: as secret as what
 * goes in.
 */
void hf__scalar_hash(struct hf_bytes key, const char *label, size_t count,
                     const struct hf_bytes *pieces, uint8_t ret[static HF_SCALAR_LEN]);
/* The scalar of a small number. */
void hf__scalar_small(uint8_t v, uint8_t ret[static HF_SCALAR_LEN]);
/*
 * coefficients[0] + coefficients[1] * x + ..., by Horner's rule. coefficients: count scalars, one
 * after another. ret: may not be one of them.
 */
void hf__scalar_polynomial(const uint8_t *coefficients, size_t count, uint8_t x,
                           uint8_t ret[static HF_SCALAR_LEN]);
/* ret = 1 / s. s: not zero, or the caller is wrong. ret may be s. */
void hf__scalar_invert(uint8_t ret[static HF_SCALAR_LEN], const uint8_t s[static HF_SCALAR_LEN]);
/*
 * ret = s times the base point, and s times p. s: not zero, or the caller is wrong; p: a valid
 * point. Neither can then be the identity, which is all that the library refuses.
 */
void hf__point_of(uint8_t ret[static HF_POINT_LEN], const uint8_t s[static HF_SCALAR_LEN]);
void hf__point_multiply(uint8_t ret[static HF_POINT_LEN], const uint8_t s[static HF_SCALAR_LEN],
                        const uint8_t p[static HF_POINT_LEN]);

#endif
