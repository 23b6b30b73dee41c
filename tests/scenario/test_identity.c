/* An owner shows its identity to a holder until that has answered under it, and again to one that
 * has forgotten it (proto/PROTOCOL.md, 6). */
#include "testnet.h"

#include "base/error.h"
#include "wire/messages.h"

#include <criterion/criterion.h>

enum { NODES = 7, N = 5 };

/* What owners asked of one holder, or of all. */
struct tally {
    long holder; /* HF_WORLD_ALL: every one */
    unsigned bare, shown, refused;
    unsigned shown_by[NODES][NODES]; /* owner, holder */
    uint64_t refused_us, again_us;   /* the last time */
    bool refuse;                     /* the holder claims to remember no identity */
};

static bool bare(const struct hf_message *m)
{
    struct hf_owner_request request;
    struct hf_arena arena;
    hf_arena_init(&arena, 4096);
    cr_assert_eq(hf_wire_decode(&hf_wire_owner_request, m->body, &arena, &request, NULL), 0);
    hf_arena_done(&arena);
    return !request.has_identity;
}

static enum hf_fate count(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    struct tally *t = ctx;
    uint32_t holder = m->response ? m->from : m->to;
    if (m->method != HF_METHOD_STANDING || (t->holder != HF_WORLD_ALL && holder != t->holder))
        return HF_FATE_PASS;
    if (m->response && t->refuse) {
        ret->error = HF_EIDENTITY;
        return HF_FATE_REPLACE;
    }
    if (m->response) {
        t->refused += m->error == HF_EIDENTITY;
        t->refused_us = m->error == HF_EIDENTITY ? m->at_us : t->refused_us;
    } else if (bare(m)) {
        t->bare++;
    } else {
        t->shown++;
        t->shown_by[m->from][m->to]++;
        t->again_us = m->at_us;
    }
    return HF_FATE_PASS;
}

static void listen(struct hf_world *w, struct tally *t, uint64_t ms)
{
    hf_world_watch(w, count, t);
    hf_world_run_for(w, ms);
    hf_world_watch(w, NULL, NULL);
}

static uint64_t states(const struct hf_world *w)
{
    return hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_STATE);
}

Test(identity, is_left_out_once_a_holder_has_answered_and_a_new_one_is_shown_once)
{
    struct tally t = {.holder = HF_WORLD_ALL};
    struct hf_world *w = testnet_up(NODES, 3, N);
    listen(w, &t, 60000);
    cr_assert_geq(t.bare, 3 * NODES * N);
    cr_assert_eq(t.shown, 0);
    hf_world_set_issue(w);
    t = (struct tally){.holder = HF_WORLD_ALL};
    listen(w, &t, 90000);
    cr_assert_eq(t.shown, NODES * N);
    for (uint32_t owner = 0; owner < NODES; owner++) {
        uint32_t holders[16];
        cr_assert_eq(testnet_holders(w, owner, holders), N);
        for (size_t i = 0; i < N; i++)
            cr_assert_eq(t.shown_by[owner][holders[i]], 1);
    }
    cr_assert_eq(t.refused, 0);
    testnet_end(w);
}

/* Owners of which node keeps a share. */
static unsigned owners_of(struct hf_world *w, uint32_t node)
{
    unsigned owners = 0;
    for (uint32_t owner = 0; owner < NODES; owner++) {
        uint32_t holders[16];
        size_t count = testnet_holders(w, owner, holders);
        for (size_t i = 0; i < count; i++)
            owners += holders[i] == node;
    }
    return owners;
}

Test(identity, is_shown_again_at_once_to_a_holder_that_forgot_it_and_nothing_failed)
{
    struct tally t = {.holder = 3};
    struct hf_world *w = testnet_up(NODES, 3, N);
    hf_world_run_for(w, 20000);
    uint64_t failed = hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_CALL_FAILED);
    uint64_t moves = states(w);
    unsigned owners = owners_of(w, 3);
    cr_assert_gt(owners, 0);
    hf_world_collateral(w, 3);
    listen(w, &t, 60000);
    /* Owners that are its own holders show theirs first, with their answers. */
    cr_assert_gt(t.refused, 0);
    cr_assert_leq(t.refused, owners);
    cr_assert_eq(t.shown, t.refused);
    cr_assert_gt(t.bare, 2 * owners);
    cr_assert_lt(t.again_us - t.refused_us, 1000000);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_CALL_FAILED), failed);
    cr_assert_eq(states(w), moves);
    testnet_end(w);
}

Test(identity, is_shown_again_to_a_holder_that_restarted)
{
    struct tally t = {.holder = 3};
    struct hf_world *w = testnet_up(NODES, 3, N);
    unsigned owners = owners_of(w, 3);
    testnet_restart(w, 3);
    listen(w, &t, 60000);
    /* Recovering, it has learned the identities of its own holders. */
    cr_assert(t.shown > 0 && t.shown < owners);
    cr_assert_eq(t.refused, t.shown);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert(!testnet_traced(w, HF_WORLD_ALL, HF_TRACE_CALL_FAILED, HF_EIDENTITY));
    testnet_end(w);
}

Test(identity, a_holder_that_wants_it_again_and_again_has_failed)
{
    struct tally t = {.holder = 3, .refuse = true};
    struct hf_world *w = testnet_up(NODES, 3, N);
    unsigned owners = owners_of(w, 3);
    listen(w, &t, 60000);
    /* Once more each time a bare one is refused, and from then on with it: no circle. */
    cr_assert_leq(t.bare, owners);
    cr_assert_leq(t.shown, 60 * owners);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_CALL_FAILED, HF_EIDENTITY));
    cr_assert_neq(hf_world_state(w, 0), HF_STATE_BLOCKED);
    t.refuse = false;
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
