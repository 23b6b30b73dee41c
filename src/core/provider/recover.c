/*
 * /v1/recover and /v1/drill: all that is known of an owner, for an asker whose quote proves
 * approved software on the owner's machine, over the very nonce given out (proto/PROTOCOL.md, 8). A
 * drill gets proofs instead of shares.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "provider/provider.h"

struct context {
    const struct hf__message *from;
    struct hf_recover_request request;
    struct hf_recover_transcript t;
    struct hf_hash transcript_hash;
    struct hf_hash key; /* of the remembered answer */
    struct hf_owner_row row;
};

/* Cheap checks, in order: documents, shape, who is asked about, share held, nonce. */
static int check_cheap(struct hf_engine *e, struct context *c)
{
    hf_assert(e->open);
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__versions_check(e, &c->request.versions);
    if (r == 0)
        r = hf__decode(e, &hf_wire_recover_transcript, c->request.transcript, &c->t);
    if (r != 0)
        return r;
    if (!hf_network_id_equal(&c->t.network, &e->network))
        return HF_EDOCUMENT_NETWORK;
    if (!hf__is_member(e, &c->t.account))
        return HF_ENOTMEMBER;
    /* A drill is asked by the owner itself, unlocked, on its own connection. */
    if (c->from->method == HF_METHOD_DRILL &&
        (!c->from->has_account || !hf_account_equal(&c->from->account, &c->t.account)))
        return HF_EPERMISSION;
    if (!hf__owner_row(e, &c->t.account, &c->row))
        return HF_ENOSHARE;
    if (c->request.has_ticket)
        hf__ticket_shown(e, &c->row, c->request.ticket);
    r = hf__rate_owner(e, c->from, &c->t.account);
    if (r != 0)
        return r;
    for (size_t i = 0; i < c->t.asked_count; i++)
        if (hf_account_equal(&c->t.asked[i].provider, &e->account))
            return hf__nonce_check(e, hf__recover_context(e, &c->t.account, c->t.response_key),
                                   c->t.asked[i].nonce);
    return HF_ENONCE;
}

/* Whether the share may go to this machine (proto/PROTOCOL.md, 8). */
static int check_platform(struct hf_engine *e, const struct context *c, const struct hf_verdict *v)
{
    const struct hf_validator *owner =
        &e->trust->set->u.set.validators[hf_set_find(e->trust->set, &c->t.account)];
    if (!hf_policy_platform_fits(hf__policy(e), owner, c->row.ppid, v->ppid))
        return HF_EPLATFORM;
    return 0;
}

static int check_quote(struct hf_engine *e, const struct context *c)
{
    hf_assert(c->row.promised.statement.len > 0);
    uint8_t report_data[HF_REPORT_DATA_LEN];
    struct hf__seen seen;
    struct hf_verdict v;
    uint32_t rank = 0;
    e->suite->report_data(c->from->method == HF_METHOD_DRILL ? "holdfast/v1/drill"
                                                             : "holdfast/v1/recover",
                          c->request.transcript, report_data);
    int r = hf__quote_look(e, c->request.quote, &seen);
    if (r == 0)
        r = hf__verdict(e, c->from, &seen, report_data, &v);
    if (r == HF__PARK || r == HF_EBUSY || r == HF_ERATE)
        return r;
    if (r == 0)
        r = hf__judge(e, &v, report_data, false, 0, &rank);
    if (r == 0)
        r = check_platform(e, c, &v);
    if (r == 0 && rank < c->row.rank)
        r = HF_ERANK;
    if (r != 0)
        hf__trace(e, HF_TRACE_QUOTE_REFUSED, r, &c->t.account, c->from->method, 0);
    return r;
}

/* One generation: its share sealed to the asker's key, or the proof of knowing it. */
static int fill_share(struct hf_engine *e, const struct context *c, const struct hf_held_row *held,
                      struct hf_held_share *ret)
{
    hf_assert(held->index > 0 && hf_account_equal(&held->header.owner, &c->t.account));
    static const char info[] = "holdfast/v1/answer";
    struct hf_share_aad aad = {.generation = held->generation, .index = held->index};
    uint8_t *out = hf__scratch(e, HF_SCALAR_LEN + HF_SEAL_OVERHEAD);
    aad.transcript_hash = c->transcript_hash;
    aad.provider = e->account;
    struct hf_bytes context = hf__encode(e, &hf_wire_share_aad, &aad);
    *ret = (struct hf_held_share){.generation = held->generation,
                                  .index = held->index,
                                  .shares = held->shares,
                                  .commitments = held->commitments,
                                  .has_record = held->has_record,
                                  .record = held->record};
    hf_assert(c->from->method == HF_METHOD_DRILL || c->from->method == HF_METHOD_RECOVER);
    uint8_t *share = NULL;
    int r = hf__held_open(e, held, &share);
    if (r == 0 && c->from->method == HF_METHOD_DRILL) {
        r = e->suite->prove(&e->secrets->rng, share, context, out);
        ret->proof = hf_bytes_of(out, HF_PROOF_LEN);
    } else if (r == 0) {
        r = e->suite->seal(&e->secrets->rng, c->t.response_key, hf_bytes_of(info, strlen(info)),
                           context, hf_bytes_of(share, HF_SCALAR_LEN), out);
        ret->sealed = hf_bytes_of(out, HF_SCALAR_LEN + HF_SEAL_OVERHEAD);
    }
    e->secret_free(share);
    if (r == 0 && c->from->method == HF_METHOD_RECOVER) {
        struct hf_trace *trace = hf__trace(e, HF_TRACE_SHARE_RELEASED, 0, &c->t.account,
                                           held->generation.number, held->index);
        trace->hash = c->transcript_hash;
    }
    return r;
}

