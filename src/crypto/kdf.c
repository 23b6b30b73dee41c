#include "crypto/kdf.h"
#include "ops.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

static void update(crypto_auth_hmacsha256_state *state, size_t count, const struct hf_bytes *pieces)
{
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0)
            crypto_auth_hmacsha256_update(state, pieces[i].data, pieces[i].len);
    }
}

void hf_hmac(struct hf_bytes key, size_t count, const struct hf_bytes *pieces,
             uint8_t ret[static HF_HMAC_LEN])
{
    static const uint8_t empty[1];
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key.len > 0 ? key.data : empty, key.len);
    update(&state, count, pieces);
    crypto_auth_hmacsha256_final(&state, ret);
    hf_wipe(&state, sizeof state);
}

void hf_hkdf_extract(struct hf_bytes salt, size_t count, const struct hf_bytes *pieces,
                     uint8_t ret_prk[static HF_HMAC_LEN])
{
    /* HMAC pads its key with zeros, so an empty salt is RFC 5869's default of 32 zero bytes. */
    hf_hmac(salt, count, pieces, ret_prk);
}

int hf_hkdf_expand(const uint8_t prk[static HF_HMAC_LEN], size_t count,
                   const struct hf_bytes *pieces, uint8_t *ret, size_t ret_len)
{
    if (ret_len > HF_HKDF_LEN_MAX)
        return HF_ETOOBIG;

    crypto_auth_hmacsha256_state state;
    uint8_t block[HF_HMAC_LEN];
    uint8_t counter = 0;
    for (size_t done = 0; done < ret_len; done += sizeof block) {
        crypto_auth_hmacsha256_init(&state, prk, HF_HMAC_LEN);
        if (counter > 0)
            crypto_auth_hmacsha256_update(&state, block, sizeof block);
        update(&state, count, pieces);
        counter++;
        crypto_auth_hmacsha256_update(&state, &counter, 1);
        crypto_auth_hmacsha256_final(&state, block);
        size_t left = ret_len - done;
        memcpy(ret + done, block, left < sizeof block ? left : sizeof block);
    }
    hf_wipe(&state, sizeof state);
    hf_wipe(block, sizeof block);
    return 0;
}

void hf_sha256(struct hf_bytes data, uint8_t ret[static HF_HMAC_LEN])
{
    crypto_hash_sha256(ret, data.data, data.len);
}

int hf_passphrase_key(struct hf_bytes passphrase, const uint8_t salt[static 16], uint64_t passes,
                      uint64_t memory_kib, uint8_t ret[static HF_PASSPHRASE_KEY_LEN])
{
    uint8_t key[HF_PASSPHRASE_KEY_LEN];

    if (passes < crypto_pwhash_argon2id_OPSLIMIT_MIN || passes > 64 ||
        memory_kib < crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024 || memory_kib > UINT64_C(4) << 20)
        return HF_EINVAL;
    if (crypto_pwhash_argon2id(key, sizeof key, (const char *)passphrase.data, passphrase.len, salt,
                               passes, (size_t)memory_kib * 1024,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
        return HF_ENOMEM;
    memcpy(ret, key, sizeof key);
    hf_wipe(key, sizeof key);
    return 0;
}

void hf__kdf(const uint8_t salt[static HF_HASH_LEN], struct hf_bytes secret, struct hf_bytes info,
             uint8_t *ret, size_t ret_len)
{
    uint8_t prk[HF_HMAC_LEN];

    hf_assert(ret_len >= 1 && ret_len <= HF_KDF_LEN_MAX);
    hf_hkdf_extract(hf_bytes_of(salt, HF_HASH_LEN), 1, &secret, prk);
    int r = hf_hkdf_expand(prk, 1, &info, ret, ret_len);
    hf_assert(r == 0);
    hf_wipe(prk, sizeof prk);
}
