/* The model suite: what the engine calls, with mixers in place of cryptography. */
#include "suites/cost.h"

#include "suites/model.h"

#include "base/error.h"
#include "base/secret.h"

const uint64_t hf__cost_stated[HF_WORLD_OPERATIONS] = {
#define X(name, field, ns, byte_ns, doc) [HF_WORLD_##name] = (ns),
    HF_WORLD_OPERATION_MAP(X)
#undef X
};

uint64_t hf__cost_ns;
const uint64_t *hf__cost_table = hf__cost_stated;

static void model_hash(const char *label, struct hf_bytes data, struct hf_hash *ret)
{
    struct hf__sponge s;
    hf__sponge_init(&s, label);
    hf__sponge_absorb(&s, data);
    hf__sponge_squeeze(&s, ret->bytes, HF_HASH_LEN);
    hf__cost_add(HF_WORLD_HASH, 1, data.len);
}

static void model_report_data(const char *label, struct hf_bytes data,
                              uint8_t ret[static HF_REPORT_DATA_LEN])
{
    struct hf__sponge s;
    hf__sponge_init(&s, label);
    hf__sponge_absorb(&s, data);
    hf__sponge_squeeze(&s, ret, HF_REPORT_DATA_LEN);
    hf__cost_add(HF_WORLD_HASH, 1, data.len);
}

static void model_mac(const uint8_t key[static HF_KEY_LEN], struct hf_bytes data,
                      uint8_t ret[static HF_MAC_LEN])
{
    struct hf__sponge s;
    hf__sponge_init(&s, "mac");
    hf__sponge_absorb(&s, hf_bytes_of(key, HF_KEY_LEN));
    hf__sponge_absorb(&s, data);
    hf__sponge_squeeze(&s, ret, HF_MAC_LEN);
    hf__cost_add(HF_WORLD_HASH, 1, data.len);
}

static void model_kdf(const uint8_t salt[static HF_HASH_LEN], struct hf_bytes secret,
                      struct hf_bytes info, uint8_t *ret, size_t ret_len)
{
    struct hf__sponge s;
    hf__sponge_init(&s, "kdf");
    hf__sponge_absorb(&s, hf_bytes_of(salt, HF_HASH_LEN));
    hf__sponge_absorb(&s, secret);
    hf__sponge_absorb(&s, info);
    hf__sponge_squeeze(&s, ret, ret_len);
    hf__cost_add(HF_WORLD_KDF, 1, secret.len + info.len);
}

static void public_of(const char *label, const uint8_t secret[static HF_KEY_LEN],
                      uint8_t ret[static HF_KEY_LEN])
{
    struct hf__sponge s;
    hf__sponge_init(&s, label);
    hf__sponge_absorb(&s, hf_bytes_of(secret, HF_KEY_LEN));
    hf__sponge_squeeze(&s, ret, HF_KEY_LEN);
}

static void model_sign_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                               uint8_t ret_secret[static HF_SIGN_SECRET_LEN])
{
    hf__model_random(rng, ret_secret, HF_KEY_LEN);
    public_of("account", ret_secret, ret_public);
    memcpy(ret_secret + HF_KEY_LEN, ret_public, HF_KEY_LEN);
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
}

static void signature_of(const uint8_t public_key[static HF_KEY_LEN], const char *label,
                         struct hf_bytes data, uint8_t ret[static HF_SIGNATURE_LEN])
{
    struct hf__sponge s;
    hf__sponge_init(&s, label);
    hf__sponge_absorb(&s, hf_bytes_of(public_key, HF_KEY_LEN));
    hf__sponge_absorb(&s, data);
    hf__sponge_squeeze(&s, ret, HF_SIGNATURE_LEN);
}

static void model_sign(const uint8_t secret[static HF_SIGN_SECRET_LEN], const char *label,
                       struct hf_bytes data, uint8_t ret[static HF_SIGNATURE_LEN])
{
    signature_of(secret + HF_KEY_LEN, label, data, ret);
    hf__cost_add(HF_WORLD_SIGN, 1, data.len);
}

