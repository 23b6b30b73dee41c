/*
 * Nonces that cost their maker no memory: an expiry and random bytes under a MAC whose key lives in
 * this process only, so that a restart makes every nonce given out before it worthless
 * (proto/PROTOCOL.md, 8). /v1/nonce, the first step of recovery, gives one to an asker that has
 * proved nothing.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "provider/provider.h"

#include <assert.h>

enum { EXPIRY = 8, RANDOM = 16, BODY = EXPIRY + RANDOM };

static void mac(struct hf_engine *e, struct hf_bytes context, const uint8_t *nonce,
                uint8_t ret[static HF_MAC_LEN])
{
    static_assert(BODY + HF_MAC_LEN == 40, "a nonce");
    hf_assert(context.len + BODY <= 256);
    struct hf_buf b;
    hf_buf_init(&b, 256);
    hf_buf_append(&b, context.data, context.len);
    hf_buf_append(&b, nonce, BODY);
    hf_assert(b.error == 0);
    e->suite->mac(e->secrets->nonce_key, hf_buf_bytes(&b), ret);
    hf_buf_done(&b);
}

void hf__nonce_make(struct hf_engine *e, struct hf_bytes context, uint8_t ret[static 40])
{
    hf_assert(e->open); /* a locked node has no key for them */
    uint64_t expiry = e->now_ms + e->timing.nonce_life_ms;
    hf_assert(expiry > e->now_ms);
    for (int i = 0; i < EXPIRY; i++)
        ret[i] = (uint8_t)(expiry >> (56 - 8 * i));
    e->suite->random(&e->secrets->rng, ret + EXPIRY, RANDOM);
    mac(e, context, ret, ret + BODY);
}

int hf__nonce_check(struct hf_engine *e, struct hf_bytes context, const uint8_t nonce[static 40])
{
    hf_assert(e->timing.nonce_life_ms > 0);
    uint8_t expected[HF_MAC_LEN];
    uint64_t expiry = 0;
    mac(e, context, nonce, expected);
    if (!hf_secret_equal(expected, nonce + BODY, HF_MAC_LEN))
        return HF_ENONCE;
    for (int i = 0; i < EXPIRY; i++)
        expiry = expiry << 8 | nonce[i];
    return expiry >= e->now_ms ? 0 : HF_ENONCE;
}

struct hf_bytes hf__offer_context(struct hf_engine *e, const struct hf_account *owner,
                                  const struct hf_generation_id *generation)
{
    hf_assert(generation->number > 0);
    uint8_t *context = hf__scratch(e, 5 + 32 + 16);
    memcpy(context, "offer", 5);
    memcpy(context + 5, owner->bytes, 32);
    memcpy(context + 37, generation->id, 16);
    return hf_bytes_of(context, 53);
}

struct hf_bytes hf__recover_context(struct hf_engine *e, const struct hf_account *account,
                                    const uint8_t response_key[static 32])
{
    hf_assert(e->open);
    uint8_t *context = hf__scratch(e, 5 + 32 + 32);
    memcpy(context, "nonce", 5);
    memcpy(context + 5, account->bytes, 32);
    memcpy(context + 37, response_key, 32);
    return hf_bytes_of(context, 69);
}

int hf__recv_nonce(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->open);
    struct hf_nonce_request m;
    struct hf_nonce_response answer = {0};
    struct hf_owner_row row;
    int r = hf__decode(e, &hf_wire_nonce_request, body, &m);
    if (r == 0)
        r = hf__documents_ready(e);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0 && !hf__is_member(e, &m.account))
        r = HF_ENOTMEMBER;
    if (r == 0 && !hf__owner_row(e, &m.account, &row))
        r = HF_ENOSHARE;
    if (r == 0 && m.has_ticket)
        hf__ticket_shown(e, &row, m.ticket);
    if (r == 0)
        r = hf__rate_owner(e, from, &m.account);
    if (r != 0)
        return r;
    hf__versions(e, &answer.versions);
    answer.provider = e->account;
    answer.time_s = hf__now_s(e);
    answer.draining = e->provider->draining || e->provider->drain != NULL;
    hf__nonce_make(e, hf__recover_context(e, &m.account, m.response_key), answer.nonce);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_nonce_response, &answer), true);
    return 0;
}
