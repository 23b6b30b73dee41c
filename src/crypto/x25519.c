#include "crypto/x25519.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

void hf_x25519_public(const uint8_t secret[static HF_X25519_LEN],
                      uint8_t ret_public[static HF_X25519_LEN])
{
    crypto_scalarmult_curve25519_base(ret_public, secret);
}

int hf_x25519(const uint8_t secret[static HF_X25519_LEN],
              const uint8_t public_key[static HF_X25519_LEN], uint8_t ret[static HF_X25519_LEN])
{
    uint8_t shared[HF_X25519_LEN];
    int r = 0;

    if (crypto_scalarmult_curve25519(shared, secret, public_key) != 0) {
        r = HF_EPOINT;
        goto out;
    }
    memcpy(ret, shared, sizeof shared);
out:
    hf_wipe(shared, sizeof shared);
    return r;
}

int hf_x25519_check(const uint8_t public_key[static HF_X25519_LEN])
{
    /* p = 2^255 - 19, its lowest byte first. */
    static const uint8_t any[HF_X25519_LEN] = {1};
    uint8_t shared[HF_X25519_LEN];
    bool reduced = public_key[31] < 0x7f || public_key[0] < 0xed;
    for (size_t i = 1; i < 31 && !reduced; i++)
        reduced = public_key[i] != 0xff;
    return reduced && public_key[31] <= 0x7f ? hf_x25519(any, public_key, shared) : HF_EPOINT;
}