static int model_verify(const uint8_t public_key[static HF_KEY_LEN], const char *label,
                        struct hf_bytes data, const uint8_t signature[static HF_SIGNATURE_LEN])
{
    uint8_t expected[HF_SIGNATURE_LEN];
    signature_of(public_key, label, data, expected);
    hf__cost_add(HF_WORLD_VERIFY, 1, data.len);
    return memcmp(expected, signature, sizeof expected) == 0 ? 0 : HF_ESIGNATURE;
}

static void model_seal_keypair(struct hf_rng *rng, uint8_t ret_public[static HF_KEY_LEN],
                               uint8_t ret_secret[static HF_KEY_LEN])
{
    hf__model_random(rng, ret_secret, HF_KEY_LEN);
    public_of("sealing", ret_secret, ret_public);
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
}

/* XORs a stream that follows from s over in, and gives the tag over s and the plain bytes. */
static void cipher(const struct hf__sponge *s, struct hf_bytes in, bool open, uint8_t *ret,
                   uint8_t ret_tag[static HF_MAC_LEN])
{
    struct hf__sponge stream = *s, tag = *s;
    hf__sponge_absorb(&stream, hf_bytes_of("stream", 6));
    for (size_t at = 0; at < in.len; at += 64) {
        uint8_t block[64];
        size_t len = in.len - at < sizeof block ? in.len - at : sizeof block;
        hf__sponge_squeeze(&stream, block, len);
        stream.a += 1;
        for (size_t i = 0; i < len; i++)
            ret[at + i] = in.data[at + i] ^ block[i];
    }
    hf__sponge_absorb(&tag, open ? hf_bytes_of(ret, in.len) : in);
    hf__sponge_squeeze(&tag, ret_tag, HF_MAC_LEN);
    hf__cost_add(HF_WORLD_AEAD, 1, in.len);
}

static void seal_state(struct hf__sponge *s, const char *label,
                       const uint8_t public_key[static HF_KEY_LEN],
                       const uint8_t enc[static HF_KEY_LEN], struct hf_bytes info,
                       struct hf_bytes aad)
{
    hf__sponge_init(s, label);
    hf__sponge_absorb(s, hf_bytes_of(public_key, HF_KEY_LEN));
    hf__sponge_absorb(s, hf_bytes_of(enc, HF_KEY_LEN));
    hf__sponge_absorb(s, info);
    hf__sponge_absorb(s, aad);
}

static bool all_zero(const uint8_t key[static HF_KEY_LEN])
{
    static const uint8_t zeros[HF_KEY_LEN];
    return memcmp(key, zeros, sizeof zeros) == 0;
}

static int seal_as(const char *label, struct hf_rng *rng,
                   const uint8_t public_key[static HF_KEY_LEN], struct hf_bytes info,
                   struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    struct hf__sponge s;
    if (all_zero(public_key))
        return HF_EPOINT;
    hf__model_random(rng, ret, HF_KEY_LEN);
    seal_state(&s, label, public_key, ret, info, aad);
    cipher(&s, plain, false, ret + HF_KEY_LEN, ret + HF_KEY_LEN + plain.len);
    hf__cost_add(HF_WORLD_BASE_MULT, 1, 0);
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    return 0;
}

static int open_as(const char *label, const uint8_t secret_key[static HF_KEY_LEN],
                   struct hf_bytes info, struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    struct hf__sponge s;
    uint8_t public_key[HF_KEY_LEN], tag[HF_MAC_LEN];
    if (sealed.len < HF_SEAL_OVERHEAD)
        return HF_ECRYPTO;
    if (all_zero(sealed.data))
        return HF_EPOINT;
    size_t len = sealed.len - HF_SEAL_OVERHEAD;
    public_of("sealing", secret_key, public_key);
    seal_state(&s, label, public_key, sealed.data, info, aad);
    cipher(&s, hf_bytes_of(sealed.data + HF_KEY_LEN, len), true, ret, tag);
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    if (memcmp(tag, sealed.data + HF_KEY_LEN + len, sizeof tag) != 0) {
        hf_wipe(ret, len);
        return HF_ECRYPTO;
    }
    return 0;
}

static int model_seal(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                      struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain,
                      uint8_t *ret)
{
    return seal_as("hpke", rng, public_key, info, aad, plain, ret);
}

static int model_open(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                      struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    return open_as("hpke", secret_key, info, aad, sealed, ret);
}

