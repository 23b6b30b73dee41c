#include "rotating.h"

#include <criterion/criterion.h>

/* Root secrets that are in use for two minutes. */
static void short_lives(struct hf_policy *p, void *ctx)
{
    testnet_short_lives(p, ctx);
    p->rotation_active_s = 120;
}

struct hf_world *rotating_up(void)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_policy_edit(w, short_lives, NULL);
    return w;
}

size_t moves(struct hf_world *w, uint32_t node, enum hf__key_verb verb)
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

void run_until_moved(struct hf_world *w, uint32_t node, enum hf__key_verb verb, size_t count)
{
    struct wanted m = {node, verb, count};
    cr_assert(hf_world_run_until(w, has_moved, &m, 10 * MINUTE_MS), "move %d of n%u, %zu times",
              verb, node, count);
}
