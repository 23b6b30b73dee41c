/* Generations of one owner's shares are never mixed, and go only by name (proto/PROTOCOL.md, 7). */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "node/node.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct hf_world *up_with_grace(uint32_t count, uint8_t k, uint8_t n)
{
    struct hf_world_settings s = testnet_settings(k, n);
    s.policy.holder_grace_s = 20;
    return testnet_up_from(&s, count);
}

/* How many generations of node 0 a node holds; the newest in ret. */
static size_t held(struct hf_world *w, uint32_t node, uint32_t *ret_newest)
{
    struct hf_engine *e = hf_world_engine(w, node);
    struct hf_bytes owner = hf_bytes_of(hf_world_account(w, 0)->bytes, 32);
    const struct hf__row *row;
    struct hf_arena arena;
    size_t count = 0;
    cr_assert_not_null(e);
    hf_arena_init(&arena, 1 << 20);
    *ret_newest = 0;
    for (size_t i = hf__rows_first(&e->rows, HF_ROW_HELD, owner);
         (row = hf__rows_at(&e->rows, i, HF_ROW_HELD, owner)) != NULL; i++) {
        struct hf_held_row h;
        cr_assert_eq(hf_wire_decode(&hf_wire_held_row, hf_blob_bytes(row->value), &arena, &h, NULL),
                     0);
        if (h.generation.number > *ret_newest)
            *ret_newest = (uint32_t)h.generation.number;
        count++;
    }
    hf_arena_done(&arena);
    return count;
}

/* ---- an owner's own words, changed and signed again with its own key */

struct tape {
    uint8_t method;
    uint32_t to; /* UINT32_MAX: the first to come */
    struct hf_buf request, answer;
    uint64_t call;
};

static enum hf_fate listen(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct tape *t = ctx;
    (void)ret;
    if (m->method != t->method)
        return HF_FATE_PASS;
    if (!m->response && m->from == 0 && t->request.len == 0) {
        hf_buf_append(&t->request, m->body.data, m->body.len);
        t->to = m->to;
        t->call = m->call;
    } else if (m->response && m->to == 0 && m->call == t->call && t->answer.len == 0) {
        hf_buf_append(&t->answer, m->body.data, m->body.len);
    }
    return HF_FATE_PASS;
}

static void tape_begin(struct tape *t, struct hf_world *w, uint8_t method)
{
    *t = (struct tape){.method = method, .to = UINT32_MAX, .call = UINT64_MAX};
    hf_buf_init(&t->request, 1 << 20);
    hf_buf_init(&t->answer, 1 << 20);
    hf_world_watch(w, listen, t);
}

static void tape_end(struct tape *t, struct hf_world *w)
{
    hf_world_watch(w, NULL, NULL);
    hf_buf_done(&t->request);
    hf_buf_done(&t->answer);
}

/* Sends what was heard again, as node 0; the refusal's code. */
static int again(const struct tape *t, struct hf_world *w, struct hf_buf *ret_answer)
{
    struct hf_account account;
    account = *hf_world_account(w, 0);
    return hf_world_ask(w, t->to, t->method, &account, hf_buf_bytes(&t->request), ret_answer);
}

typedef void change_fn(void *message, struct hf_arena *arena, struct hf_world *w);

/* Sends what was heard again with a changed message, signed by node 0 as it is now. */
static int changed(const struct tape *t, struct hf_world *w, const struct hf_wire_type *type,
                   void *message, change_fn *change)
{
    struct hf_owner_request request;
    struct hf_arena arena;
    struct hf_buf body, envelope, answer;
    struct hf_account account;
    const struct hf_engine *e = hf_world_engine(w, 0);
    hf_arena_init(&arena, 1 << 20);
    hf_buf_init(&body, 1 << 20);
    hf_buf_init(&envelope, 1 << 20);
    hf_buf_init(&answer, 1 << 20);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_owner_request, hf_buf_bytes(&t->request), &arena, &request, NULL),
        0);
    cr_assert_eq(hf_wire_decode(type, request.body, &arena, message, NULL), 0);
    change(message, &arena, w);
    cr_assert_eq(hf_wire_encode(type, message, &body), 0);
    request.body = hf_buf_bytes(&body);
    char label[40];
    snprintf(label, sizeof label, "holdfast/v1/%s", hf_method_name(t->method));
    e->suite->sign(e->secrets->account, label, request.body, request.signature);
    cr_assert_eq(hf_wire_encode(&hf_wire_owner_request, &request, &envelope), 0);
    account = *hf_world_account(w, 0);
    int r = hf_world_ask(w, t->to, t->method, &account, hf_buf_bytes(&envelope), &answer);
    hf_buf_done(&body);
    hf_buf_done(&envelope);
    hf_buf_done(&answer);
    hf_arena_done(&arena);
    return r;
}

