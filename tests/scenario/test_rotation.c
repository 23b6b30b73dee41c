/* Sealing keys give way to others while a network goes on (proto/ROTATION.md, 4). */
#include "testnet.h"

#include "node/node.h"

#include <criterion/criterion.h>

enum { NODES = 8, MINUTE_MS = 60000 };

/* Keys that last for as short a time as a policy may say. */
static void short_lives(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->quote_age_max_s = 60;
    p->rotation_pending_s = 2;
    p->rotation_active_s = 60;
    p->rotation_expired_s = 60;
    p->sealing_suites = 1u << HF_SEALING_CHACHA | 1u << HF_SEALING_GCM;
}

static struct hf_world *up(void)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_policy_edit(w, short_lives, NULL);
    return w;
}

static void one_suite(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->sealing_suites = 0;
}

/* How often a node's keys have made a move. */
static size_t moves(struct hf_world *w, uint32_t node, enum hf__key_verb verb)
{
    size_t count, found = 0;
    const struct hf_world_trace *traces = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        found += traces[i].node == node && traces[i].trace.type == HF_TRACE_SEALING_KEY &&
                 traces[i].trace.b == (uint64_t)verb;
    return found;
}

/* The checker `deposit` sees to it that each share is sealed to a key that a good quote shows. */
Test(rotation, shares_are_dealt_through_every_change_of_keys)
{
    struct hf_world *w = up();
    uint32_t holders[16];
    uint32_t first = testnet_generation(w, 0);
    for (uint32_t minute = 0; minute < 10; minute++) {
        testnet_holders(w, 0, holders);
        hf_world_set_remove(w, holders[0]);
        hf_world_set_issue(w);
        hf_world_run_for(w, MINUTE_MS - 7000 * minute % 60000);
        hf_world_set_register(w, holders[0]);
        hf_world_set_issue(w);
        hf_world_run_for(w, 7000 * minute % 60000);
    }
    testnet_ready(w, 0);
    cr_assert_gt(testnet_generation(w, 0), first + 5);
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert_geq(moves(w, i, HF__KEY_ACTIVATE), 8, "n%u", i);
        cr_assert_geq(moves(w, i, HF__KEY_DELETE), 7, "n%u", i);
    }
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(rotation, of_two_suites_one_may_go_and_come_back)
{
    struct hf_world *w = up();
    uint32_t holders[16];
    hf_world_run_for(w, MINUTE_MS);
    hf_world_policy_edit(w, one_suite, NULL);
    testnet_holders(w, 0, holders);
    hf_world_set_remove(w, holders[0]);
    hf_world_set_issue(w);
    hf_world_run_for(w, 2 * MINUTE_MS);
    /* Two machines of three have AES-256-GCM: their second key is gone by now. */
    cr_assert_geq(moves(w, 1, HF__KEY_DELETE), moves(w, 3, HF__KEY_DELETE) + 1);
    hf_world_policy_edit(w, short_lives, NULL);
    testnet_holders(w, 0, holders);
    hf_world_set_remove(w, holders[0]);
    hf_world_set_issue(w);
    hf_world_run_for(w, MINUTE_MS);
    testnet_ready(w, 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(rotation, a_crash_at_any_moment_of_it_leaves_the_keys_of_before_or_those_of_after,
     .timeout = 120)
{
    for (unsigned events = 0; events <= 200; events += 20) {
        struct hf_world *w = up();
        cr_assert(hf_world_run_until_trace(w, 1, HF_TRACE_SEALING_KEY, 1, 2 * MINUTE_MS));
        if (events >= 100) /* it was made; now it is used */
            cr_assert(hf_world_run_until_trace(w, 1, HF_TRACE_SEALING_KEY, 1, MINUTE_MS));
        for (unsigned i = 0; i < events % 100; i++)
            cr_assert(hf_world_step(w));
        testnet_restart(w, 1);
        testnet_ready(w, HF_WORLD_ALL);
        hf_world_run_for(w, 2 * MINUTE_MS);
        cr_assert_geq(moves(w, 1, HF__KEY_ACTIVATE), 2, "after %u events", events);
        testnet_ready(w, HF_WORLD_ALL);
        testnet_key_lives(w, 0);
        testnet_end(w);
    }
}
