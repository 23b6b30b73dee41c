/* Requests that an owner signs, and how their acknowledgements are checked. */
#include "base/error.h"
#include "owner/sequence.h"
#include "register/register.h"

/*
 * Whether a provider needs not be shown the own identity once more. Holders are asked again and
 * again, and remember it for as long as they can; offers and deposits are rare and always show it.
 */
static bool knows(struct hf_engine *e, uint8_t method, const struct hf_account *provider)
{
    if (method == HF_METHOD_OFFER || method == HF_METHOD_DEPOSIT)
        return false;
    const struct hf__holder *h = hf__holder_find(e, provider);
    hf_assert(e->trust->identity_number > 0);
    return h != NULL && h->shown == e->trust->identity_number;
}

/* The owner's word for its ballot, and the proof that it stands. */
static void fill_claim(struct hf_engine *e, struct hf_owner_request *m)
{
    hf_assert(e->claimed && e->claim > 0);
    struct hf_placement_record record;
    struct hf_record_order known;
    struct hf_ballot ballot = {.number = e->claim};
    bool recorded = hf__own_record(e, &record, NULL, NULL);
    memcpy(ballot.instance, e->instance, 16);
    if (recorded)
        hf__record_order(&record, &known);
    hf__claim_sign(e, &ballot, recorded ? &known : NULL, &m->claim);
    m->has_claim = true;
    m->has_proof =
        e->owner->proof != NULL &&
        hf__decode(e, &hf_wire_claim_proof, hf_blob_bytes(e->owner->proof), &m->proof) == 0;
}

int hf__owner_send(struct hf_engine *e, const struct hf__ask *ask,
                   const struct hf_account *provider, const struct hf_wire_type *type,
                   const void *message)
{
    struct hf_owner_request m = {0};
    hf_assert(e->open);
    if (e->trust->identity == NULL)
        return HF_EIDENTITY;
    const struct hf__peer *peer;
    m.has_identity = !knows(e, ask->method, provider) && hf__identity_own(e, &m.identity);
    if (m.has_identity)
        fill_claim(e, &m);
    m.show_identity = ask->method != HF_METHOD_OFFER && ask->method != HF_METHOD_DEPOSIT &&
                      hf__identity_known(e, provider, &peer, NULL) != 0;
    hf__versions(e, &m.versions);
    hf__moves_fill(e, &m);
    hf__sequence_fill(e, ask->method, provider, &m);
    m.body = hf__encode(e, type, message);
    e->suite->sign(e->secrets->account, hf__label(ask->method), m.body, m.signature);
    int r = hf__call(e, ask, provider, hf__encode(e, &hf_wire_owner_request, &m));
    if (r == 0) {
        hf_assert(e->calls_count > 0);
        struct hf__pending *call = &e->calls[e->calls_count - 1];
        call->claim = e->claim;
        call->shown = e->trust->identity_number;
        call->bare = !m.has_identity;
        call->curious = m.show_identity;
    }
    return r;
}

/* The identity that a holder showed now, or the one that is remembered (R9). */
static int holder_identity(struct hf_engine *e, const struct hf__pending *call,
                           const struct hf_ack_response *m)
{
    const struct hf__peer *peer;
    if (m->has_identity)
        return hf__identity_check(e, NULL, &m->identity, &call->account, &peer, NULL);
    int r = hf__identity_known(e, &call->account, &peer, NULL);
    /* Newer collateral may have made the owner forget it since it asked: it asks again, once. */
    return r != 0 && call->curious ? HF_EMISSING : r;
}

int hf__ack_check(struct hf_engine *e, const struct hf__pending *call,
                  const struct hf_hash *request_hash, struct hf_bytes body,
                  struct hf_ack_statement *ret, struct hf_ack_response *ret_response)
{
    hf_assert(e->open && request_hash != NULL);
    struct hf_ack_response m;
    int r = hf__decode(e, &hf_wire_ack_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = hf__decode(e, &hf_wire_ack_statement, m.statement, ret);
    if (r != 0)
        return r;
    if (!hf_account_equal(&ret->provider, &call->account) ||
        !hf_hash_equal(&ret->request_hash, request_hash))
        return HF_EPEER_ACCOUNT;
    r = e->suite->verify(call->account.bytes, "holdfast/v1/ack", m.statement, m.signature);
    if (r == 0)
        r = holder_identity(e, call, &m);
    if (r == 0)
        hf__moves_learn(e, m.moves, m.moves_count);
    /* Who has answered knows the identity that this call showed or relied on. */
    struct hf__holder *h = r == 0 ? hf__holder_find(e, &call->account) : NULL;
    if (h != NULL) {
        h->shown = call->shown;
        hf__sequence_kept(e, h, ret);
    }
    if (r == 0 && ret_response != NULL)
        *ret_response = m;
    return r == 0 && ret->unknown ? HF_ENOSHARE : r;
}
