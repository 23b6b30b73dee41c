/* Requests that an owner signs: made on one side, opened and checked on the other. */
#include "base/error.h"
#include "fault.h"
#include "node.h"
#include "provider.h"
#include "register.h"

static const char *label_of(uint8_t method)
{
    switch (method) {
#define X(constant, number, name)                                                                  \
    case constant:                                                                                 \
        return "holdfast/v1/" name;
        HF_METHOD_MAP(X)
#undef X
    default:
        hf_unreachable();
    }
}

static struct hf__watch *watch_find(struct hf_engine *e, const uint8_t account[static 32])
{
    for (size_t i = 0; i < e->watch_count; i++)
        if (memcmp(e->watch[i].account, account, 32) == 0)
            return &e->watch[i];
    return NULL;
}

/*
 * Whether a provider needs not be shown the own identity once more. Holders are asked again and
 * again, and remember it for as long as they can; offers and deposits are rare and always show it.
 */
static bool knows(struct hf_engine *e, uint8_t method, const uint8_t provider[static 32])
{
    if (method == HF_METHOD_OFFER || method == HF_METHOD_DEPOSIT)
        return false;
    const struct hf__watch *w = watch_find(e, provider);
    return w != NULL && w->shown == e->identity_number;
}

/* The owner's word for its ballot, and the proof that it stands. */
static void fill_claim(struct hf_engine *e, struct hf_owner_request *m)
{
    struct hf_placement_record record;
    struct hf_record_order known;
    struct hf_ballot ballot = {.number = e->claim};
    bool recorded = hf__own_record(e, &record, NULL, NULL);
    memcpy(ballot.instance, e->instance, 16);
    if (recorded)
        hf__record_order(&record, &known);
    hf__claim_sign(e, &ballot, recorded ? &known : NULL, &m->claim);
    m->has_claim = true;
    m->has_proof = e->proof != NULL &&
                   hf__decode(e, &hf_wire_claim_proof, hf_blob_bytes(e->proof), &m->proof) == 0;
}

int hf__owner_send(struct hf_engine *e, uint8_t method, const uint8_t provider[static 32],
                   uint8_t slot, uint32_t arg, const struct hf_wire_type *type, const void *message)
{
    struct hf_owner_request m = {0};
    hf_assert(e->open);
    if (e->identity == NULL)
        return HF_EIDENTITY;
    const struct hf__peer *peer;
    m.has_identity = !knows(e, method, provider) && hf__identity_own(e, &m.identity);
    if (m.has_identity)
        fill_claim(e, &m);
    m.show_identity = method != HF_METHOD_OFFER && method != HF_METHOD_DEPOSIT &&
                      hf__identity_known(e, provider, &peer, NULL) != 0;
    hf__versions(e, &m.versions);
    m.body = hf__encode(e, type, message);
    e->suite->sign(e->s->account, label_of(method), m.body, m.signature);
    struct hf_bytes body = hf__encode(e, &hf_wire_owner_request, &m);
    int r = hf__call(e, method, provider, slot, arg, body, false);
    if (r == 0) {
        struct hf__pending *call = &e->calls[e->calls_count - 1];
        call->shown = e->identity_number;
        call->bare = !m.has_identity;
        call->curious = m.show_identity;
    }
    return r;
}

void hf__owner_known(struct hf_engine *e, const struct hf__pending *call)
{
    struct hf__watch *w = watch_find(e, call->account);
    if (w != NULL)
        w->shown = call->shown;
}

bool hf__owner_again(struct hf_engine *e, const struct hf__pending *call)
{
    struct hf__watch *w = watch_find(e, call->account);
    if (w != NULL)
        w->shown = 0;
    /* Each asks those of its holders who have not answered and are not being asked. A release asks
     * again by itself. */
    switch (call->method) {
    case HF_METHOD_RECORD:
        if (call->slot == UINT8_MAX)
            hf__seal_send(e);
        else
            hf__record_send(e);
        return true;
    case HF_METHOD_DELETE:
        hf__retire_send(e);
        return true;
    case HF_METHOD_STANDING:
        if (w == NULL || call->slot == UINT8_MAX)
            return false;
        hf__standing_ask(e, w);
        return true;
    default:
        return false;
    }
}

