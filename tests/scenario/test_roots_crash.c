/* Crashes while root secrets give way to others (proto/ROTATION.md, 5). */
#include "testnet.h"

#include "node/node.h"

#include <criterion/criterion.h>

enum { NODES = 8, MINUTE_MS = 60000 };

/* Root secrets that last for as short a time as a policy may say. */
static void short_lives(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->quote_age_max_s = 60;
    p->rotation_pending_s = 2;
    p->rotation_active_s = 120;
    p->rotation_expired_s = 60;
}

static struct hf_world *up(void)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_policy_edit(w, short_lives, NULL);
    return w;
}

/* How often a node's root secret has made a move. */
static size_t moves(struct hf_world *w, uint32_t node, enum hf__key_verb verb)
{
    size_t count, found = 0;
    const struct hf_world_trace *traces = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        found += traces[i].node == node && traces[i].trace.type == HF_TRACE_ROOT &&
                 traces[i].trace.b == (uint64_t)verb;
    return found;
}

struct wanted {
    uint32_t node;
    enum hf__key_verb verb;
    size_t moves;
};

static bool has_moved(struct hf_world *w, void *ctx)
{
    const struct wanted *m = ctx;
    return moves(w, m->node, m->verb) >= m->moves;
}

static void run_until_moved(struct hf_world *w, uint32_t node, enum hf__key_verb verb, size_t count)
{
    struct wanted m = {node, verb, count};
    cr_assert(hf_world_run_until(w, has_moved, &m, 10 * MINUTE_MS), "move %d of n%u, %zu times",
              verb, node, count);
}

/* What a crash interrupts is as it was, or done. */
Test(roots_crash, a_crash_at_any_moment_leaves_the_vault_under_one_version_or_the_other,
     .timeout = 200)
{
    static const enum hf__key_verb verbs[] = {HF__KEY_MAKE, HF__KEY_ACTIVATE};
    for (size_t v = 0; v < HF_ARRAY_LEN(verbs); v++)
        for (unsigned events = 0; events <= 60; events += 6) {
            struct hf_world *w = up();
            run_until_moved(w, 0, verbs[v], 1);
            for (unsigned i = 0; i < events; i++)
                cr_assert(hf_world_step(w));
            testnet_restart(w, 0);
            testnet_key_lives(w, 0);
            run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
            testnet_restart(w, 0);
            testnet_key_lives(w, 0);
            testnet_end(w);
        }
}

/* A write that rekeys is lost, or durable, with the process. */
Test(roots_crash, a_crash_at_each_write_of_a_rotation_loses_nothing, .timeout = 200)
{
    for (unsigned nth = 1; nth <= 12; nth++)
        for (int after = 0; after <= 1; after++) {
            struct hf_world *w = up();
            run_until_moved(w, 0, HF__KEY_MAKE, 1);
            hf_world_crash_at_write(w, 0, nth, after != 0);
            hf_world_run_for(w, MINUTE_MS);
            if (!hf_world_running(w, 0))
                hf_world_start(w, 0);
            testnet_key_lives(w, 0);
            run_until_moved(w, 0, HF__KEY_ACTIVATE, 1);
            testnet_restart(w, 0);
            testnet_key_lives(w, 0);
            testnet_end(w);
        }
}