/* A world that is up, and the first request of this method that node 0 sent. */
static struct hf_world *up_with_tape(struct tape *t, uint8_t method)
{
    uint32_t version;
    struct hf_world *w = testnet_new(7, 3, 5);
    tape_begin(t, w, method);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    cr_assert_gt(t->request.len, 0);
    return w;
}

static void same(void *message, struct hf_arena *arena, struct hf_world *w)
{
    (void)message;
    (void)arena;
    (void)w;
}

/* The transcript within a deposit, with another index. */
static void other_index(void *message, struct hf_arena *arena, struct hf_world *w)
{
    struct hf_deposit *m = message;
    struct hf_deposit_transcript t;
    struct hf_buf b;
    void *copy;
    (void)w;
    cr_assert_eq(hf_wire_decode(&hf_wire_deposit_transcript, m->transcript, arena, &t, NULL), 0);
    t.index = t.index % 5 + 1;
    hf_buf_init(&b, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_deposit_transcript, &t, &b), 0);
    cr_assert_eq(hf_arena_alloc(arena, 1, b.len, &copy), 0);
    memcpy(copy, b.data, b.len);
    m->transcript = hf_bytes_of(copy, b.len);
    hf_buf_done(&b);
}

Test(generations, a_second_index_of_one_generation_is_refused)
{
    struct tape t;
    uint32_t newest;
    struct hf_world *w = up_with_tape(&t, HF_METHOD_DEPOSIT);
    struct hf_deposit m;
    cr_assert_eq(changed(&t, w, &hf_wire_deposit, &m, other_index), HF_EINDEX);
    cr_assert_eq(held(w, t.to, &newest), 1);
    tape_end(&t, w);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(generations, a_deposit_that_comes_again_gets_the_same_receipt)
{
    struct tape t;
    struct hf_buf answer;
    struct hf_deposit m;
    uint32_t newest;
    struct hf_world *w = up_with_tape(&t, HF_METHOD_DEPOSIT);
    hf_buf_init(&answer, 65536);
    uint64_t stored = hf_world_trace_count(w, (long)t.to, HF_TRACE_SHARE_STORED);
    for (int i = 0; i < 3; i++) {
        struct hf_deposit_response first, second;
        struct hf_arena arena;
        hf_buf_clear(&answer);
        cr_assert_eq(again(&t, w, &answer), 0);
        hf_arena_init(&arena, 65536);
        cr_assert_eq(hf_wire_decode(&hf_wire_deposit_response, hf_buf_bytes(&t.answer), &arena,
                                    &first, NULL),
                     0);
        cr_assert_eq(
            hf_wire_decode(&hf_wire_deposit_response, hf_buf_bytes(&answer), &arena, &second, NULL),
            0);
        cr_assert_arr_eq(first.receipt, second.receipt, 64);
        hf_arena_done(&arena);
        /* Its nonce dies, the provider's process too: the receipt stays. */
        hf_world_run_for(w, 60000);
        testnet_restart(w, t.to);
        testnet_ready(w, t.to);
    }
    cr_assert_eq(changed(&t, w, &hf_wire_deposit, &m, same), 0);
    cr_assert_eq(hf_world_trace_count(w, (long)t.to, HF_TRACE_SHARE_STORED), stored);
    cr_assert_eq(held(w, t.to, &newest), 1);
    hf_buf_done(&answer);
    tape_end(&t, w);
    testnet_end(w);
}

static void other_id(void *message, struct hf_arena *arena, struct hf_world *w)
{
    struct hf_offer *m = message;
    (void)arena;
    (void)w;
    m->generation.id[0] ^= 1;
}

Test(generations, a_number_that_is_spent_is_refused)
{
    struct tape t;
    struct hf_buf answer;
    struct hf_offer m;
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    tape_begin(&t, w, HF_METHOD_OFFER);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    cr_assert_gt(t.request.len, 0);
    hf_buf_init(&answer, 65536);
    /* The number that is held may come again for the dealing that took it, and for no other. */
    cr_assert_eq(again(&t, w, &answer), 0);
    cr_assert_eq(changed(&t, w, &hf_wire_offer, &m, same), 0);
    cr_assert_eq(changed(&t, w, &hf_wire_offer, &m, other_id), HF_EGENERATION);
    hf_buf_done(&answer);
    tape_end(&t, w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

static uint32_t outsider;

static void by_a_set_of_its_own(void *message, struct hf_arena *arena, struct hf_world *w)
{
    struct hf_offer *m = message;
    (void)arena;
    m->header.provider = *hf_world_account(w, outsider);
    m->epoch += 7;
}

static void to_another(void *message, struct hf_arena *arena, struct hf_world *w)
{
    by_a_set_of_its_own(message, arena, w);
    ((struct hf_offer *)message)->epoch -= 7;
}

Test(generations, by_an_order_of_which_the_provider_is_not_sure_no_share_is_taken)
{
    struct tape t;
    struct hf_offer m;
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    tape_begin(&t, w, HF_METHOD_OFFER);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    hf_world_start(w, before[2]);
    testnet_ready(w, before[2]);
    /* Who has held a share of this owner skips the order: take one that never did. */
    uint32_t after[16];
    testnet_holders(w, 0, after);
    for (outsider = 1;; outsider++) {
        bool held = false;
        for (size_t i = 0; i < 5; i++)
            held = held || before[i] == outsider || after[i] == outsider;
        if (!held)
            break;
    }
    cr_assert_lt(outsider, 9);
    t.to = outsider;
    cr_assert_eq(changed(&t, w, &hf_wire_offer, &m, to_another), 0);
    cr_assert_eq(changed(&t, w, &hf_wire_offer, &m, by_a_set_of_its_own), HF_EORDER);
    tape_end(&t, w);
    testnet_end(w);
}

static void older_number(void *message, struct hf_arena *arena, struct hf_world *w)
{
    struct hf_offer *m = message;
    (void)arena;
    (void)w;
    cr_assert_gt(m->generation.number, 1);
    m->generation.number--;
    m->generation.id[0] ^= 1;
}

Test(generations, an_older_number_is_refused)
{
    struct tape t;
    struct hf_offer m;
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    tape_begin(&t, w, HF_METHOD_OFFER);
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    cr_assert_eq(changed(&t, w, &hf_wire_offer, &m, older_number), HF_EGENERATION);
    tape_end(&t, w);
    testnet_end(w);
}

/* ---- deletion */

static void of_itself(void *message, struct hf_arena *arena, struct hf_world *w)
{
    struct hf_deletion *m = message;
    (void)arena;
    (void)w;
    m->generation = m->complete;
}

static void of_none(void *message, struct hf_arena *arena, struct hf_world *w)
{
    struct hf_deletion *m = message;
    (void)arena;
    (void)w;
    m->generation.id[0] ^= 1;
}

Test(generations, a_deletion_by_name_deletes_only_that)
{
    struct tape t;
    struct hf_deletion m;
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16], newest;
    testnet_holders(w, 0, before);
    unsigned deletes = hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_DELETE, .from = 0, .to = HF_WORLD_ALL});
    hf_world_crash(w, before[2]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    hf_world_run_for(w, 10000);
    cr_assert_eq(held(w, before[0], &newest), 2);
    uint32_t number = newest;
    tape_begin(&t, w, HF_METHOD_DELETE);
    hf_world_rule_drop(w, deletes);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    hf_world_run_for(w, 1000);
    for (size_t i = 0; i < 5; i++)
        if (i != 2) {
            cr_assert_eq(held(w, before[i], &newest), 1);
            cr_assert_eq(newest, number);
        }
    /* Nothing else goes by any other word of the owner. */
    uint64_t deleted = hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_DELETED);
    cr_assert_eq(changed(&t, w, &hf_wire_deletion, &m, same), 0);
    cr_assert_eq(changed(&t, w, &hf_wire_deletion, &m, of_none), 0);
    cr_assert_eq(changed(&t, w, &hf_wire_deletion, &m, of_itself), HF_EGENERATION);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_DELETED), deleted);
    cr_assert_eq(held(w, t.to, &newest), 1);
    tape_end(&t, w);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* ---- several at once */

