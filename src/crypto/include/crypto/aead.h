/* Authenticated encryption with associated data, one message under one key and nonce. */
#ifndef HF_CRYPTO_AEAD_H
#define HF_CRYPTO_AEAD_H

#include "base/bytes.h"
#include "base/check.h"

/* Numbers as in RFC 9180, table 5, where it has one. */
enum hf_aead {
    HF_AEAD_AES256GCM = 0x0002,
    HF_AEAD_CHACHA20POLY1305 = 0x0003,
    HF_AEAD_XCHACHA20POLY1305 = 0x10000, /* no number there: HPKE does not use it */
};

enum {
    HF_AEAD_KEY_LEN = 32,
    HF_AEAD_TAG_LEN = 16,
    HF_AEAD_NONCE_LEN = 12,  /* AES-256-GCM, ChaCha20-Poly1305 */
    HF_AEAD_XNONCE_LEN = 24, /* XChaCha20-Poly1305 */
};

/* Whether this machine has it: AES-256-GCM needs the processor's AES instructions. */
HF_MUST_USE bool hf_aead_available(enum hf_aead aead);

/*
 * nonce: HF_AEAD_NONCE_LEN or HF_AEAD_XNONCE_LEN bytes, never used before with this key. ret:
 * plain.len + HF_AEAD_TAG_LEN bytes, the tag last. The algorithm must be available.
 */
void hf_aead_seal(enum hf_aead aead, const uint8_t key[static HF_AEAD_KEY_LEN],
                  const uint8_t *nonce, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret);

/*
 * ret: sealed.len - HF_AEAD_TAG_LEN bytes, secret. The algorithm must be available.
 * HF_ECRYPTO: shorter than a tag, or does not open; ret is then untouched.
 */
HF_MUST_USE int hf_aead_open(enum hf_aead aead, const uint8_t key[static HF_AEAD_KEY_LEN],
                             const uint8_t *nonce, struct hf_bytes aad, struct hf_bytes sealed,
                             uint8_t *ret);

#endif
