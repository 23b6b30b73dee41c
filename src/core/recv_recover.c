/*
 * /v1/recover and /v1/drill: all that is known of an owner, for an asker whose quote proves
 * approved software on the owner's machine, over the very nonce given out (proto/PROTOCOL.md, 8). A
 * drill gets proofs instead of shares.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "fault.h"
#include "node.h"
#include "provider.h"

struct context {
    uint8_t method;
    struct hf_recover_request request;
    struct hf_recover_transcript t;
    uint8_t transcript_hash[32];
    uint8_t key[32]; /* of the remembered answer */
    struct hf_owner_row row;
};

void hf__answers_expire(struct hf_engine *e)
{
    struct hf__answer **at = &e->answers;
    while (*at != NULL) {
        struct hf__answer *a = *at;
        if (a->until_ms >= e->now_ms) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        hf_blob_unref(a->body);
        free(a);
        e->answers_count--;
    }
}

static struct hf__answer *answer_find(struct hf_engine *e, const uint8_t key[static 32])
{
    hf__answers_expire(e);
    for (struct hf__answer *a = e->answers; a != NULL; a = a->next)
        if (memcmp(a->key, key, 32) == 0)
            return a;
    return NULL;
}

static void answer_keep(struct hf_engine *e, const uint8_t key[static 32], struct hf_bytes body)
{
    /* Newest first: past the bound the oldest goes, and its asker needs a new nonce at worst. */
    if (e->answers_count == HF_ANSWERS_MAX) {
        struct hf__answer **at = &e->answers;
        while ((*at)->next != NULL)
            at = &(*at)->next;
        hf_blob_unref((*at)->body);
        free(*at);
        *at = NULL;
        e->answers_count--;
    }
    struct hf__answer *a = calloc(1, sizeof *a);
    hf_assert(a != NULL);
    memcpy(a->key, key, 32);
    a->until_ms = e->now_ms + e->timing.nonce_life_ms;
    a->body = hf_blob_new(body);
    hf_assert(a->body != NULL);
    a->next = e->answers;
    e->answers = a;
    e->answers_count++;
}

/* Cheap checks, in order: documents, shape, who is asked about, share held, nonce. */
static int check_cheap(struct hf_engine *e, struct context *c)
{
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__versions_check(e, &c->request.versions);
    if (r == 0)
        r = hf__decode(e, &hf_wire_recover_transcript, c->request.transcript, &c->t);
    if (r != 0)
        return r;
    if (memcmp(c->t.network, e->network, 32) != 0 && !HF_FAULT(NETWORK))
        return HF_EDOCUMENT_NETWORK;
    if (hf_set_find(e->set, c->t.account) < 0)
        return HF_ENOTMEMBER;
    /* A drill is asked by the owner itself, unlocked, on its own connection. */
    if (c->method == HF_METHOD_DRILL &&
        (e->shared->step.asker == NULL || memcmp(e->shared->step.asker, c->t.account, 32) != 0))
        return HF_EPERMISSION;
    if (!hf__owner_row(e, c->t.account, &c->row))
        return HF_ENOSHARE;
    for (size_t i = 0; i < c->t.asked_count; i++)
        if (memcmp(c->t.asked[i].provider, e->account, 32) == 0)
            return HF_FAULT(NONCE)
                       ? 0
                       : hf__nonce_check(e, hf__recover_context(e, c->t.account, c->t.response_key),
                                         c->t.asked[i].nonce);
    return HF_ENONCE;
}

/* Whether the share may go to this machine (proto/PROTOCOL.md, 8). */
static int check_platform(struct hf_engine *e, const struct context *c, const struct hf_verdict *v)
{
    const struct hf_validator *owner = &e->set->u.set.validators[hf_set_find(e->set, c->t.account)];
    if (HF_FAULT(PLATFORM) || e->policy->u.policy.platform_rule == 1 ||
        memcmp(v->ppid, c->row.ppid, 16) == 0)
        return 0;
    for (size_t i = 0; i < owner->platforms_count; i++)
        if (memcmp(owner->platforms[i].ppid, v->ppid, 16) == 0)
            return 0;
    return HF_EPLATFORM;
}

static int check_quote(struct hf_engine *e, const struct context *c)
{
    uint8_t report_data[HF_REPORT_DATA_LEN];
    struct hf_verdict v;
    uint32_t rank;
    int r = hf__verdict(e, c->request.quote, &v);
    if (r != 0)
        return r;
    e->suite->report_data(c->method == HF_METHOD_DRILL ? "holdfast/v1/drill"
                                                       : "holdfast/v1/recover",
                          c->request.transcript, report_data);
    r = hf__judge(e, &v, HF_FAULT(REPORT_DATA) ? NULL : report_data, false, 0, &rank);
    if (r == 0)
        r = check_platform(e, c, &v);
    if (r == 0 && rank < c->row.rank && !HF_FAULT(RANK))
        r = HF_ERANK;
    if (r != 0)
        hf__trace(e, HF_TRACE_QUOTE_REFUSED, r, c->t.account, c->method, 0);
    return r;
}

