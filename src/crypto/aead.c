#include "crypto/aead.h"

#include "base/error.h"

#include <sodium.h>

bool hf_aead_available(enum hf_aead aead)
{
    if (aead == HF_AEAD_AES256GCM)
        return crypto_aead_aes256gcm_is_available() == 1;
    return aead == HF_AEAD_CHACHA20POLY1305 || aead == HF_AEAD_XCHACHA20POLY1305;
}

void hf_aead_seal(enum hf_aead aead, const uint8_t key[static HF_AEAD_KEY_LEN],
                  const uint8_t *nonce, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    int (*encrypt)(unsigned char *, unsigned long long *, const unsigned char *, unsigned long long,
                   const unsigned char *, unsigned long long, const unsigned char *,
                   const unsigned char *, const unsigned char *) = NULL;

    hf_assert(hf_aead_available(aead));
    switch (aead) {
    case HF_AEAD_AES256GCM:
        encrypt = crypto_aead_aes256gcm_encrypt;
        break;
    case HF_AEAD_CHACHA20POLY1305:
        encrypt = crypto_aead_chacha20poly1305_ietf_encrypt;
        break;
    case HF_AEAD_XCHACHA20POLY1305:
        encrypt = crypto_aead_xchacha20poly1305_ietf_encrypt;
        break;
    }
    hf_assert(encrypt != NULL);
    int r = encrypt(ret, NULL, plain.data, plain.len, aad.data, aad.len, NULL, nonce, key);
    hf_assert(r == 0);
}

int hf_aead_open(enum hf_aead aead, const uint8_t key[static HF_AEAD_KEY_LEN], const uint8_t *nonce,
                 struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    int (*decrypt)(unsigned char *, unsigned char *, const unsigned char *, unsigned long long,
                   const unsigned char *, const unsigned char *, unsigned long long,
                   const unsigned char *, const unsigned char *) = NULL;

    hf_assert(hf_aead_available(aead));
    if (sealed.len < HF_AEAD_TAG_LEN)
        return HF_ECRYPTO;
    switch (aead) {
    case HF_AEAD_AES256GCM:
        decrypt = crypto_aead_aes256gcm_decrypt_detached;
        break;
    case HF_AEAD_CHACHA20POLY1305:
        decrypt = crypto_aead_chacha20poly1305_ietf_decrypt_detached;
        break;
    case HF_AEAD_XCHACHA20POLY1305:
        decrypt = crypto_aead_xchacha20poly1305_ietf_decrypt_detached;
        break;
    }
    hf_assert(decrypt != NULL);

    /* libsodium zeroes the output of a message that does not open. Without an output it only checks
     * the tag. */
    size_t len = sealed.len - HF_AEAD_TAG_LEN;
    const uint8_t *tag = sealed.data + len;
    if (decrypt(NULL, NULL, sealed.data, len, tag, aad.data, aad.len, nonce, key) != 0)
        return HF_ECRYPTO;
    int r = decrypt(ret, NULL, sealed.data, len, tag, aad.data, aad.len, nonce, key);
    hf_assert(r == 0);
    return 0;
}
