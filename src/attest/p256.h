/*
 * ECDSA over P-256 with SHA-256, the one signature of DCAP: a thin layer over OpenSSL that fetches
 * its algorithms once, in a library context of its own, so that no configuration of the machine can
 * change what verifies.
 */
#ifndef HF_ATTEST_P256_H
#define HF_ATTEST_P256_H

#include "attest/quote.h"

#include <openssl/types.h>

enum { HF__SHA256_LEN = 32, HF__P256_LEN = 32 /* a number below the order, or a coordinate */ };

/*
 * Decodes a public key: x and y, big-endian. Costs about 5 us (OpenSSL's general decoder needs 17
 * to 170). ret: the caller's, given back with hf__p256_free; safe to use from several threads.
 * HF_EPOINT: not a point of the curve. HF_ENOMEM.
 */
HF_MUST_USE int hf__p256_key(const uint8_t key[static HF_P256_KEY_LEN], EVP_PKEY **ret);
/* Another reference to the same key. */
EVP_PKEY *hf__p256_ref(EVP_PKEY *key);
/* NULL is legal. */
void hf__p256_free(EVP_PKEY *key);

/* SHA-256 over a and b. */
void hf__sha256(struct hf_bytes a, struct hf_bytes b, uint8_t ret[static HF__SHA256_LEN]);

/* signature: r and s of 32 bytes each, over the SHA-256 of message. */
HF_MUST_USE bool hf__p256_verify(EVP_PKEY *key, struct hf_bytes message,
                                 const uint8_t signature[static HF_P256_SIGNATURE_LEN]);
/* signature: SEQUENCE of two INTEGERs in DER; other encodings of the same numbers do not verify. */
HF_MUST_USE bool hf__p256_verify_der(EVP_PKEY *key, struct hf_bytes message,
                                     struct hf_bytes signature);

#endif
