/*
 * /v1/claim: an instance of an owner asks for a ballot. A holder that knows a newer record than the
 * instance refuses, writes nothing and hands the record over (R3). A ballot above the promised one
 * is promised durably and accepted; a lower one, and an equal one of another instance, are refused
 * with the owner's word for the promised one (R2). One that starts from a record that the owner's
 * floor has made void is turned away (R11). Every answer brings the proof of the highest claim that
 * is known to have stood (R7).
 */
#include "base/error.h"
#include "provider/provider.h"

struct context {
    struct hf_claim_request m;
    struct hf_claim_statement s;
    struct hf_owner_row row;
    bool behind; /* the instance does not know the newest record */
    bool accepted;
};

static int check(struct hf_engine *e, const struct hf__message *from, struct context *c)
{
    hf_assert(from->method == HF_METHOD_CLAIM);
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__versions_check(e, &c->m.versions);
    if (r == 0)
        r = hf__decode(e, &hf_wire_claim_statement, c->m.claim.statement, &c->s);
    if (r == 0 && !hf_network_id_equal(&c->s.network, &e->network))
        r = HF_EDOCUMENT_NETWORK;
    if (r == 0 && !hf__is_member(e, &c->s.owner))
        r = HF_ENOTMEMBER;
    /* A node that keeps nothing of an owner has no vote, and says nothing that could be taken for
     * one. */
    if (r == 0 && !hf__owner_row(e, &c->s.owner, &c->row))
        r = HF_ENOSHARE;
    if (r == 0)
        r = hf__rate_owner(e, from, &c->s.owner);
    if (r == 0)
        r = hf__claim_open(e, &c->m.claim, &c->s.owner, &c->s);
    return r == 0 && c->s.has_known && hf__is_void(e, &c->s.owner, &c->s.known) ? HF_EVOIDRECORD
                                                                                : r;
}

/* One signature for each generation for which this node votes: those held, and those deleted. */
static void fill_votes(struct hf_engine *e, const struct context *c, struct hf_claim_response *ret)
{
    hf_assert(c->accepted);
    struct hf_bytes prefix = hf__key_account(&c->s.owner);
    const struct hf__row *row;
    struct hf_vote *votes = hf__scratch(e, HF_WIRE_VOTES_MAX * sizeof *votes);
    size_t count = 0;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_HELD, prefix);
         (row = hf__rows_at(&e->rows, i, HF_ROW_HELD, prefix)) != NULL && count < HF_WIRE_VOTES_MAX;
         i++)
        if (hf__held_votes(e, &c->s.owner, row->key + HF_ID_LEN))
            memcpy(votes[count++].generation, row->key + HF_ID_LEN, 16);
    for (size_t i = 0; i < c->row.former_count && count < HF_WIRE_VOTES_MAX; i++)
        memcpy(votes[count++].generation, c->row.former[i].id, 16);
    hf_assert(count <= HF_WIRE_VOTES_MAX);
    for (size_t i = 0; i < count; i++)
        e->suite->sign(e->secrets->account, "holdfast/v1/acceptance",
                       hf__acceptance_bytes(e, &c->s.owner, votes[i].generation, &c->s.ballot,
                                            !hf__is_firm(e)),
                       votes[i].signature);
    ret->votes = votes;
    ret->votes_count = count;
}

static void fill_refusal(const struct context *c, struct hf_claim_response *ret)
{
    hf_assert(!c->accepted && c->row.promised.statement.len > 0);
    ret->has_promised = true;
    ret->promised = c->row.promised;
    if (c->behind) {
        ret->has_newest = true;
        hf_assert(c->row.has_newest);
        ret->newest = c->row.newest;
        ret->certificates = c->row.certificates;
        ret->certificates_count = c->row.certificates_count;
    }
}

static void answer(struct hf_engine *e, const struct hf__message *from, const struct context *c)
{
    hf_assert(e->open && !(c->accepted && c->behind));
    struct hf_claim_answer a = {.accepted = c->accepted, .provisional = !hf__is_firm(e)};
    struct hf_claim_response m = {0};
    a.has_known = hf__newest_order(e, &c->row, &a.known);
    e->suite->hash("holdfast/v1/request", c->m.claim.statement, &a.statement_hash);
    a.provider = e->account;
    hf__versions(e, &m.versions);
    /* With an accept too: an instance whose number is above everything is refused by no holder, and
     * would stand again beside the one that has superseded it (R7). */
    m.has_proof = c->row.has_proof;
    m.proof = c->row.proof;
    /* The instance may have asked one that has no vote any more. */
    m.moves = c->row.moves;
    m.moves_count = c->row.moves_count;
    m.has_sequence = c->row.has_sequence;
    m.sequence = c->row.sequence;
    if (c->accepted)
        fill_votes(e, c, &m);
    else
        fill_refusal(c, &m);
    m.has_identity = c->m.show_identity && hf__identity_own(e, &m.identity);
    m.answer = hf__encode(e, &hf_wire_claim_answer, &a);
    e->suite->sign(e->secrets->account, "holdfast/v1/claim-answer", m.answer, m.signature);
    hf__reply(e, from->request, 0, hf__encode(e, &hf_wire_claim_response, &m), false);
}

int hf__recv_claim(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && e->open);
    struct context c = {0};
    struct hf_record_order newest;
    struct hf_ballot promised;
    const struct hf__peer *peer;
    uint32_t rank = 0;
    int r = hf__decode(e, &hf_wire_claim_request, body, &c.m);
    if (r == 0)
        r = check(e, from, &c);
    if (r == 0)
        r = hf__identity_check(e, from, &c.m.identity, &c.s.owner, &peer, &rank);
    if (r == 0 && rank < c.row.rank)
        r = HF_ERANK;
    if (r != 0)
        return r;
    c.behind = hf__newest_order(e, &c.row, &newest) &&
               hf__order_compare(e, &c.s.owner, &newest, c.s.has_known ? &c.s.known : NULL) > 0;
    c.accepted = !c.behind && hf__promise_check(e, &c.row, &c.s.owner, &c.s.ballot) == 0;
    hf__promised(e, &c.row, &promised);
    hf_assert(!c.accepted || c.s.ballot.number >= promised.number);
    if (c.accepted && c.s.ballot.number > promised.number) {
        if (e->store_error != 0)
            return e->store_error;
        c.row.promised = c.m.claim;
        c.row.rank = rank;
        hf__owner_put(e, &c.s.owner, &c.row);
    }
    struct hf_trace *t = hf__trace(e, c.accepted ? HF_TRACE_CLAIM_ACCEPTED : HF_TRACE_CLAIM_REFUSED,
                                   0, &c.s.owner, c.s.ballot.number, 0);
    memcpy(t->hash.bytes, c.s.ballot.instance, 16);
    answer(e, from, &c);
    return 0;
}
