/* What a holder's bare word can do to an owner, and what it cannot: a node that keeps a share may
 * sign anything with its own key, and nothing with the owner's. */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "node/node.h"
#include "wire/messages.h"

#include <criterion/criterion.h>

struct liar {
    struct hf_world *w;
    uint32_t node;
    bool lies;
    bool genuine; /* what it shows is its own record, which it signed itself */
    struct hf_arena arena;
};

static void liar_begin(struct liar *l, struct hf_world *w, hf_watch_fn *watch)
{
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    *l = (struct liar){.w = w, .node = holders[0], .lies = true};
    hf_arena_init(&l->arena, 1 << 22);
    hf_world_watch(w, watch, l);
}

/* Eight nodes that replace a silent holder after 20 s; the first holder of node 0 lies.
 * ret_holders: of node 0. */
static struct hf_world *with_a_liar(struct liar *l, hf_watch_fn *watch,
                                    uint32_t ret_holders[static 16])
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 8);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, ret_holders);
    liar_begin(l, w, watch);
    return w;
}

static void liar_end(struct liar *l)
{
    hf_world_watch(l->w, NULL, NULL);
    hf_arena_done(&l->arena);
    testnet_end(l->w);
}

/* Whether this message is the liar's answer to a request of this method. */
static bool is_its_answer(const struct liar *l, const struct hf_message *m, uint8_t method)
{
    return l->lies && m->response && m->error == 0 && m->method == method && m->from == l->node &&
           m->to == 0;
}

static void sign_by(const struct liar *l, const char *label, struct hf_bytes what,
                    uint8_t ret[static 64])
{
    const struct hf_engine *e = hf_world_engine(l->w, l->node);
    e->suite->sign(e->secrets->account, label, what, ret);
}

static void encode(const struct hf_wire_type *type, const void *message, struct hf_buf *ret)
{
    hf_buf_init(ret, 65536);
    cr_assert_eq(hf_wire_encode(type, message, ret), 0);
}

/* It says of the share that it keeps that it is of the last number that there is. */
static enum hf_fate spend_numbers(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    struct hf_recover_response r;
    struct hf_recover_answer a;
    struct hf_buf answer;
    if (!is_its_answer(l, m, HF_METHOD_RECOVER))
        return HF_FATE_PASS;
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_response, m->body, &l->arena, &r, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_recover_answer, r.answer, &l->arena, &a, NULL), 0);
    cr_assert_gt(a.shares_count, 0);
    a.shares[0].generation.number = UINT32_MAX - 1;
    encode(&hf_wire_recover_answer, &a, &answer);
    r.answer = hf_buf_bytes(&answer);
    sign_by(l, "holdfast/v1/recover-answer", r.answer, r.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_recover_response, &r, ret->body), 0);
    hf_buf_done(&answer);
    return HF_FATE_REPLACE;
}

Test(lies, about_the_number_of_a_dealing_do_not_spend_all_that_there_are)
{
    struct liar l;
    uint32_t holders[16];
    struct hf_world *w = with_a_liar(&l, spend_numbers, holders);
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    hf_world_crash(w, holders[4]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, 300000));
    cr_assert_eq(testnet_generation(w, 0), 2);
    liar_end(&l);
}

/* It says that it is superseded, and shows a record of which the owner never heard. */
static enum hf_fate show_junk(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    static const uint8_t junk[] = "a record that nobody signed";
    struct liar *l = ctx;
    struct hf_claim_response r;
    struct hf_claim_answer a;
    struct hf_record_row own;
    struct hf_buf answer;
    if (is_its_answer(l, m, HF_METHOD_STANDING)) {
        ret->error = HF_ESUPERSEDED;
        return HF_FATE_REPLACE;
    }
    if (!is_its_answer(l, m, HF_METHOD_CLAIM))
        return HF_FATE_PASS;
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_response, m->body, &l->arena, &r, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_answer, r.answer, &l->arena, &a, NULL), 0);
    a.accepted = false;
    r.votes_count = 0;
    r.has_newest = true;
    r.newest = (struct hf_signed_record){.record = hf_bytes_of(junk, sizeof junk)};
    if (l->genuine) {
        const struct hf_blob *row =
            hf_world_row(l->w, l->node, HF_ROW_RECORD, (struct hf_bytes){0});
        cr_assert_eq(hf_wire_decode(&hf_wire_record_row, hf_blob_bytes(row), &l->arena, &own, NULL),
                     0);
        r.newest = own.record;
    }
    encode(&hf_wire_claim_answer, &a, &answer);
    r.answer = hf_buf_bytes(&answer);
    sign_by(l, "holdfast/v1/claim-answer", r.answer, r.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_claim_response, &r, ret->body), 0);
    hf_buf_done(&answer);
    return HF_FATE_REPLACE;
}

