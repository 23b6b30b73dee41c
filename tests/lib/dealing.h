/* A dealing of a drawn secret, by the real suite. */
#ifndef HF_TESTS_DEALING_H
#define HF_TESTS_DEALING_H

#include "crypto/suite.h"

enum { DEALING_MAX = 16 }; /* n, and k */

struct dealing {
    struct hf_rng rng;
    uint8_t secret[HF_SCALAR_LEN];
    uint8_t shares[DEALING_MAX][HF_SCALAR_LEN];
    uint8_t commitments[DEALING_MAX * HF_POINT_LEN];
};

/* The same of the same seed, k and n. */
void dealing_make(struct dealing *ret, uint8_t seed, uint8_t k, uint8_t n);

#endif
