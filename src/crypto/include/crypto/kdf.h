/*
 * HMAC-SHA256 (RFC 2104) and HKDF-SHA256 (RFC 5869). Inputs come as lists of pieces that count as
 * if they stood one after another, so that no secret is copied only to put a label before it.
 * States are wiped.
 */
#ifndef HF_CRYPTO_KDF_H
#define HF_CRYPTO_KDF_H

#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_HMAC_LEN = 32,
    HF_SHA256_LEN = 32,
    HF_HKDF_LEN_MAX = 255 * HF_HMAC_LEN,
    HF_PASSPHRASE_KEY_LEN = 32,
};

/* key: any length, empty too. pieces[0..count): the message. */
void hf_hmac(struct hf_bytes key, size_t count, const struct hf_bytes *pieces,
             uint8_t ret[static HF_HMAC_LEN]);

/*
 * HKDF-Extract. salt: may be empty, which counts as 32 zero bytes. pieces[0..count): the input
 * keying material. ret_prk: secret.
 */
void hf_hkdf_extract(struct hf_bytes salt, size_t count, const struct hf_bytes *pieces,
                     uint8_t ret_prk[static HF_HMAC_LEN]);

/*
 * HKDF-Expand. prk: as hf_hkdf_extract gives it. pieces[0..count): the info. ret: ret_len bytes,
 * secret. HF_ETOOBIG: ret_len above HF_HKDF_LEN_MAX; ret is then untouched.
 */
HF_MUST_USE int hf_hkdf_expand(const uint8_t prk[static HF_HMAC_LEN], size_t count,
                               const struct hf_bytes *pieces, uint8_t *ret, size_t ret_len);

/* SHA-256 (FIPS 180-4). */
void hf_sha256(struct hf_bytes data, uint8_t ret[static HF_SHA256_LEN]);

/*
 * A key from what a person remembers: Argon2id (RFC 9106), one lane. salt: random, 16 bytes.
 * ret: 32 bytes, secret. HF_EINVAL: passes or memory_kib out of range. HF_ENOMEM.
 */
HF_MUST_USE int hf_passphrase_key(struct hf_bytes passphrase, const uint8_t salt[static 16],
                                  uint64_t passes, uint64_t memory_kib,
                                  uint8_t ret[static HF_PASSPHRASE_KEY_LEN]);

#endif
