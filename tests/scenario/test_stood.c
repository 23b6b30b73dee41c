/*
 * A ballot that stood locks an instance, and nothing else does (CLAIMS.md, 4.4). An acceptor votes
 * for each peer that repeats a statement: a liar that has the statement of a ballot which came to
 * nothing can collect a quorum for it, and locks no instance by that.
 */
#include "testnet.h"

#include "base/error.h"
#include "owner/owner.h"
#include "wire/messages.h"

#include <criterion/criterion.h>

struct thief {
    struct hf_world *w;
    uint32_t liar; /* a holder of node 0 */
    uint32_t from; /* claims that come from there reach the liar alone, which says nothing */
    bool keeps, shows;
    struct hf_blob *claim; /* the last claim_request that came from there */
    struct hf_claim_proof proof;
    struct hf_acceptance list[HF_SHARES_MAX];
    struct hf_arena arena;
    unsigned shown;
};

/* The liar keeps a claim to itself; later it refuses node 0, and shows what it has made of it. */
static enum hf_fate steal(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct thief *t = ctx;
    struct hf_claim_response r;
    if (t->keeps && m->method == HF_METHOD_CLAIM && !m->response && m->from == t->from) {
        if (m->to != t->liar)
            return HF_FATE_DROP;
        hf_blob_unref(t->claim);
        t->claim = hf_blob_new(m->body);
    }
    if (!m->response || m->from != t->liar || (m->to != 0 && m->to != t->from))
        return HF_FATE_PASS;
    if (t->keeps && m->method == HF_METHOD_CLAIM)
        return HF_FATE_DROP;
    if (t->shows && m->method == HF_METHOD_STANDING) {
        ret->error = HF_ESUPERSEDED;
        return HF_FATE_REPLACE;
    }
    if (!t->shows || m->method != HF_METHOD_CLAIM || m->error != 0)
        return HF_FATE_PASS;
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_response, m->body, &t->arena, &r, NULL), 0);
    r.has_proof = true;
    r.proof = t->proof;
    cr_assert_eq(hf_wire_encode(&hf_wire_claim_response, &r, ret->body), 0);
    t->shown++;
    return HF_FATE_REPLACE;
}

static void add_vote(struct thief *t, uint8_t index, struct hf_bytes body)
{
    struct hf_claim_response r;
    struct hf_claim_answer a;
    const uint8_t *id = hf_world_engine(t->w, 0)->owner->recorded.id;
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_response, body, &t->arena, &r, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_answer, r.answer, &t->arena, &a, NULL), 0);
    for (size_t i = 0; i < r.votes_count; i++) {
        if (memcmp(r.votes[i].generation, id, 16) != 0)
            continue;
        struct hf_acceptance *v = &t->list[t->proof.acceptances_count++];
        *v = (struct hf_acceptance){.index = index, .provisional = a.provisional};
        memcpy(v->generation, id, 16);
        memcpy(v->signature, r.votes[i].signature, 64);
    }
}

/* Hands the claim, as a stranger, to every holder of node 0, and puts the votes together. */
static void collect(struct thief *t)
{
    struct hf_claim_request q;
    struct hf_status s;
    cr_assert(t->claim != NULL && hf_world_status(t->w, 0, &s));
    struct hf_bytes claim = hf_blob_bytes(t->claim);
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_request, claim, &t->arena, &q, NULL), 0);
    t->proof = (struct hf_claim_proof){.claim = q.claim, .acceptances = t->list};
    memcpy(t->proof.signature, q.claim.signature, sizeof t->proof.signature);
    size_t count = s.providers_count;
    uint32_t holders[HF_SHARES_MAX];
    uint8_t indices[HF_SHARES_MAX];
    for (size_t i = 0; i < count; i++) {
        holders[i] = (uint32_t)hf_world_find(t->w, &s.providers[i].account);
        indices[i] = s.providers[i].index;
    }
    for (size_t i = 0; i < count; i++) {
        struct hf_buf out;
        hf_buf_init(&out, HF_WIRE_BODY_MAX);
        if (hf_world_ask(t->w, holders[i], HF_METHOD_CLAIM, NULL, claim, &out) == 0) {
            struct hf_blob *kept = hf_blob_new(hf_buf_bytes(&out));
            add_vote(t, indices[i], hf_blob_bytes(kept));
            hf_blob_unref(kept);
        }
        hf_buf_done(&out);
    }
}

static void begin(struct thief *t, struct hf_world *w, uint32_t from)
{
    uint32_t holders[HF_SHARES_MAX];
    testnet_holders(w, 0, holders);
    *t = (struct thief){.w = w, .liar = holders[0], .from = from, .keeps = true};
    hf_arena_init(&t->arena, HF_WIRE_BODY_MAX * 16);
    hf_world_corrupt(w, t->liar);
    hf_world_watch(w, steal, t);
}

/* The liar shows the votes of a quorum while node 0 asks it, and node 0 stands. */
static void locks_nobody(struct thief *t)
{
    struct hf_status s;
    t->keeps = false;
    collect(t);
    cr_assert_geq(t->proof.acceptances_count,
                  hf_world_document(t->w, HF_DOCUMENT_POLICY)->u.policy.claim_quorum);
    t->shows = true;
    hf_world_run_for(t->w, 60000);
    cr_assert(hf_world_status(t->w, 0, &s));
    cr_expect_gt(t->shown, 0);
    cr_expect(s.claimed && s.state != HF_STATE_BLOCKED, "%s", hf_error_name(s.reason));
    hf_world_watch(t->w, NULL, NULL);
    hf_blob_unref(t->claim);
    hf_arena_done(&t->arena);
    testnet_end(t->w);
}

Test(stood, votes_for_a_copy_that_never_stood_lock_nobody)
{
    struct thief t;
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t copy = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, 0);
    begin(&t, w, copy);
    hf_world_start(w, copy);
    cr_assert(hf_world_run_until_trace(w, t.liar, HF_TRACE_CLAIM_ACCEPTED, 1, TESTNET_MS));
    hf_world_crash(w, copy);
    locks_nobody(&t);
}

Test(stood, votes_for_a_dead_predecessor_lock_nobody_though_an_old_disk_is_put_back)
{
    struct thief t;
    struct hf_world *w = testnet_up(7, 3, 5);
    begin(&t, w, 0);
    struct hf_disk *before = hf_world_disk_copy(w, 0);
    for (int i = 0; i < 3; i++) {
        testnet_restart(w, 0);
        cr_assert(hf_world_run_until_trace(w, t.liar, HF_TRACE_CLAIM_ACCEPTED, 1, TESTNET_MS));
    }
    hf_world_crash(w, 0);
    hf_world_disk_put(w, 0, before);
    hf_disk_free(before);
    t.keeps = false;
    t.from = UINT32_MAX;
    hf_world_cut(w, t.liar, 0); /* it is silent until node 0 stands */
    hf_world_start(w, 0);
    hf_world_run_for(w, 20000);
    hf_world_heal(w);
    locks_nobody(&t);
}
