/* Hosts that start their node's disk on another machine, and give it back in the end. */
#include "hostile/plot.h"

static struct hf__plot *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        /* One that deposits from there belongs there. */
        if (hf_world_vault_state(w, nodes[i]) != HF_VAULT_PLACED)
            continue;
        hf_world_machine(w, nodes[i], 1000000 + nodes[i]);
        hf__plot_restart(w, nodes[i]);
        p->acts++;
    }
    return p;
}

static void end(struct hf_world *w, struct hf__plot *p)
{
    hf__plot_end(w, p);
    for (size_t i = 0; i < p->count; i++) {
        hf_world_machine(w, p->nodes[i], p->nodes[i]);
        hf__plot_restart(w, p->nodes[i]);
    }
}

const struct hf__strategy hf__strategy_machine = {
    .name = "another-platform",
    .doc = "hosts start the disk on a machine that nobody listed, for a time",
    .begin = begin,
    .end = end,
};