int hf__owner_open(struct hf_engine *e, struct hf_bytes body, const struct hf_wire_type *type,
                   void *ret_message, struct hf_owner_request *ret_request)
{
    int r = hf__decode(e, &hf_wire_owner_request, body, ret_request);
    return r != 0 ? r : hf__decode(e, type, ret_request->body, ret_message);
}

int hf__owner_check(struct hf_engine *e, uint8_t method, const struct hf_owner_request *request,
                    const struct hf_owner_header *header)
{
    int r = hf__documents_ready(e);
    if (r != 0)
        return r;
    if (memcmp(header->network, e->network, 32) != 0)
        return HF_EDOCUMENT_NETWORK;
    if (memcmp(header->provider, e->account, 32) != 0)
        return HF_EPEER_ACCOUNT;
    /* The connection must be the owner's own: a signed request carried by another proves nothing
     * about now. */
    if (e->shared->step.asker == NULL || memcmp(e->shared->step.asker, header->owner, 32) != 0)
        return HF_EPERMISSION;
    r = hf__versions_check(e, &request->versions);
    if (r != 0)
        return r;
    if (hf_set_find(e->set, header->owner) < 0)
        return HF_ENOTMEMBER;
    return e->suite->verify(header->owner, label_of(method), request->body, request->signature);
}

int hf__owner_identity(struct hf_engine *e, const struct hf_owner_request *request,
                       const struct hf_owner_header *header, const struct hf__peer **ret,
                       uint32_t *ret_rank)
{
    if (request->has_identity)
        return hf__identity_check(e, &request->identity, header->owner, ret, ret_rank);
    return hf__identity_known(e, header->owner, ret, ret_rank);
}

bool hf__owner_row(struct hf_engine *e, const uint8_t owner[static 32], struct hf_owner_row *ret)
{
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_OWNER, hf__key_account(owner));
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_owner_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0);
    return true;
}

void hf__held_key(const uint8_t owner[static 32], const uint8_t id[static 16],
                  uint8_t ret[static 48])
{
    memcpy(ret, owner, 32);
    memcpy(ret + 32, id, 16);
}

bool hf__held_row(struct hf_engine *e, const uint8_t owner[static 32], const uint8_t id[static 16],
                  struct hf_held_row *ret)
{
    uint8_t key[48];
    hf__held_key(owner, id, key);
    struct hf_blob *value = hf__rows_get(&e->rows, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    if (value == NULL)
        return false;
    int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(value), ret);
    hf_assert(r == 0);
    return true;
}

uint8_t hf__held_index(struct hf_engine *e, const uint8_t owner[static 32],
                       const uint8_t id[static 16])
{
    enum { LOOKED = 0x80 };
    uint8_t key[48];
    struct hf_held_row held;
    hf__held_key(owner, id, key);
    struct hf__row *row = hf__rows_find(&e->rows, HF_ROW_HELD, hf_bytes_of(key, sizeof key));
    if (row == NULL)
        return 0;
    /* Asked again and again, of a value that hardly ever changes. */
    if (row->memo == 0) {
        int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), &held);
        hf_assert(r == 0 && held.index < LOOKED);
        row->memo = (uint8_t)(LOOKED | (held.has_record ? held.index : 0));
    }
    return (uint8_t)(row->memo & ~LOOKED);
}

/* Indices from 1 without gaps, each holder once. */
static bool holders_ok(const struct hf_holder *holders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (holders[i].index != i + 1)
            return false;
        for (size_t j = 0; j < i; j++)
            if (memcmp(holders[j].account, holders[i].account, 32) == 0)
                return false;
    }
    return count > 0;
}

