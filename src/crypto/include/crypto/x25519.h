/* X25519 (RFC 7748). */
#ifndef HF_CRYPTO_X25519_H
#define HF_CRYPTO_X25519_H

#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_X25519_LEN = 32, /* secrets, public keys, what two keys share */
};

/* The public key of a secret one. */
void hf_x25519_public(const uint8_t secret[static HF_X25519_LEN],
                      uint8_t ret_public[static HF_X25519_LEN]);

/*
 * The shared secret, as RFC 7748 has it: an encoding that is not reduced means its value mod p.
 * ret: secret. HF_EPOINT: the result is zero, because the public key has small order; ret is then
 * untouched.
 */
HF_MUST_USE int hf_x25519(const uint8_t secret[static HF_X25519_LEN],
                          const uint8_t public_key[static HF_X25519_LEN],
                          uint8_t ret[static HF_X25519_LEN]);

/* Whether it is the only encoding of a key to which something can be sealed. HF_EPOINT: it is not
 * reduced, so that another encoding is the same key, or has small order. */
HF_MUST_USE int hf_x25519_check(const uint8_t public_key[static HF_X25519_LEN]);

#endif
