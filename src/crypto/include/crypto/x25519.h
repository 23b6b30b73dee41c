/* X25519 (RFC 7748). */
#ifndef HF_CRYPTO_X25519_H
#define HF_CRYPTO_X25519_H

#include "base/bytes.h"
#include "base/check.h"

/* The public key of a secret one. */
void hf_x25519_public(const uint8_t secret[static 32], uint8_t ret_public[static 32]);

/*
 * The shared secret, as RFC 7748 has it: an encoding that is not reduced means its value mod p.
 * ret: secret. HF_EPOINT: the result is zero, because the public key has small order; ret is then
 * untouched.
 */
HF_MUST_USE int hf_x25519(const uint8_t secret[static 32], const uint8_t public_key[static 32],
                          uint8_t ret[static 32]);

/* Whether it is the only encoding of a key to which something can be sealed. HF_EPOINT: it is not
 * reduced, so that another encoding is the same key, or has small order. */
HF_MUST_USE int hf_x25519_check(const uint8_t public_key[static 32]);

#endif