/* Two of the newest generation and one of the one before: k shares, and no secret. */
Test(generations, shares_of_two_generations_are_never_combined)
{
    struct hf_world *w = up_with_grace(9, 3, 5);
    uint32_t before[16], after[16];
    struct hf_status s;
    testnet_holders(w, 0, before);
    uint32_t left = before[2];
    /* It never hears that what it holds is to be forgotten. */
    hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_DELETE, .from = 0, .to = (long)left});
    hf_world_crash(w, left);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
    hf_world_run_for(w, 1000);
    cr_assert_eq(testnet_holders(w, 0, after), 5);
    hf_world_start(w, left);
    testnet_ready(w, left);
    for (size_t i = 0; i < 3; i++)
        hf_world_pause(w, after[i]);
    uint64_t rebuilt = hf_world_trace_count(w, 0, HF_TRACE_REBUILT);
    uint64_t given = hf_world_trace_count(w, (long)left, HF_TRACE_SHARE_RELEASED);
    testnet_restart(w, 0);
    hf_world_run_for(w, 100000);
    cr_assert(hf_world_status(w, 0, &s));
    cr_assert_eq(s.state, HF_STATE_RECOVERING);
    cr_assert_gt(hf_world_trace_count(w, (long)left, HF_TRACE_SHARE_RELEASED), given);
    cr_assert_eq(hf_world_trace_count(w, 0, HF_TRACE_REBUILT), rebuilt);
    hf_world_resume(w, after[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    hf_world_resume(w, after[1]);
    hf_world_resume(w, after[2]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* A holder that never hears a deletion keeps four recorded generations, and no fifth. */
Test(generations, a_holder_keeps_four_at_most)
{
    struct hf_world *w = up_with_grace(12, 2, 3);
    uint32_t holders[16], newest;
    size_t most = 0;
    testnet_holders(w, 0, holders);
    uint32_t silent = holders[0];
    unsigned rule = hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_DELETE, .from = 0, .to = (long)silent});
    for (int i = 0; i < 6; i++) {
        size_t count = testnet_holders(w, 0, holders);
        uint32_t victim = holders[count - 1] != silent ? holders[count - 1] : holders[0];
        if (victim == silent)
            break;
        hf_world_pause(w, victim);
        cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
        hf_world_run_for(w, 10000);
        hf_world_resume(w, victim);
        hf_world_run_for(w, 60000);
        size_t now = held(w, silent, &newest);
        cr_assert_leq(now, HF_GENERATIONS_HELD_MAX);
        most = now > most ? now : most;
    }
    cr_assert_eq(most, 4);
    hf_world_rule_drop(w, rule);
    testnet_ready(w, 0);
    hf_world_run_for(w, 120000);
    cr_assert_leq(held(w, silent, &newest), 1);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* ---- receipts */

Test(generations, a_receipt_that_is_lost_costs_no_second_share)
{
    struct hf_world *w = testnet_new(7, 3, 5);
    uint32_t version;
    size_t count, stored = 0;
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_DEPOSIT,
                                      .response = true,
                                      .from = HF_WORLD_ALL,
                                      .to = 0,
                                      .count = 5});
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    const struct hf_world_trace *t = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        stored += t[i].trace.type == HF_TRACE_SHARE_STORED &&
                  hf_account_equal(&t[i].trace.account, hf_world_account(w, 0));
    cr_assert_eq(stored, 5);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Every answer of one kind is lost for a while, at every holder: the dealing still ends whole. */
Test(generations, answers_lost_at_every_step_of_replacing_only_delay)
{
    static const uint8_t methods[] = {HF_METHOD_OFFER, HF_METHOD_DEPOSIT, HF_METHOD_RECORD,
                                      HF_METHOD_DELETE, HF_METHOD_STANDING};
    for (size_t i = 0; i < HF_ARRAY_LEN(methods); i++) {
        struct hf_world *w = up_with_grace(9, 3, 5);
        uint32_t before[16];
        testnet_holders(w, 0, before);
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                          .method = methods[i],
                                          .response = true,
                                          .from = HF_WORLD_ALL,
                                          .to = 0,
                                          .count = 6});
        hf_world_crash(w, before[2]);
        cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RETIRED, 1, TESTNET_MS));
        testnet_ready(w, 0);
        testnet_restart(w, 0);
        testnet_key_lives(w, 0);
        testnet_end(w);
    }
}
