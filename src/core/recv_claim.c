/*
 * /v1/claim: an instance of an owner says that it is the one that speaks (proto/PROTOCOL.md, 9).
 * The first claim above the known one is accepted durably; lower ones, and equal ones of another
 * instance, get a signed refusal. So does one that does not know the newest record, with it.
 */
#include "base/error.h"
#include "fault.h"
#include "node.h"
#include "provider.h"

/* The newest record kept of an owner, when it is of a newer generation than
 * this; false: none is. */
static bool newer_record(struct hf_engine *e, const uint8_t owner[static 32], uint64_t generation,
                         struct hf_signed_record *ret)
{
    struct hf_bytes prefix = hf__key_account(owner);
    size_t at = hf__rows_first(&e->rows, HF_ROW_HELD, prefix);
    const struct hf__row *row;
    bool found = false;
    while ((row = hf__rows_at(&e->rows, at++, HF_ROW_HELD, prefix)) != NULL) {
        struct hf_held_row held;
        int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), &held);
        hf_assert(r == 0);
        if (!held.has_record || held.generation.number <= generation)
            continue;
        generation = held.generation.number;
        *ret = held.record;
        found = true;
    }
    return found;
}

static void answer(struct hf_engine *e, uint64_t id, struct hf_bytes statement, bool accepted,
                   const struct hf_claim_id *highest, const struct hf_signed_record *newer)
{
    struct hf_claim_answer a = {
        .accepted = accepted, .highest = *highest, .provisional = !e->claimed};
    struct hf_claim_response m = {.has_record = newer != NULL};
    if (newer != NULL)
        m.record = *newer;
    e->suite->hash("holdfast/v1/request", statement, a.statement_hash);
    memcpy(a.provider, e->account, 32);
    hf__versions(e, &m.versions);
    m.answer = hf__encode(e, &hf_wire_claim_answer, &a);
    e->suite->sign(e->s->account, "holdfast/v1/claim-answer", m.answer, m.signature);
    hf__reply(e, id, 0, hf__encode(e, &hf_wire_claim_response, &m), HF_FAULT(WORD_AT_ONCE));
}

static int check(struct hf_engine *e, const struct hf_claim_request *m,
                 const struct hf_owner_header *h)
{
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__versions_check(e, &m->versions);
    if (r != 0)
        return r;
    if (memcmp(h->network, e->network, 32) != 0)
        return HF_EDOCUMENT_NETWORK;
    if (memcmp(h->provider, e->account, 32) != 0)
        return HF_EPEER_ACCOUNT;
    if (hf_set_find(e->set, h->owner) < 0)
        return HF_ENOTMEMBER;
    return e->suite->verify(h->owner, "holdfast/v1/claim", m->statement, m->signature);
}

int hf__recv_claim(struct hf_engine *e, uint64_t id, struct hf_bytes body)
{
    struct hf_claim_request m;
    struct hf_claim_statement s;
    struct hf_owner_row row;
    struct hf_signed_record record;
    const struct hf__peer *peer;
    uint32_t rank = 0;
    int r = hf__decode(e, &hf_wire_claim_request, body, &m);
    if (r == 0)
        r = hf__decode(e, &hf_wire_claim_statement, m.statement, &s);
    if (r == 0)
        r = check(e, &m, &s.header);
    if (r == 0 && !hf__owner_row(e, s.header.owner, &row))
        r = HF_ENOSHARE;
    if (r == 0)
        r = hf__identity_check(e, &m.identity, s.header.owner, &peer, &rank);
    if (r == 0 && rank < row.rank)
        r = HF_ERANK;
    if (r != 0)
        return r;
    bool behind = newer_record(e, s.header.owner, m.generation, &record);
    bool higher = !behind && s.header.claim.number > row.claim.number;
    bool accepted = !behind && hf__claim_check(&row, &s.header.claim) == 0;
    if (higher && e->store_error != 0)
        return e->store_error;
    if (higher) {
        row.claim = s.header.claim;
        row.rank = rank;
        hf__put(e, HF_ROW_OWNER, hf__key_account(s.header.owner), &hf_wire_owner_row, &row);
    }
    struct hf_trace *t = hf__trace(e, accepted ? HF_TRACE_CLAIM_ACCEPTED : HF_TRACE_CLAIM_REFUSED,
                                   0, s.header.owner, s.header.claim.number, 0);
    memcpy(t->hash, s.header.claim.instance, 16);
    answer(e, id, m.statement, accepted, &row.claim, behind ? &record : NULL);
    return 0;
}
