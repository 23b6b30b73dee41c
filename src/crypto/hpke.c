#include "crypto/hpke.h"
#include "crypto/kdf.h"
#include "crypto/x25519.h"
#include "ops.h"

#include "base/error.h"
#include "base/secret.h"

/* "KEM" and its id: suite_id within DHKEM(X25519, HKDF-SHA256), and DHKEM(P-256, HKDF-SHA256) (RFC
 * 9180, 4.1). */
static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};
static const uint8_t kem_suite_p256[] = {'K', 'E', 'M', 0x00, 0x10};

/* "HPKE", kem_id, kdf_id (HKDF-SHA256, 0x0001) and aead_id: suite_id outside it (5.1). */
struct hpke_suite {
    uint8_t id[10];
};

static struct hpke_suite hpke_suite_of(bool p256, enum hf_aead aead)
{
    const uint8_t kem = (p256 ? kem_suite_p256 : kem_suite)[4];
    return (struct hpke_suite){
        .id = {'H', 'P', 'K', 'E', 0x00, kem, 0x00, 0x01, (uint8_t)(aead >> 8), (uint8_t)aead}};
}

static struct hf_bytes text(const char *s)
{
    return hf_bytes_of(s, strlen(s));
}

static void labeled_extract(struct hf_bytes suite, struct hf_bytes salt, const char *label,
                            struct hf_bytes ikm, uint8_t ret[static HF_HMAC_LEN])
{
    const struct hf_bytes pieces[] = {text("HPKE-v1"), suite, text(label), ikm};

    hf_hkdf_extract(salt, HF_ARRAY_LEN(pieces), pieces, ret);
}

static int labeled_expand(struct hf_bytes suite, const uint8_t prk[static HF_HMAC_LEN],
                          const char *label, struct hf_bytes info, uint8_t *ret, size_t ret_len)
{
    if (ret_len > HF_HKDF_LEN_MAX)
        return HF_ETOOBIG;
    const uint8_t length[2] = {(uint8_t)(ret_len >> 8), (uint8_t)ret_len};
    const struct hf_bytes pieces[] = {hf_bytes_of(length, sizeof length), text("HPKE-v1"), suite,
                                      text(label), info};

    return hf_hkdf_expand(prk, HF_ARRAY_LEN(pieces), pieces, ret, ret_len);
}

void hf_hpke_derive_keypair(struct hf_bytes ikm, uint8_t ret_public[static HF_HPKE_KEY_LEN],
                            uint8_t ret_secret[static HF_HPKE_KEY_LEN])
{
    const struct hf_bytes suite = hf_bytes_of(kem_suite, sizeof kem_suite);
    uint8_t prk[HF_HMAC_LEN];

    hf_assert(ikm.len >= 32);
    labeled_extract(suite, (struct hf_bytes){0}, "dkp_prk", ikm, prk);
    int r = labeled_expand(suite, prk, "sk", (struct hf_bytes){0}, ret_secret, 32);
    hf_assert(r == 0);
    hf_x25519_public(ret_secret, ret_public);
    hf_wipe(prk, sizeof prk);
}

/* ExtractAndExpand over a Diffie-Hellman value and the kem_context, enc and pkR (4.1). */
static void extract_and_expand(struct hf_bytes suite, const uint8_t dh[static HF_HPKE_KEY_LEN],
                               struct hf_bytes context, uint8_t ret[static HF_HMAC_LEN])
{
    uint8_t prk[HF_HMAC_LEN];
    labeled_extract(suite, (struct hf_bytes){0}, "eae_prk", hf_bytes_of(dh, HF_HPKE_KEY_LEN), prk);
    int r = labeled_expand(suite, prk, "shared_secret", context, ret, HF_HMAC_LEN);
    hf_assert(r == 0);
    hf_wipe(prk, sizeof prk);
}

/* The shared secret by dh(secret_key, public_key). */
static int kem_secret(const uint8_t secret_key[static HF_HPKE_KEY_LEN],
                      const uint8_t public_key[static HF_HPKE_KEY_LEN],
                      const uint8_t encapsulated[static HF_HPKE_KEY_LEN],
                      const uint8_t receiver[static HF_HPKE_KEY_LEN],
                      uint8_t ret[static HF_HMAC_LEN])
{
    uint8_t dh[HF_HPKE_KEY_LEN], context[2 * HF_HPKE_KEY_LEN];

    int r = hf_x25519(secret_key, public_key, dh);
    if (r < 0)
        return r;
    memcpy(context, encapsulated, HF_HPKE_KEY_LEN);
    memcpy(context + HF_HPKE_KEY_LEN, receiver, HF_HPKE_KEY_LEN);
    extract_and_expand(hf_bytes_of(kem_suite, sizeof kem_suite), dh,
                       hf_bytes_of(context, sizeof context), ret);
    hf_wipe(dh, sizeof dh);
    return 0;
}

