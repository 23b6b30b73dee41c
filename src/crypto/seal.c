#include "crypto/hpke.h"
#include "ops.h"

#include "base/error.h"
#include "base/secret.h"

void hf__seal_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                      uint8_t ret_secret[static HF_KEY_LEN])
{
    uint8_t ikm[HF_HPKE_KEY_LEN];

    hf_rng_draw(rng, ikm, sizeof ikm);
    hf_hpke_derive_keypair(hf_bytes_of(ikm, sizeof ikm), ret_public, ret_secret);
    hf_wipe(ikm, sizeof ikm);
}

static int seal(enum hf_aead aead, struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    struct hf_hpke hpke = {0};
    uint8_t ephemeral[HF_HPKE_KEY_LEN], encapsulated[HF_HPKE_KEY_LEN];

    hf_rng_draw(rng, ephemeral, sizeof ephemeral);
    int r = hf_hpke_init_sender(&hpke, aead, public_key, info, ephemeral, encapsulated);
    if (r < 0)
        goto out;
    memcpy(ret, encapsulated, sizeof encapsulated);
    r = hf_hpke_seal(&hpke, aad, plain, ret + sizeof encapsulated);
    hf_assert(r == 0); /* the first message of a context */
out:
    hf_hpke_done(&hpke);
    hf_wipe(ephemeral, sizeof ephemeral);
    return r;
}

static int open(enum hf_aead aead, const uint8_t secret_key[static HF_KEY_LEN],
                struct hf_bytes info, struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    struct hf_hpke hpke = {0};

    if (sealed.len < HF_SEAL_OVERHEAD)
        return HF_ECRYPTO;
    int r = hf_hpke_init_receiver(&hpke, aead, secret_key, sealed.data, info);
    if (r < 0)
        goto out;
    r = hf_hpke_open(&hpke, aad,
                     hf_bytes_of(sealed.data + HF_HPKE_KEY_LEN, sealed.len - HF_HPKE_KEY_LEN), ret);
out:
    hf_hpke_done(&hpke);
    return r;
}

int hf__seal(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN], struct hf_bytes info,
             struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    return seal(HF_AEAD_CHACHA20POLY1305, rng, public_key, info, aad, plain, ret);
}

int hf__open(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info, struct hf_bytes aad,
             struct hf_bytes sealed, uint8_t *ret)
{
    return open(HF_AEAD_CHACHA20POLY1305, secret_key, info, aad, sealed, ret);
}

int hf__seal_gcm(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                 struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    return seal(HF_AEAD_AES256GCM, rng, public_key, info, aad, plain, ret);
}

int hf__open_gcm(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                 struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    return open(HF_AEAD_AES256GCM, secret_key, info, aad, sealed, ret);
}
