/* Diffie-Hellman over P-256 (SEC 1, 3.3.1), for keys that lie on tokens. Points are uncompressed:
 * 4, x and y, big-endian (SEC 1, 2.3.3). */
#ifndef HF_ATTEST_ECDH_H
#define HF_ATTEST_ECDH_H

#include "base/check.h"

#include <stdint.h>

enum { HF_P256_POINT_LEN = 65, HF_P256_SCALAR_LEN = 32 };

/* HF_EPOINT: no uncompressed point of the curve. HF_ENOMEM. */
HF_MUST_USE int hf_p256_check(const uint8_t point[static HF_P256_POINT_LEN]);
/*
 * The public key of a secret one, and its Diffie-Hellman value with a point: the x of their
 * product. secret: random, big-endian; wiped by the caller, as is ret_dh. HF_ESCALAR: the secret is
 * zero, or not below the order of the curve: draw again. HF_EPOINT. HF_ENOMEM.
 */
HF_MUST_USE int hf_p256_dh(const uint8_t secret[static HF_P256_SCALAR_LEN],
                           const uint8_t point[static HF_P256_POINT_LEN],
                           uint8_t ret_public[static HF_P256_POINT_LEN],
                           uint8_t ret_dh[static HF_P256_SCALAR_LEN]);

#endif
