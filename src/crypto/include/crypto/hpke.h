/*
 * Hybrid public-key encryption, RFC 9180: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, and
 * an AEAD of the caller's choice. A context seals any number of messages in order. For a single
 * message the engine uses seal and open of crypto/suite.h, which are these with ChaCha20-Poly1305.
 */
#ifndef HF_CRYPTO_HPKE_H
#define HF_CRYPTO_HPKE_H

#include "crypto/aead.h"
#include "crypto/kdf.h"

enum {
    HF_HPKE_KEY_LEN = 32,      /* public keys, secret keys, encapsulated keys */
    HF_HPKE_P256_KEY_LEN = 65, /* public and encapsulated keys of P-256: uncompressed points */
};

/* One direction of one exchange. All of it is secret. Not copied: two copies would reuse nonces. */
struct hf_hpke {
    enum hf_aead aead;
    bool p256; /* the KEM is DHKEM(P-256, HKDF-SHA256) */
    bool sender;
    uint64_t sequence; /* messages so far */
    uint8_t key[HF_AEAD_KEY_LEN];
    uint8_t base_nonce[HF_AEAD_NONCE_LEN];
};

/* DeriveKeyPair (7.1.3). ikm: at least 32 bytes of full entropy, secret. ret_secret: secret. */
void hf_hpke_derive_keypair(struct hf_bytes ikm, uint8_t ret_public[static HF_HPKE_KEY_LEN],
                            uint8_t ret_secret[static HF_HPKE_KEY_LEN]);

/*
 * SetupBaseS (5.1.1). ephemeral: 32 fresh random bytes, from which the ephemeral key pair is
 * derived; secret, wiped by the caller. ret: hf_hpke_done ends it. ret_encapsulated: goes to the
 * receiver. HF_EPOINT: a public key of small order. HF_EUNSUPPORTED: not an AEAD of RFC 9180, or
 * not on this machine.
 */
HF_MUST_USE int hf_hpke_init_sender(struct hf_hpke *ret, enum hf_aead aead,
                                    const uint8_t public_key[static HF_HPKE_KEY_LEN],
                                    struct hf_bytes info,
                                    const uint8_t ephemeral[static HF_HPKE_KEY_LEN],
                                    uint8_t ret_encapsulated[static HF_HPKE_KEY_LEN]);

/* SetupBaseR (5.1.1). ret: hf_hpke_done ends it. HF_EPOINT, HF_EUNSUPPORTED: as above. */
HF_MUST_USE int hf_hpke_init_receiver(struct hf_hpke *ret, enum hf_aead aead,
                                      const uint8_t secret_key[static HF_HPKE_KEY_LEN],
                                      const uint8_t encapsulated[static HF_HPKE_KEY_LEN],
                                      struct hf_bytes info);

/*
 * Either of them with DHKEM(P-256, HKDF-SHA256), whose Diffie-Hellman is made elsewhere, as on a
 * token. dh: its x, secret, wiped by the caller. receiver: the receiver's public key. ret:
 * hf_hpke_done ends it. HF_EUNSUPPORTED: as above.
 */
HF_MUST_USE int hf_hpke_init_p256(struct hf_hpke *ret, enum hf_aead aead, bool sender,
                                  const uint8_t dh[static HF_HPKE_KEY_LEN],
                                  const uint8_t encapsulated[static HF_HPKE_P256_KEY_LEN],
                                  const uint8_t receiver[static HF_HPKE_P256_KEY_LEN],
                                  struct hf_bytes info);

/* Wipes it. */
void hf_hpke_done(struct hf_hpke *hpke);

/*
 * ContextS.Seal (5.2). Only for a sender. ret: plain.len + HF_AEAD_TAG_LEN bytes.
 * HF_ETOOBIG: 2^64 - 1 messages were sealed (MessageLimitReached).
 */
HF_MUST_USE int hf_hpke_seal(struct hf_hpke *hpke, struct hf_bytes aad, struct hf_bytes plain,
                             uint8_t *ret);

/*
 * ContextR.Open (5.2). Only for a receiver. ret: sealed.len - HF_AEAD_TAG_LEN bytes, secret.
 * HF_ECRYPTO: does not open as the next message; the sequence stays and ret is untouched.
 * HF_ETOOBIG: as above.
 */
HF_MUST_USE int hf_hpke_open(struct hf_hpke *hpke, struct hf_bytes aad, struct hf_bytes sealed,
                             uint8_t *ret);

#endif
