#include "crypto/suite.h"

#include "base/error.h"
#include "base/secret.h"

#include <sodium.h>
#include <sys/random.h>

void hf_rng_init(struct hf_rng *ret, const uint8_t seed[static HF_RNG_SEED_LEN])
{
    memcpy(ret->seed, seed, sizeof ret->seed);
    ret->drawn = 0;
}

int hf_rng_fresh(struct hf_rng *ret)
{
    ret->drawn = 0;
    return getrandom(ret->seed, sizeof ret->seed, 0) == sizeof ret->seed ? 0 : HF_EINTERNAL;
}

void hf_rng_draw(struct hf_rng *rng, void *ret, size_t len)
{
    uint8_t *out = ret;
    uint8_t block[64], nonce[crypto_stream_chacha20_NONCEBYTES];

    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)(rng->drawn >> (8 * i));
    crypto_stream_chacha20(block, sizeof block, nonce, rng->seed);

    /* The first block's second half is output, so that the usual draw of 32
     * bytes costs one block. */
    size_t head = len < sizeof block / 2 ? len : sizeof block / 2;
    if (head > 0)
        memcpy(out, block + sizeof block / 2, head);
    if (len > head) {
        memset(out + head, 0, len - head);
        crypto_stream_chacha20_xor_ic(out + head, out + head, len - head, nonce, 1, rng->seed);
    }

    /* Its first half replaces the key: who sees this generator later
     * cannot tell what it gave before. */
    memcpy(rng->seed, block, sizeof rng->seed);
    rng->drawn++;
    hf_wipe(block, sizeof block);
}
