/* Holders prove now and then that they know their share; one that cannot is named and replaced
 * (proto/PROTOCOL.md, 7). */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "owner/owner.h"

#include <criterion/criterion.h>

enum { DAY_S = 86400 }; /* a grace by which nothing is replaced for silence */

static struct hf_world *audited(uint64_t grace_s)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.timing.audit_ms = 20000;
    s.policy.holder_grace_s = grace_s;
    return testnet_up_from(&s, 9);
}

Test(audits, are_passed_by_all_holders_of_all_again_and_again)
{
    struct hf_world *w = audited(DAY_S);
    uint64_t before = hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_AUDITED);
    hf_world_run_for(w, 120000);
    /* 9 owners of 5 holders, each at least three times in two minutes. */
    cr_assert_geq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_AUDITED) - before, 9 * 5 * 3);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_AUDIT_FAILED), 0);
    struct hf_status s;
    cr_assert(hf_world_status(w, 0, &s));
    for (size_t i = 0; i < s.providers_count; i++)
        cr_assert_gt(s.providers[i].audited_ms, 0);
    testnet_end(w);
}

/* The answers of one holder to one owner's audits are turned, or lose their proof. */
struct liar {
    struct hf_world *w;
    uint32_t owner, holder;
    bool drops; /* the proof is left out */
    unsigned met;
};

static enum hf_fate lie(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *l = ctx;
    struct hf_ack_response response;
    struct hf_ack_statement statement;
    struct hf_arena arena;
    struct hf_buf encoded;
    if (!m->response || m->method != HF_METHOD_STANDING || m->from != l->holder ||
        m->to != l->owner || m->error != 0)
        return HF_FATE_PASS;
    const struct hf_engine *e = hf_world_engine(l->w, l->holder);
    hf_arena_init(&arena, 1 << 20);
    hf_buf_init(&encoded, 4096);
    enum hf_fate fate = HF_FATE_PASS;
    if (hf_wire_decode(&hf_wire_ack_response, m->body, &arena, &response, NULL) == 0 &&
        hf_wire_decode(&hf_wire_ack_statement, response.statement, &arena, &statement, NULL) == 0 &&
        statement.has_proof) {
        statement.proof[7] ^= 1;
        statement.has_proof = !l->drops;
        cr_assert_eq(hf_wire_encode(&hf_wire_ack_statement, &statement, &encoded), 0);
        response.statement = hf_buf_bytes(&encoded);
        e->suite->sign(e->secrets->account, "holdfast/v1/ack", response.statement,
                       response.signature);
        cr_assert_eq(hf_wire_encode(&hf_wire_ack_response, &response, ret->body), 0);
        l->met++;
        fate = HF_FATE_REPLACE;
    }
    hf_buf_done(&encoded);
    hf_arena_done(&arena);
    return fate;
}

static void liar_is_replaced(bool drops)
{
    struct hf_world *w = audited(DAY_S);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .owner = 0, .holder = holders[1], .drops = drops};
    hf_world_corrupt(w, l.holder);
    hf_world_watch(w, lie, &l);
    cr_assert(
        hf_world_run_until_trace(w, 0, HF_TRACE_AUDIT_FAILED, HF_AUDITS_FAILED_MAX, TESTNET_MS));
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    cr_assert_eq(l.met, HF_AUDITS_FAILED_MAX);
    hf_world_watch(w, NULL, NULL);
    cr_assert_not(testnet_holds(w, 0, l.holder));
    /* It is named. */
    size_t count, named = 0;
    const struct hf_world_trace *traces = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        named += traces[i].trace.type == HF_TRACE_AUDIT_FAILED &&
                 hf_account_equal(&traces[i].trace.account, hf_world_account(w, l.holder));
    cr_assert_eq(named, HF_AUDITS_FAILED_MAX);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(audits, that_fail_several_times_name_the_holder_and_replace_it)
{
    liar_is_replaced(false);
}

Test(audits, that_are_not_answered_with_a_proof_count_as_failed)
{
    liar_is_replaced(true);
}

Test(audits, that_fail_once_replace_nobody)
{
    struct hf_world *w = audited(DAY_S);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    struct liar l = {.w = w, .owner = 0, .holder = holders[1]};
    hf_world_corrupt(w, l.holder);
    hf_world_watch(w, lie, &l);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_AUDIT_FAILED, 1, TESTNET_MS));
    hf_world_watch(w, NULL, NULL);
    hf_world_run_for(w, 60000);
    cr_assert(testnet_holds(w, 0, holders[1]));
    testnet_ready(w, 0);
    testnet_end(w);
}

/* What is wrapped in the row does not open any more: an honest holder says so itself. */
Test(audits, show_a_share_that_was_lost_quietly_and_its_holder_is_replaced)
{
    struct hf_world *w = audited(20);
    uint32_t holders[16];
    uint8_t key[48];
    testnet_holders(w, 0, holders);
    memcpy(key, hf_world_account(w, 0)->bytes, 32);
    memcpy(key + 32, hf_world_engine(w, 0)->owner->recorded.id, 16);
    struct hf__row *row = hf__rows_find(&hf_world_engine(w, holders[2])->rows, HF_ROW_HELD,
                                        hf_bytes_of(key, sizeof key));
    cr_assert_not_null(row);
    struct hf_held_row held;
    struct hf_arena arena;
    struct hf_buf bytes;
    hf_arena_init(&arena, 1 << 20);
    hf_buf_init(&bytes, 1 << 20);
    cr_assert_eq(hf_wire_decode(&hf_wire_held_row, hf_blob_bytes(row->value), &arena, &held, NULL),
                 0);
    held.wrapped[40] ^= 1;
    hf_world_corrupt(w, holders[2]);
    cr_assert_eq(hf_wire_encode(&hf_wire_held_row, &held, &bytes), 0);
    hf_blob_unref(row->value);
    row->value = hf_blob_new(hf_buf_bytes(&bytes));
    hf_arena_done(&arena);
    hf_buf_done(&bytes);
    testnet_reason(w, 0, HF_STATE_DEGRADED, HF_ENOSHARE);
    cr_assert_eq(hf_world_trace_count(w, 0, HF_TRACE_PROMISE_BROKEN), 1);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    cr_assert_not(testnet_holds(w, 0, holders[2]));
    testnet_end(w);
}