int hf__record_check(struct hf_engine *e, const struct hf_signed_record *record,
                     const uint8_t owner[static 32], struct hf_placement_record *ret)
{
    int r = hf__decode(e, &hf_wire_placement_record, record->record, ret);
    if (r != 0)
        return r;
    if (memcmp(ret->network, e->network, 32) != 0 || memcmp(ret->owner, owner, 32) != 0 ||
        ret->commitments.len != 32 * ret->threshold ||
        !holders_ok(ret->holders, ret->holders_count) ||
        !hf_quorums_ok(ret->holders_count, ret->threshold, ret->quorum, ret->provisional))
        return HF_ERECORD;
    for (size_t i = 0; i < ret->chain_count; i++) {
        const struct hf_unsealed *u = &ret->chain[i];
        if (!holders_ok(u->holders, u->holders_count) ||
            !hf_quorums_ok(u->holders_count, u->threshold, u->quorum, u->provisional) ||
            memcmp(u->generation.id, ret->generation.id, 16) == 0)
            return HF_ERECORD;
        for (size_t j = 0; j < i; j++)
            if (memcmp(ret->chain[j].generation.id, u->generation.id, 16) == 0)
                return HF_ERECORD;
    }
    return e->suite->verify(owner, "holdfast/v1/placement-record", record->record,
                            record->signature);
}

bool hf__is_placed(const struct hf_engine *e)
{
    return e->state == HF_STATE_PLACED || e->state == HF_STATE_READY ||
           e->state == HF_STATE_DEGRADED || e->state == HF_STATE_LEAVING;
}

void hf__ack(struct hf_engine *e, uint64_t id, const struct hf_owner_request *request, bool holds,
             bool votes, const uint8_t *seal)
{
    struct hf_ack_statement s = {.placed = hf__is_placed(e), .holds = holds, .votes = votes};
    struct hf_ack_response m = {.has_seal = seal != NULL};
    if (seal != NULL)
        memcpy(m.seal, seal, sizeof m.seal);
    m.has_identity = request->show_identity && hf__identity_own(e, &m.identity);
    e->suite->hash("holdfast/v1/request", request->body, s.request_hash);
    memcpy(s.provider, e->account, 32);
    hf__versions(e, &m.versions);
    m.statement = hf__encode(e, &hf_wire_ack_statement, &s);
    e->suite->sign(e->s->account, "holdfast/v1/ack", m.statement, m.signature);
    hf__reply(e, id, 0, hf__encode(e, &hf_wire_ack_response, &m), false);
}

/* The identity that a holder showed now, or the one that is remembered (R9). */
static int holder_identity(struct hf_engine *e, const struct hf__pending *call,
                           const struct hf_ack_response *m)
{
    const struct hf__peer *peer;
    if (m->has_identity)
        return hf__identity_check(e, &m->identity, call->account, &peer, NULL);
    int r = hf__identity_known(e, call->account, &peer, NULL);
    /* Newer collateral may have made the owner forget it since it asked: it asks again, once. */
    return r != 0 && call->curious ? HF_EMISSING : r;
}

int hf__ack_check(struct hf_engine *e, const struct hf__pending *call,
                  const uint8_t request_hash[static 32], struct hf_bytes body,
                  struct hf_ack_statement *ret, struct hf_ack_response *ret_response)
{
    struct hf_ack_response m;
    int r = hf__decode(e, &hf_wire_ack_response, body, &m);
    if (r == 0)
        r = hf__versions_check(e, &m.versions);
    if (r == 0)
        r = hf__decode(e, &hf_wire_ack_statement, m.statement, ret);
    if (r != 0)
        return r;
    if (memcmp(ret->provider, call->account, 32) != 0 ||
        memcmp(ret->request_hash, request_hash, 32) != 0)
        return HF_EPEER_ACCOUNT;
    r = e->suite->verify(call->account, "holdfast/v1/ack", m.statement, m.signature);
    if (r == 0)
        r = holder_identity(e, call, &m);
    if (r == 0)
        hf__owner_known(e, call);
    if (r == 0 && ret_response != NULL)
        *ret_response = m;
    return r;
}
