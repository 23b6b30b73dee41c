/* A peer's answer makes no node do the same thing again at once, for ever; and a peer that answers
 * nothing that counts is taken for silent. */
#include "testnet.h"

#include "base/error.h"
#include "wire/messages.h"

#include <criterion/criterion.h>

enum { LOOK_MS = 600000 };

struct liar {
    struct hf_world *w;
    uint32_t node, other; /* whose identity it shows */
    uint8_t method;
    bool lies;
    unsigned asked;
    struct hf_arena arena;
};

static void begin(struct liar *t, struct hf_world *w, uint32_t node, uint8_t method)
{
    *t = (struct liar){.w = w, .node = node, .method = method};
    hf_arena_init(&t->arena, HF_WIRE_BODY_MAX * 4);
}

static void end(struct liar *t)
{
    hf_world_watch(t->w, NULL, NULL);
    hf_arena_done(&t->arena);
    testnet_end(t->w);
}

static enum hf_fate say_behind(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *t = ctx;
    if (m->method != t->method)
        return HF_FATE_PASS;
    t->asked += !m->response && m->to == t->node;
    if (!t->lies || !m->response || m->from != t->node)
        return HF_FATE_PASS;
    ret->error = HF_EBEHIND;
    return HF_FATE_REPLACE;
}

Test(loops, who_says_that_it_is_behind_has_documents_pushed_to_it_once)
{
    struct liar t;
    begin(&t, testnet_up(7, 3, 5), 6, HF_METHOD_DOCUMENTS);
    hf_world_watch(t.w, say_behind, &t);
    hf_world_run_for(t.w, LOOK_MS);
    unsigned honest = t.asked;
    t.asked = 0;
    t.lies = true;
    hf_world_run_for(t.w, LOOK_MS);
    cr_assert_gt(t.asked, 0);
    cr_assert_leq(t.asked, 2 * honest + 10, "%u, honest %u", t.asked, honest);
    end(&t);
}

/* Shows with each acknowledgement the identity of another. */
static enum hf_fate show_anothers(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct liar *t = ctx;
    struct hf_ack_response r;
    struct hf_bytes identity;
    if (m->method != t->method)
        return HF_FATE_PASS;
    t->asked += !m->response && m->from == 0 && m->to == t->node;
    if (!t->lies || !m->response || m->from != t->node || m->error != 0 ||
        hf_world_engine(t->w, t->other) == NULL)
        return HF_FATE_PASS;
    hf_arena_reset(&t->arena);
    cr_assert_eq(hf_wire_decode(&hf_wire_ack_response, m->body, &t->arena, &r, NULL), 0);
    cr_assert_eq(hf_engine_identity(hf_world_engine(t->w, t->other), &identity), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_identity, identity, &t->arena, &r.identity, NULL), 0);
    r.has_identity = true;
    cr_assert_eq(hf_wire_encode(&hf_wire_ack_response, &r, ret->body), 0);
    return HF_FATE_REPLACE;
}

static struct hf_world_settings impatient(void)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.policy.holder_grace_s = 60;
    return s;
}

Test(loops, a_holder_that_shows_anothers_identity_is_asked_no_more_often_and_replaced)
{
    struct liar t;
    struct hf_world_settings s = impatient();
    struct hf_world *w = testnet_up_from(&s, 9);
    uint32_t holders[HF_SHARES_MAX];
    testnet_holders(w, 0, holders);
    begin(&t, w, holders[0], HF_METHOD_STANDING);
    t.other = holders[1];
    hf_world_watch(w, show_anothers, &t);
    hf_world_run_for(w, LOOK_MS);
    unsigned honest = t.asked;
    t.asked = 0;
    t.lies = true;
    hf_world_corrupt(w, t.node);
    hf_world_run_for(w, LOOK_MS);
    cr_assert(!testnet_holds(w, 0, t.node), "it is still a holder");
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_READY);
    cr_assert_leq(t.asked, 4 * honest + 10, "%u, honest %u", t.asked, honest);
    end(&t);
}

Test(loops, a_holder_that_never_acknowledges_a_record_keeps_nobody_from_being_ready)
{
    struct liar t;
    struct hf_world_settings s = impatient();
    struct hf_world *w = testnet_from(&s, 12);
    begin(&t, w, 11, HF_METHOD_RECORD);
    t.lies = true;
    hf_world_corrupt(w, t.node);
    hf_world_watch(w, show_anothers, &t);
    hf_world_start_all(w);
    hf_world_run_for(w, 2 * LOOK_MS);
    for (uint32_t i = 0; i < 11; i++)
        cr_assert_eq(hf_world_state(w, i), HF_STATE_READY, "n%u", i);
    end(&t);
}

/* ---- A machine that stands still */

static bool misses(struct hf_world *w, void *ctx)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, 0, &s));
    for (size_t i = 0; i < s.providers_count; i++)
        if (hf_account_equal(&s.providers[i].account, hf_world_account(w, *(uint32_t *)ctx)))
            return s.providers[i].error != 0;
    return false;
}

Test(slept, an_owner_whose_machine_stood_still_takes_nobody_for_silent)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    uint32_t holders[HF_SHARES_MAX];
    testnet_holders(w, 0, holders);
    hf_world_run_for(w, 30000);
    hf_world_crash(w, holders[2]);
    cr_assert(hf_world_run_until(w, misses, &holders[2], TESTNET_MS));
    hf_world_pause(w, 0);
    hf_world_start(w, holders[2]);
    hf_world_run_for(w, 660000); /* longer than the grace */
    cr_assert_eq(hf_world_state(w, holders[2]), HF_STATE_READY);
    uint64_t before = hf_world_trace_count(w, 0, HF_TRACE_DEALING);
    hf_world_resume(w, 0);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_trace_count(w, 0, HF_TRACE_DEALING), before);
    cr_assert(testnet_holds(w, 0, holders[2]));
    testnet_end(w);
}
