/* Ed25519 (RFC 8032) over a message as it is. The protocol signs labelled hashes instead: see
 * crypto/suite.h. */
#ifndef HF_CRYPTO_ED25519_H
#define HF_CRYPTO_ED25519_H

#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_ED25519_KEY_LEN = 32,
};

/*
 * HF_ESIGNATURE: does not verify; public key or R of small order; public key, R or S not canonical.
 * The check is without the cofactor: one that passes here passes everywhere.
 */
HF_MUST_USE int hf_ed25519_verify(const uint8_t public_key[static HF_ED25519_KEY_LEN],
                                  struct hf_bytes message, const uint8_t signature[static 64]);

#endif