static void junk_is_shown(bool genuine)
{
    struct liar l;
    struct hf_status st;
    uint32_t holders[16];
    struct hf_world *w = with_a_liar(&l, show_junk, holders);
    l.genuine = genuine;
    hf_world_crash(w, holders[4]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, 300000));
    hf_world_run_for(w, 60000);
    cr_assert(hf_world_status(w, 0, &st));
    cr_assert(st.claimed && st.claim == 1, "it claims %u", (unsigned)st.claim);
    cr_assert(testnet_traced(w, 0, HF_TRACE_PEER_MISBEHAVED, HF_EBOUND));
    cr_assert_eq(hf_world_trace_count(w, 0, HF_TRACE_CLAIM_ASKED), 0);
    liar_end(&l);
}

Test(lies, about_the_newest_record_raise_no_claim_and_end_no_dealing)
{
    junk_is_shown(false);
    junk_is_shown(true);
}

/* It accepts, and signs that it was asked something else. */
static enum hf_fate answer_another(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    struct hf_claim_response r;
    struct hf_claim_answer a;
    struct hf_buf answer;
    if (!is_its_answer(l, m, HF_METHOD_CLAIM))
        return HF_FATE_PASS;
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_response, m->body, &l->arena, &r, NULL), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_claim_answer, r.answer, &l->arena, &a, NULL), 0);
    a.statement_hash.bytes[0] ^= 1;
    encode(&hf_wire_claim_answer, &a, &answer);
    r.answer = hf_buf_bytes(&answer);
    sign_by(l, "holdfast/v1/claim-answer", r.answer, r.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_claim_response, &r, ret->body), 0);
    hf_buf_done(&answer);
    return HF_FATE_REPLACE;
}

/* Its word is needed: q is n. When it says what it was asked, the claim goes on. */
Test(lies, about_what_was_asked_are_no_votes_and_end_no_claim)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    struct liar l;
    struct hf_status st;
    s.policy.q = s.policy.p = 5;
    struct hf_world *w = testnet_from(&s, 8);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    liar_begin(&l, w, answer_another);
    testnet_restart(w, 0);
    testnet_reason(w, 0, HF_STATE_CLAIMING, HF_EQUORUM);
    hf_world_run_for(w, 60000);
    cr_assert(hf_world_status(w, 0, &st) && !st.claimed);
    l.lies = false;
    testnet_ready(w, 0);
    liar_end(&l);
}

/* It keeps no share of the newest dealing any more, nor of one that is unsealed: that it refuses is
 * no reason to ask it for anything. */
static enum hf_fate refuse_deletion(void *ctx, const struct hf_message *m,
                                    struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    if (!is_its_answer(l, m, HF_METHOD_DELETE))
        return HF_FATE_PASS;
    ret->error = HF_ESUPERSEDED;
    return HF_FATE_REPLACE;
}

Test(lies, of_a_former_holder_that_another_stands_are_not_looked_into)
{
    struct liar l;
    uint32_t holders[16];
    struct hf_world *w = with_a_liar(&l, refuse_deletion, holders);
    hf_world_isolate(w, l.node);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CERTIFIED, 1, 300000));
    hf_world_heal(w);
    unsigned asked = hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_COUNT, .method = HF_METHOD_CLAIM, .from = 0, .to = (long)l.node});
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CALL_FAILED, 1, 300000));
    hf_world_run_for(w, 60000);
    cr_assert(testnet_traced(w, 0, HF_TRACE_CALL_FAILED, HF_ESUPERSEDED));
    cr_assert_eq(hf_world_rule_hits(w, asked), 0);
    liar_end(&l);
}
