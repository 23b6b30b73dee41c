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
