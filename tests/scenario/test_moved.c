/* What an owner keeps of votes that have moved (proto/REPAIR.md, 5), and of older dealings, has a
 * bound, which none of its holders uses up alone. */
#include "testnet.h"

#include "base/error.h"
#include "owner/record.h"
#include "provider/provider.h"

#include "wire/messages.h"

#include <criterion/criterion.h>

enum { WEEK_S = 7 * 86400, OWNER = 0, K = 3, N = 5, NODES = 14, WAIT_MS = 600000 };

/* A holder that confirms no order to delete, and says of each of those dealings that it has handed
 * its share over. */
struct liar {
    struct hf_world *w;
    uint32_t node;
    bool shows;
    size_t count;
    struct hf_signed_transfer list[HF_WIRE_MOVES_MAX];
    struct hf_buf statements[HF_WIRE_MOVES_MAX];
    struct hf_arena arena;
};

static enum hf_fate lie(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *t = ctx;
    struct hf_ack_response r;
    if (!m->response || m->from != t->node || m->to != OWNER || m->error != 0)
        return HF_FATE_PASS;
    if (m->method == HF_METHOD_DELETE) {
        ret->error = HF_EBUSY;
        return HF_FATE_REPLACE;
    }
    if (m->method != HF_METHOD_STANDING || !t->shows)
        return HF_FATE_PASS;
    hf_arena_reset(&t->arena);
    cr_assert_eq(hf_wire_decode(&hf_wire_ack_response, m->body, &t->arena, &r, NULL), 0);
    r.moves = t->list;
    r.moves_count = t->count;
    cr_assert_eq(hf_wire_encode(&hf_wire_ack_response, &r, ret->body), 0);
    return HF_FATE_REPLACE;
}

/* Transfers of all that the owner still waits for it to delete. */
static void sign_all(struct liar *t)
{
    struct hf_older_row older;
    struct hf_owner_row row;
    struct hf_engine *e = hf_world_engine(t->w, t->node);
    hf__update_begin(e);
    cr_assert(hf__owner_row(e, hf_world_account(t->w, OWNER), &row));
    hf__update_begin(hf_world_engine(t->w, OWNER));
    for (size_t at = 0; t->count < HF_WIRE_MOVES_MAX &&
                        hf__older_next(hf_world_engine(t->w, OWNER), &at, &older);) {
        struct hf_transfer_statement s = {.generation = older.generation,
                                          .index = older.holders[0].index,
                                          .promised = row.promised,
                                          .made_s = 1};
        cr_assert_eq(older.holders_count, 1);
        s.network = *hf_world_network_id(t->w);
        s.owner = *hf_world_account(t->w, OWNER);
        s.from = *hf_world_account(t->w, t->node);
        memset(&s.to, 0xee, sizeof s.to);
        s.newest = (struct hf_record_order){.claim = 1, .generation = older.generation.number};
        memcpy(s.newest.id, older.generation.id, sizeof s.newest.id);
        struct hf_buf *b = &t->statements[t->count];
        hf_buf_init(b, 4096);
        cr_assert_eq(hf_wire_encode(&hf_wire_transfer_statement, &s, b), 0);
        t->list[t->count].statement = hf_buf_bytes(b);
        e->suite->sign(e->secrets->account, "holdfast/v1/transfer", hf_buf_bytes(b),
                       t->list[t->count++].signature);
    }
    cr_assert_eq(t->count, HF_WIRE_MOVES_MAX);
}

/* A holder of the owner's other than the liar. */
static uint32_t other_holder(const struct liar *t, size_t nth)
{
    uint32_t holders[16];
    testnet_holders(t->w, OWNER, holders);
    for (size_t i = 0; i < N; i++)
        if (holders[i] != t->node && nth-- == 0)
            return holders[i];
    cr_assert_fail("too few holders");
    return 0;
}

