#include "ops.h"

#include "base/secret.h"

#include <sodium.h>

/* Data may be secret, so the state is wiped whatever it was used for. */
static void blake2b(struct hf_bytes key, const char *label, struct hf_bytes data, uint8_t *ret,
                    size_t ret_len)
{
    crypto_generichash_blake2b_state state;

    int r = crypto_generichash_blake2b_init(&state, key.data, key.len, ret_len);
    hf_assert(r == 0);
    if (label != NULL) {
        size_t label_len = strlen(label);
        hf_assert(label_len <= UINT8_MAX);
        uint8_t prefix = (uint8_t)label_len;
        crypto_generichash_blake2b_update(&state, &prefix, 1);
        crypto_generichash_blake2b_update(&state, (const uint8_t *)label, label_len);
    }
    if (data.len > 0)
        crypto_generichash_blake2b_update(&state, data.data, data.len);
    crypto_generichash_blake2b_final(&state, ret, ret_len);
    hf_wipe(&state, sizeof state);
}

void hf__hash(const char *label, struct hf_bytes data, struct hf_hash *ret)
{
    blake2b((struct hf_bytes){0}, label, data, ret->bytes, HF_HASH_LEN);
}

void hf_report_data_of(const char *label, const struct hf_hash *hash,
                       uint8_t ret[static HF_REPORT_DATA_LEN])
{
    blake2b((struct hf_bytes){0}, label, hf_bytes_of(hash->bytes, HF_HASH_LEN), ret,
            HF_REPORT_DATA_LEN);
}

void hf__report_data(const char *label, struct hf_bytes data,
                     uint8_t ret[static HF_REPORT_DATA_LEN])
{
    struct hf_hash hash;
    hf__hash(label, data, &hash);
    hf_report_data_of(label, &hash, ret);
}

void hf__mac(const uint8_t key[static HF_KEY_LEN], struct hf_bytes data,
             uint8_t ret[static HF_MAC_LEN])
{
    blake2b(hf_bytes_of(key, HF_KEY_LEN), NULL, data, ret, HF_MAC_LEN);
}