static int model_seal_gcm(struct hf_rng *rng, const uint8_t public_key[static HF_KEY_LEN],
                          struct hf_bytes info, struct hf_bytes aad, struct hf_bytes plain,
                          uint8_t *ret)
{
    return seal_as("hpke-gcm", rng, public_key, info, aad, plain, ret);
}

static int model_open_gcm(const uint8_t secret_key[static HF_KEY_LEN], struct hf_bytes info,
                          struct hf_bytes aad, struct hf_bytes sealed, uint8_t *ret)
{
    return open_as("hpke-gcm", secret_key, info, aad, sealed, ret);
}

static int model_agree(const uint8_t secret_key[static HF_KEY_LEN],
                       const uint8_t public_key[static HF_KEY_LEN], uint8_t ret[static HF_KEY_LEN])
{
    struct hf__sponge s;
    uint8_t own[HF_KEY_LEN];
    if (all_zero(public_key))
        return HF_EPOINT;
    public_of("sealing", secret_key, own);
    bool first = memcmp(own, public_key, sizeof own) < 0;
    hf__sponge_init(&s, "agree");
    hf__sponge_absorb(&s, hf_bytes_of(first ? own : public_key, HF_KEY_LEN));
    hf__sponge_absorb(&s, hf_bytes_of(first ? public_key : own, HF_KEY_LEN));
    hf__sponge_squeeze(&s, ret, HF_KEY_LEN);
    hf__cost_add(HF_WORLD_POINT_MULT, 1, 0);
    return 0;
}

static void wrap_state(struct hf__sponge *s, const uint8_t key[static HF_KEY_LEN],
                       const uint8_t nonce[static 24], struct hf_bytes aad)
{
    hf__sponge_init(s, "wrap");
    hf__sponge_absorb(s, hf_bytes_of(key, HF_KEY_LEN));
    hf__sponge_absorb(s, hf_bytes_of(nonce, 24));
    hf__sponge_absorb(s, aad);
}

static void model_wrap(struct hf_rng *rng, const uint8_t key[static HF_KEY_LEN],
                       struct hf_bytes aad, struct hf_bytes plain, uint8_t *ret)
{
    struct hf__sponge s;
    hf__model_random(rng, ret, 24);
    wrap_state(&s, key, ret, aad);
    cipher(&s, plain, false, ret + 24, ret + 24 + plain.len);
}

static int model_unwrap(const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad,
                        struct hf_bytes wrapped, uint8_t *ret)
{
    struct hf__sponge s;
    uint8_t tag[HF_MAC_LEN];
    if (wrapped.len < HF_WRAP_OVERHEAD)
        return HF_ECRYPTO;
    size_t len = wrapped.len - HF_WRAP_OVERHEAD;
    wrap_state(&s, key, wrapped.data, aad);
    cipher(&s, hf_bytes_of(wrapped.data + 24, len), true, ret, tag);
    if (memcmp(tag, wrapped.data + 24 + len, sizeof tag) != 0) {
        hf_wipe(ret, len);
        return HF_ECRYPTO;
    }
    return 0;
}

const struct hf_suite hf__suite_model = {
    .name = "model",
    .random = hf__model_random,
    .hash = model_hash,
    .report_data = model_report_data,
    .mac = model_mac,
    .kdf = model_kdf,
    .sign_keypair = model_sign_keypair,
    .sign = model_sign,
    .verify = model_verify,
    .seal_keypair = model_seal_keypair,
    .seal = model_seal,
    .open = model_open,
    .seal_gcm = model_seal_gcm,
    .open_gcm = model_open_gcm,
    .agree = model_agree,
    .wrap = model_wrap,
    .unwrap = model_unwrap,
    .scalar_random = hf__model_scalar_random,
    .deal = hf__model_deal,
    .share_check = hf__model_share_check,
    .combine = hf__model_combine,
    .secret_check = hf__model_secret_check,
    .prove = hf__model_prove,
    .proof_check = hf__model_proof_check,
    .repair_split = hf__model_repair_split,
    .repair_split_check = hf__model_repair_split_check,
    .repair_sum = hf__model_repair_sum,
    .repair_sum_check = hf__model_repair_sum_check,
};