static void begin(struct liar *t)
{
    struct hf_world_settings s = testnet_settings(K, N);
    uint32_t holders[16];
    s.policy.holder_grace_s = 30;
    s.policy.q = 4;
    *t = (struct liar){.w = testnet_up_from(&s, NODES)};
    hf_arena_init(&t->arena, 1 << 20);
    testnet_holders(t->w, OWNER, holders);
    t->node = holders[0];
    hf_world_corrupt(t->w, t->node);
    hf_world_watch(t->w, lie, t);
}

static void deal(struct liar *t, size_t dealings)
{
    for (size_t i = 0; i < dealings; i++) {
        uint32_t away = other_holder(t, 0);
        hf_world_power_off(t->w, away);
        cr_assert(hf_world_run_until_trace(t->w, OWNER, HF_TRACE_CONFIRMED, 1, WAIT_MS));
        hf_world_start(t->w, away);
        if (i % 8 == 7) /* under a further claim holders forget votes for what is older */
            testnet_restart(t->w, OWNER);
        testnet_ready(t->w, OWNER);
        hf_world_run_for(t->w, 60000);
    }
    cr_assert(testnet_holds(t->w, OWNER, t->node));
}

static void end(struct liar *t)
{
    hf_world_watch(t->w, NULL, NULL);
    for (size_t i = 0; i < t->count; i++)
        hf_buf_done(&t->statements[i]);
    hf_arena_done(&t->arena);
    testnet_end(t->w);
}

Test(moved, votes_are_found_though_a_holder_lies_about_older_ones)
{
    struct liar t;
    uint32_t gone[2];
    begin(&t);
    deal(&t, HF_WIRE_MOVES_MAX + 1);
    sign_all(&t);
    t.shows = true;
    hf_world_run_for(t.w, 120000);
    gone[0] = other_holder(&t, 0);
    gone[1] = other_holder(&t, 1);
    hf_world_crash(t.w, OWNER);
    hf_world_run_for(t.w, 120000);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(hf_world_leave(t.w, gone[i], WEEK_S, TESTNET_MS), 0);
        cr_assert(hf_world_run_until_trace(t.w, gone[i], HF_TRACE_HANDED_OVER, 1, WAIT_MS));
        hf_world_run_for(t.w, 5000);
        hf_world_crash(t.w, gone[i]);
    }
    hf_world_start(t.w, OWNER);
    testnet_key_lives(t.w, OWNER);
    end(&t);
}

/* k holders of the first dealing do not hear that they are to forget it, and are away for long. */
Test(moved, on_an_older_dealing_is_deleted_though_a_holder_confirms_nothing)
{
    struct liar t;
    uint32_t away[K];
    struct hf_held_row held;
    begin(&t);
    struct hf_generation_id first = {.number = testnet_generation(t.w, OWNER)};
    memcpy(first.id, hf_world_engine(t.w, OWNER)->owner->recorded.id, sizeof first.id);
    for (size_t i = 0; i < K; i++) {
        away[i] = other_holder(&t, i + 1);
        hf_world_rule(t.w, (struct hf_rule){.action = HF_RULE_DROP,
                                            .method = HF_METHOD_DELETE,
                                            .from = OWNER,
                                            .to = away[i]});
    }
    deal(&t, 1);
    for (size_t i = 0; i < K; i++) {
        cr_assert(hf__held_row(hf_world_engine(t.w, away[i]), hf_world_account(t.w, OWNER),
                               first.id, &held));
        hf_world_power_off(t.w, away[i]);
        cr_assert(hf_world_run_until_trace(t.w, OWNER, HF_TRACE_CONFIRMED, 1, WAIT_MS));
        testnet_ready(t.w, OWNER);
    }
    deal(&t, HF_OLDER_MAX + 1);
    hf_world_heal(t.w);
    for (size_t i = 0; i < K; i++)
        hf_world_start(t.w, away[i]);
    hf_world_run_for(t.w, 300000);
    for (size_t i = 0; i < K; i++)
        cr_assert(!hf__held_row(hf_world_engine(t.w, away[i]), hf_world_account(t.w, OWNER),
                                first.id, &held));
    end(&t);
}
