/* Sealing keys give way to others while a network goes on (proto/ROTATION.md, 4). */
#include "testnet.h"

#include "members/detect.h"
#include "node/node.h"

#include <criterion/criterion.h>

enum { NODES = 8, MINUTE_MS = 60000 };

/* Such keys of both suites. */
static void short_lives(struct hf_policy *p, void *ctx)
{
    testnet_short_lives(p, ctx);
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

/* How often a node's keys of a kind have made a move. */
static size_t moves_of(struct hf_world *w, uint32_t node, enum hf_trace_type kind,
                       enum hf__key_verb verb)
{
    size_t count, found = 0;
    const struct hf_world_trace *traces = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        found += traces[i].node == node && traces[i].trace.type == kind &&
                 traces[i].trace.b == (uint64_t)verb;
    return found;
}

static size_t moves(struct hf_world *w, uint32_t node, enum hf__key_verb verb)
{
    return moves_of(w, node, HF_TRACE_SEALING_KEY, verb);
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

/* Datagrams that this node could not tell whose they were. */
static uint64_t refused(struct hf_world *w, uint32_t node)
{
    return hf_world_engine(w, node)->members->detector->refused;
}

Test(rotation, members_know_each_others_datagrams_through_every_change_of_mesh_keys)
{
    struct hf_world *w = up();
    uint64_t before[NODES];
    hf_world_run_for(w, MINUTE_MS / 2);
    for (uint32_t i = 0; i < NODES; i++)
        before[i] = refused(w, i);
    uint8_t first[HF_KEY_LEN];
    memcpy(first, hf__mesh_key(hf_world_engine(w, 0)), sizeof first);
    hf_world_run_for(w, 10 * MINUTE_MS);
    cr_assert_neq(memcmp(first, hf__mesh_key(hf_world_engine(w, 0)), sizeof first), 0);
    for (uint32_t i = 0; i < NODES; i++) {
        const struct hf__detector *d = hf_world_engine(w, i)->members->detector;
        cr_assert_geq(moves_of(w, i, HF_TRACE_MESH_KEY, HF__KEY_ACTIVATE), 8, "n%u", i);
        cr_assert_geq(moves_of(w, i, HF_TRACE_MESH_KEY, HF__KEY_DELETE), 7, "n%u", i);
        cr_assert_eq(refused(w, i), before[i], "n%u: %lu", i, refused(w, i) - before[i]);
        for (size_t j = 0; j < d->contacts_cap; j++)
            cr_assert(!d->contacts[j].used || (d->contacts[j].found == HF__FOUND_WELL &&
                                               d->contacts[j].datagrams && !d->contacts[j].behind));
    }
    testnet_end(w);
}

static enum hf_fate lose_datagrams(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    (void)ret;
    return m->datagram && m->from == *(const uint32_t *)ctx ? HF_FATE_DROP : HF_FATE_PASS;
}

/* Of one member no datagram arrives for as long as the pairs of before are kept, and longer. */
Test(rotation, a_pair_that_lost_each_other_in_a_change_finds_each_other_by_connection)
{
    struct hf_world *w = up();
    uint32_t silent = 1;
    hf_world_run_for(w, MINUTE_MS / 2);
    hf_world_watch(w, lose_datagrams, &silent);
    hf_world_run_for(w, 3 * MINUTE_MS);
    silent = UINT32_MAX;
    hf_world_run_for(w, MINUTE_MS / 2);
    for (uint32_t i = 0; i < NODES; i++) {
        const struct hf__detector *d = hf_world_engine(w, i)->members->detector;
        for (size_t j = 0; j < d->contacts_cap; j++)
            cr_assert(!d->contacts[j].used ||
                          (d->contacts[j].found == HF__FOUND_WELL && d->contacts[j].datagrams),
                      "n%u", i);
    }
    testnet_end(w);
}
