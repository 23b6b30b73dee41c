/*
 * Nonces that cost their maker no memory: an expiry and random bytes under a MAC whose key lives in
 * this process only, so that a restart makes every nonce given out before it worthless
 * (proto/PROTOCOL.md, 8).
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "node.h"

enum { EXPIRY = 8, RANDOM = 16, BODY = EXPIRY + RANDOM };

static void mac(struct hf_engine *e, struct hf_bytes context, const uint8_t *nonce,
                uint8_t ret[static HF_MAC_LEN])
{
    struct hf_buf b;
    hf_buf_init(&b, 256);
    hf_buf_append(&b, context.data, context.len);
    hf_buf_append(&b, nonce, BODY);
    hf_assert(b.error == 0);
    e->suite->mac(e->s->nonce_key, hf_buf_bytes(&b), ret);
    hf_buf_done(&b);
}

void hf__nonce_make(struct hf_engine *e, struct hf_bytes context, uint8_t ret[static 40])
{
    uint64_t expiry = e->now_ms + e->timing.nonce_life_ms;
    for (int i = 0; i < EXPIRY; i++)
        ret[i] = (uint8_t)(expiry >> (56 - 8 * i));
    e->suite->random(&e->s->rng, ret + EXPIRY, RANDOM);
    mac(e, context, ret, ret + BODY);
}

int hf__nonce_check(struct hf_engine *e, struct hf_bytes context, const uint8_t nonce[static 40])
{
    uint8_t expected[HF_MAC_LEN];
    uint64_t expiry = 0;
    mac(e, context, nonce, expected);
    if (!hf_secret_equal(expected, nonce + BODY, HF_MAC_LEN))
        return HF_ENONCE;
    for (int i = 0; i < EXPIRY; i++)
        expiry = expiry << 8 | nonce[i];
    return expiry >= e->now_ms ? 0 : HF_ENONCE;
}