/* KeySchedule in mode_base (5.1): psk and psk_id are empty. */
static void key_schedule(struct hf_hpke *ret, bool p256, enum hf_aead aead, bool sender,
                         const uint8_t shared_secret[static HF_HMAC_LEN], struct hf_bytes info)
{
    const struct hpke_suite id = hpke_suite_of(p256, aead);
    const struct hf_bytes suite = hf_bytes_of(id.id, sizeof id.id);
    const struct hf_bytes none = {0};
    uint8_t context[1 + 2 * HF_HMAC_LEN] = {0x00 /* mode_base */};
    const struct hf_bytes context_bytes = hf_bytes_of(context, sizeof context);
    uint8_t secret[HF_HMAC_LEN];

    labeled_extract(suite, none, "psk_id_hash", none, context + 1);
    labeled_extract(suite, none, "info_hash", info, context + 1 + HF_HMAC_LEN);
    labeled_extract(suite, hf_bytes_of(shared_secret, HF_HMAC_LEN), "secret", none, secret);

    ret->aead = aead;
    ret->p256 = p256;
    ret->sender = sender;
    ret->sequence = 0;
    int r = labeled_expand(suite, secret, "key", context_bytes, ret->key, sizeof ret->key);
    hf_assert(r == 0);
    r = labeled_expand(suite, secret, "base_nonce", context_bytes, ret->base_nonce,
                       sizeof ret->base_nonce);
    hf_assert(r == 0);
    hf_wipe(secret, sizeof secret);
}

static bool usable(enum hf_aead aead)
{
    return (aead == HF_AEAD_AES256GCM || aead == HF_AEAD_CHACHA20POLY1305) &&
           hf_aead_available(aead);
}

int hf_hpke_init_sender(struct hf_hpke *ret, enum hf_aead aead,
                        const uint8_t public_key[static HF_HPKE_KEY_LEN], struct hf_bytes info,
                        const uint8_t ephemeral[static HF_HPKE_KEY_LEN],
                        uint8_t ret_encapsulated[static HF_HPKE_KEY_LEN])
{
    uint8_t secret_key[HF_HPKE_KEY_LEN], encapsulated[HF_HPKE_KEY_LEN], shared_secret[HF_HMAC_LEN];

    if (!usable(aead))
        return HF_EUNSUPPORTED;
    hf_hpke_derive_keypair(hf_bytes_of(ephemeral, HF_HPKE_KEY_LEN), encapsulated, secret_key);
    int r = kem_secret(secret_key, public_key, encapsulated, public_key, shared_secret);
    if (r < 0)
        goto out;
    key_schedule(ret, false, aead, true, shared_secret, info);
    memcpy(ret_encapsulated, encapsulated, sizeof encapsulated);
out:
    hf_wipe(secret_key, sizeof secret_key);
    hf_wipe(shared_secret, sizeof shared_secret);
    return r;
}

int hf_hpke_init_receiver(struct hf_hpke *ret, enum hf_aead aead,
                          const uint8_t secret_key[static HF_HPKE_KEY_LEN],
                          const uint8_t encapsulated[static HF_HPKE_KEY_LEN], struct hf_bytes info)
{
    uint8_t public_key[HF_HPKE_KEY_LEN], shared_secret[HF_HMAC_LEN];

    if (!usable(aead))
        return HF_EUNSUPPORTED;
    hf_x25519_public(secret_key, public_key);
    int r = kem_secret(secret_key, encapsulated, encapsulated, public_key, shared_secret);
    if (r < 0)
        goto out;
    key_schedule(ret, false, aead, false, shared_secret, info);
out:
    hf_wipe(shared_secret, sizeof shared_secret);
    return r;
}

int hf_hpke_init_p256(struct hf_hpke *ret, enum hf_aead aead, bool sender,
                      const uint8_t dh[static HF_HPKE_KEY_LEN],
                      const uint8_t encapsulated[static HF_HPKE_P256_KEY_LEN],
                      const uint8_t receiver[static HF_HPKE_P256_KEY_LEN], struct hf_bytes info)
{
    uint8_t shared_secret[HF_HMAC_LEN], context[2 * HF_HPKE_P256_KEY_LEN];

    if (!usable(aead))
        return HF_EUNSUPPORTED;
    memcpy(context, encapsulated, HF_HPKE_P256_KEY_LEN);
    memcpy(context + HF_HPKE_P256_KEY_LEN, receiver, HF_HPKE_P256_KEY_LEN);
    extract_and_expand(hf_bytes_of(kem_suite_p256, sizeof kem_suite_p256), dh,
                       hf_bytes_of(context, sizeof context), shared_secret);
    key_schedule(ret, true, aead, sender, shared_secret, info);
    hf_wipe(shared_secret, sizeof shared_secret);
    return 0;
}

void hf_hpke_done(struct hf_hpke *hpke)
{
    hf_wipe(hpke, sizeof *hpke);
}

/* ComputeNonce (5.2). The sequence is 64 bits here, so the first four bytes never change. */
static void next_nonce(const struct hf_hpke *hpke, uint8_t ret[static HF_AEAD_NONCE_LEN])
{
    memcpy(ret, hpke->base_nonce, HF_AEAD_NONCE_LEN);
    for (size_t i = 0; i < 8; i++)
        ret[HF_AEAD_NONCE_LEN - 1 - i] ^= (uint8_t)(hpke->sequence >> (8 * i));
}

int hf_hpke_seal(struct hf_hpke *hpke, struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    uint8_t nonce[HF_AEAD_NONCE_LEN];

    hf_assert(hpke->sender);
    if (hpke->sequence == UINT64_MAX)
        return HF_ETOOBIG;
    next_nonce(hpke, nonce);
    hf_aead_seal(hpke->aead, hpke->key, nonce, aad, plain, ret);
    hpke->sequence++;
    return 0;
}

int hf_hpke_open(struct hf_hpke *hpke, struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    uint8_t nonce[HF_AEAD_NONCE_LEN];

    hf_assert(!hpke->sender);
    if (hpke->sequence == UINT64_MAX)
        return HF_ETOOBIG;
    next_nonce(hpke, nonce);
    int r = hf_aead_open(hpke->aead, hpke->key, nonce, aad, sealed, ret);
    if (r < 0)
        return r;
    hpke->sequence++;
    return 0;
}
