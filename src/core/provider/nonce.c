/*
 * Nonces that cost their maker no memory: an expiry and random bytes under a MAC whose key lives in
 * this process only, so that a restart makes every nonce given out before it worthless
 * (proto/PROTOCOL.md, 8). /v1/nonce, the first step of recovery, gives one to an asker that has
 * proved nothing.
 */
#include "base/error.h"
#include "base/secret.h"
#include "provider/provider.h"

#include <assert.h>

enum { EXPIRY = 8, RANDOM = 16, BODY = EXPIRY + RANDOM, CONTEXT_MAX = 232, LABEL = 5 };

static void mac(struct hf_engine *e, struct hf_bytes context, const uint8_t *nonce,
                uint8_t ret[static HF_MAC_LEN])
{
    static_assert(BODY + HF_MAC_LEN == 40, "a nonce");
    uint8_t what[CONTEXT_MAX + BODY];
    hf_assert(context.len <= CONTEXT_MAX);
    memcpy(what, context.data, context.len);
    memcpy(what + context.len, nonce, BODY);
    e->suite->mac(e->secrets->nonce_key, hf_bytes_of(what, context.len + BODY), ret);
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
    uint8_t *context = hf__scratch(e, LABEL + HF_ID_LEN + sizeof generation->id);
    memcpy(context, "offer", LABEL);
    memcpy(context + LABEL, owner->bytes, HF_ID_LEN);
    memcpy(context + LABEL + HF_ID_LEN, generation->id, sizeof generation->id);
    return hf_bytes_of(context, LABEL + HF_ID_LEN + sizeof generation->id);
}

struct hf_bytes hf__take_context(struct hf_engine *e, const struct hf_account *owner,
                                 const struct hf_generation_id *generation,
                                 const struct hf_account *from)
{
    hf_assert(generation->number > 0);
    size_t len = LABEL + HF_ID_LEN + sizeof generation->id + HF_ID_LEN;
    uint8_t *context = hf__scratch(e, len);
    hf_assert(len <= CONTEXT_MAX);
    memcpy(context, "taken", LABEL);
    memcpy(context + LABEL, owner->bytes, HF_ID_LEN);
    memcpy(context + LABEL + HF_ID_LEN, generation->id, sizeof generation->id);
    memcpy(context + LABEL + HF_ID_LEN + sizeof generation->id, from->bytes, HF_ID_LEN);
    return hf_bytes_of(context, len);
}

struct hf_bytes hf__recover_context(struct hf_engine *e, const struct hf_account *account,
                                    const uint8_t response_key[static HF_KEY_LEN])
{
    hf_assert(e->open);
    uint8_t *context = hf__scratch(e, LABEL + HF_ID_LEN + HF_KEY_LEN);
    memcpy(context, "nonce", LABEL);
    memcpy(context + LABEL, account->bytes, HF_ID_LEN);
    memcpy(context + LABEL + HF_ID_LEN, response_key, HF_KEY_LEN);
    return hf_bytes_of(context, LABEL + HF_ID_LEN + HF_KEY_LEN);
}

/* Whether this node counts as gone for who asks whether it may stop: it is about to stop or to
 * leave, or the newest record names it and its share is lost, or has no vote. */
static bool is_gone(struct hf_engine *e, const struct hf_owner_row *row)
{
    struct hf_placement_record record;
    hf_assert(e->open && row->promised.statement.len > 0);
    bool gone = e->provider->draining || e->provider->drain != NULL || hf__leaving(e);
    if (gone || !row->has_newest)
        return gone;
    int r = hf__decode(e, &hf_wire_placement_record, row->newest.record, &record);
    hf_assert(r == 0);
    bool named = false;
    for (size_t i = 0; i < record.holders_count; i++)
        named = named || hf_account_equal(&record.holders[i].account, &e->account);
    return named && !hf__held_counts(e, &record.owner, record.generation.id);
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
    answer.draining = is_gone(e, &row);
    hf__nonce_make(e, hf__recover_context(e, &m.account, m.response_key), answer.nonce);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_nonce_response, &answer), true);
    return 0;
}
