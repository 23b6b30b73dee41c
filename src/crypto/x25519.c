#include "crypto/x25519.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>

void hf_x25519_public(const uint8_t secret[static 32], uint8_t ret_public[static 32])
{
    crypto_scalarmult_curve25519_base(ret_public, secret);
}

int hf_x25519(const uint8_t secret[static 32], const uint8_t public_key[static 32],
              uint8_t ret[static 32])
{
    uint8_t shared[32];
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

int hf_x25519_check(const uint8_t public_key[static 32])
{
    /* p = 2^255 - 19, its lowest byte first. */
    static const uint8_t any[32] = {1};
    uint8_t shared[32];
    bool reduced = public_key[31] < 0x7f || public_key[0] < 0xed;
    for (size_t i = 1; i < 31 && !reduced; i++)
        reduced = public_key[i] != 0xff;
    return reduced && public_key[31] <= 0x7f ? hf_x25519(any, public_key, shared) : HF_EPOINT;
}
