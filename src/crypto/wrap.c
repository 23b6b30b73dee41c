#include "crypto/aead.h"
#include "ops.h"

#include "base/error.h"

void hf__wrap(struct hf_rng *rng, const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad,
              struct hf_bytes plain, uint8_t *ret)
{
    hf_rng_draw(rng, ret, HF_AEAD_XNONCE_LEN);
    hf_aead_seal(HF_AEAD_XCHACHA20POLY1305, key, ret, aad, plain, ret + HF_AEAD_XNONCE_LEN);
}

int hf__unwrap(const uint8_t key[static HF_KEY_LEN], struct hf_bytes aad, struct hf_bytes wrapped,
               uint8_t *ret)
{
    if (wrapped.len < HF_WRAP_OVERHEAD)
        return HF_ECRYPTO;
    struct hf_bytes sealed =
        hf_bytes_of(wrapped.data + HF_AEAD_XNONCE_LEN, wrapped.len - HF_AEAD_XNONCE_LEN);
    return hf_aead_open(HF_AEAD_XCHACHA20POLY1305, key, wrapped.data, aad, sealed, ret);
}