static int fill_answer(struct hf_engine *e, const struct context *c, struct hf_recover_answer *ret)
{
    struct hf_held_row held;
    *ret = (struct hf_recover_answer){.promised = c->row.promised,
                                      .has_newest = c->row.has_newest,
                                      .newest = c->row.newest,
                                      .certificates = c->row.certificates,
                                      .certificates_count = c->row.certificates_count,
                                      .has_sealed = c->row.has_sealed,
                                      .sealed = c->row.sealed,
                                      .has_sequence = c->row.has_sequence,
                                      .sequence = c->row.sequence,
                                      .moves = c->row.moves,
                                      .moves_count = c->row.moves_count};
    ret->transcript_hash = c->transcript_hash;
    ret->provider = e->account;
    hf__versions(e, &ret->versions);
    ret->shares = hf__scratch(e, HF_GENERATIONS_HELD_MAX * sizeof *ret->shares);
    for (size_t at = 0; hf__held_next(e, &c->t.account, &at, &held);) {
        hf_assert(ret->shares_count < HF_GENERATIONS_HELD_MAX);
        int r = fill_share(e, c, &held, &ret->shares[ret->shares_count]);
        if (r != 0)
            return r;
        ret->shares_count++;
    }
    /* A holder whose share was deleted still names its successors. */
    hf_assert(ret->shares_count <= HF_GENERATIONS_HELD_MAX);
    return ret->shares_count > 0 || ret->has_newest ? 0 : HF_ENOSHARE;
}

/* The write with which all that is told of an owner is durable. No other is waited for: a disk may
 * be full or stand still, and the owner needs its share now. */
static uint64_t durable_with(struct hf_engine *e, const struct hf_account *owner)
{
    struct hf_bytes key = hf__key_account(owner);
    const struct hf__row *row = hf__rows_find(&e->rows, HF_ROW_OWNER, key);
    hf_assert(row != NULL);
    uint64_t seq = row->seq;
    size_t first = hf__rows_first(&e->rows, HF_ROW_HELD, key);
    for (size_t i = first; (row = hf__rows_at(&e->rows, i, HF_ROW_HELD, key)) != NULL; i++)
        seq = row->seq > seq ? row->seq : seq;
    hf_assert(seq <= e->write_seq);
    return seq;
}

static int answer(struct hf_engine *e, const struct context *c)
{
    hf_assert(e->open && c->row.promised.statement.len > 0);
    struct hf_recover_answer a;
    struct hf_recover_response m = {0};
    if (!hf__identity_own(e, &m.identity))
        return HF_EBUSY;
    int r = fill_answer(e, c, &a);
    if (r != 0)
        return r;
    hf__versions(e, &m.versions);
    m.answer = hf__encode(e, &hf_wire_recover_answer, &a);
    e->suite->sign(e->secrets->account, "holdfast/v1/recover-answer", m.answer, m.signature);
    struct hf_bytes body = hf__encode(e, &hf_wire_recover_response, &m);
    hf__answer_keep(e, &c->key, body);
    hf__reply_after(e, c->from->request, body, durable_with(e, &c->t.account));
    return 0;
}

int hf__recv_recover(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->method == HF_METHOD_RECOVER || from->method == HF_METHOD_DRILL);
    struct context c = {.from = from};
    int r = hf__decode(e, &hf_wire_recover_request, body, &c.request);
    if (r != 0)
        return r;
    /* The same request gets the same answer for the nonce's life, after its
     * quote has passed once. */
    e->suite->hash(from->method == HF_METHOD_DRILL ? "holdfast/v1/answer-drill"
                                                   : "holdfast/v1/answer-recover",
                   body, &c.key);
    r = check_cheap(e, &c);
    struct hf_bytes known;
    if (r == 0 && hf__answer_find(e, &c.key, &known)) {
        hf__reply_after(e, from->request, known, durable_with(e, &c.t.account));
        return 0;
    }
    if (r == 0)
        r = check_quote(e, &c);
    if (r != 0)
        return r;
    e->suite->hash("holdfast/v1/recover-transcript", c.request.transcript, &c.transcript_hash);
    return answer(e, &c);
}