/* One generation: its share sealed to the asker's key, or the proof of knowing it. */
static int fill_share(struct hf_engine *e, const struct context *c, const struct hf_held_row *held,
                      struct hf_held_share *ret)
{
    static const char info[] = "holdfast/v1/answer";
    struct hf_share_aad aad = {.generation = held->generation, .index = held->index};
    uint8_t *out = hf__scratch(e, HF_SCALAR_LEN + HF_SEAL_OVERHEAD);
    memcpy(aad.transcript_hash, c->transcript_hash, 32);
    memcpy(aad.provider, e->account, 32);
    struct hf_bytes context = hf__encode(e, &hf_wire_share_aad, &aad);
    *ret = (struct hf_held_share){.generation = held->generation,
                                  .index = held->index,
                                  .shares = held->shares,
                                  .commitments = held->commitments,
                                  .has_record = held->has_record,
                                  .record = held->record};
    uint8_t *share = e->secret_alloc(HF_SCALAR_LEN);
    hf_assert(share != NULL);
    int r = e->suite->unwrap(e->s->wrap_key, hf_bytes_of(held->generation.id, 16),
                             hf_bytes_of(held->wrapped, sizeof held->wrapped), share);
    if (r == 0 && c->method == HF_METHOD_DRILL && !HF_FAULT(DRILL)) {
        r = e->suite->prove(&e->s->rng, share, context, out);
        ret->proof = hf_bytes_of(out, HF_PROOF_LEN);
    } else if (r == 0) {
        r = e->suite->seal(&e->s->rng, c->t.response_key, hf_bytes_of(info, strlen(info)), context,
                           hf_bytes_of(share, HF_SCALAR_LEN), out);
        ret->sealed = hf_bytes_of(out, HF_SCALAR_LEN + HF_SEAL_OVERHEAD);
    }
    e->secret_free(share);
    if (r == 0 && c->method == HF_METHOD_RECOVER) {
        struct hf_trace *trace = hf__trace(e, HF_TRACE_SHARE_RELEASED, 0, c->t.account,
                                           held->generation.number, held->index);
        memcpy(trace->hash, c->transcript_hash, 32);
    }
    return r;
}

static int fill_answer(struct hf_engine *e, const struct context *c, struct hf_recover_answer *ret)
{
    struct hf_bytes prefix = hf__key_account(c->t.account);
    size_t at = hf__rows_first(&e->rows, HF_ROW_HELD, prefix);
    const struct hf__row *row;
    *ret = (struct hf_recover_answer){.promised = c->row.promised,
                                      .has_newest = c->row.has_newest,
                                      .newest = c->row.newest,
                                      .certificates = c->row.certificates,
                                      .certificates_count = c->row.certificates_count};
    memcpy(ret->transcript_hash, c->transcript_hash, 32);
    memcpy(ret->provider, e->account, 32);
    hf__versions(e, &ret->versions);
    ret->shares = hf__scratch(e, HF_GENERATIONS_HELD_MAX * sizeof *ret->shares);
    while ((row = hf__rows_at(&e->rows, at++, HF_ROW_HELD, prefix)) != NULL) {
        struct hf_held_row held;
        int r = hf__decode(e, &hf_wire_held_row, hf_blob_bytes(row->value), &held);
        hf_assert(r == 0 && ret->shares_count < HF_GENERATIONS_HELD_MAX);
        r = fill_share(e, c, &held, &ret->shares[ret->shares_count]);
        if (r != 0)
            return r;
        ret->shares_count++;
    }
    /* A holder whose share was deleted still names its successors. */
    return ret->shares_count > 0 || ret->has_newest ? 0 : HF_ENOSHARE;
}

static int answer(struct hf_engine *e, uint64_t id, const struct context *c)
{
    struct hf_recover_answer a;
    struct hf_recover_response m = {0};
    if (!hf__identity_own(e, &m.identity))
        return HF_EBUSY;
    int r = fill_answer(e, c, &a);
    if (r != 0)
        return r;
    hf__versions(e, &m.versions);
    m.answer = hf__encode(e, &hf_wire_recover_answer, &a);
    e->suite->sign(e->s->account, "holdfast/v1/recover-answer", m.answer, m.signature);
    struct hf_bytes body = hf__encode(e, &hf_wire_recover_response, &m);
    answer_keep(e, c->key, body);
    hf__reply(e, id, 0, body, false);
    return 0;
}

int hf__recv_recover(struct hf_engine *e, uint64_t id, uint8_t method, struct hf_bytes body)
{
    struct context c = {.method = method};
    int r = hf__decode(e, &hf_wire_recover_request, body, &c.request);
    if (r != 0)
        return r;
    /* The same request gets the same answer for the nonce's life, after its
     * quote has passed once. */
    e->suite->hash(method == HF_METHOD_DRILL ? "holdfast/v1/answer-drill"
                                             : "holdfast/v1/answer-recover",
                   body, c.key);
    r = check_cheap(e, &c);
    struct hf__answer *known = r == 0 ? answer_find(e, c.key) : NULL;
    if (known != NULL) {
        uint8_t *copy = hf__scratch(e, known->body->len);
        memcpy(copy, known->body->data, known->body->len);
        hf__reply(e, id, 0, hf_bytes_of(copy, known->body->len), false);
        return 0;
    }
    if (r == 0)
        r = check_quote(e, &c);
    if (r != 0)
        return r;
    e->suite->hash("holdfast/v1/recover-transcript", c.request.transcript, c.transcript_hash);
    return answer(e, id, &c);
}
