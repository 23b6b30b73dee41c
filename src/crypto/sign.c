#include "crypto/ed25519.h"
#include "ops.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

int hf_ed25519_verify(const uint8_t public_key[static HF_ED25519_KEY_LEN], struct hf_bytes message,
                      const uint8_t signature[static 64])
{
    static const uint8_t empty[1];
    const uint8_t *data = message.len > 0 ? message.data : empty;

    /* This refuses what the header names; tests/unit/test_sign.c holds the library to it. */
    if (crypto_sign_verify_detached(signature, data, message.len, public_key) != 0)
        return HF_ESIGNATURE;
    return 0;
}

void hf__sign_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                      uint8_t ret_secret[static HF_SIGN_SECRET_LEN])
{
    uint8_t seed[crypto_sign_SEEDBYTES];

    hf_rng_draw(rng, seed, sizeof seed);
    crypto_sign_seed_keypair(ret_public, ret_secret, seed);
    hf_wipe(seed, sizeof seed);
}

void hf__sign(const uint8_t secret[static HF_SIGN_SECRET_LEN], const char *label,
              struct hf_bytes data, uint8_t ret[static HF_SIGNATURE_LEN])
{
    struct hf_hash digest;

    hf__hash(label, data, &digest);
    crypto_sign_detached(ret, NULL, digest.bytes, sizeof digest, secret);
}

int hf__verify(const uint8_t public_key[static HF_KEY_LEN], const char *label, struct hf_bytes data,
               const uint8_t signature[static HF_SIGNATURE_LEN])
{
    struct hf_hash digest;

    hf__hash(label, data, &digest);
    return hf_ed25519_verify(public_key, hf_hash_bytes(&digest), signature);
}
