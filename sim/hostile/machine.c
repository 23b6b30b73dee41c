/* Hosts that start their node's disk on another machine, and give it back in the end. */
#include "hostile/hostile.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        /* One that deposits from there belongs there. */
        if (hf_world_vault_state(w, nodes[i]) != HF_VAULT_PLACED)
            continue;
        hf_world_machine(w, nodes[i], 1000000 + nodes[i]);
        hf__hostile_restart(w, nodes[i]);
        run->acts++;
    }
    return run;
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__hostile_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        /* Where it belongs: a new release runs on the machine of the old one. */
        hf_world_machine(w, run->nodes[i], hf__node(w, run->nodes[i])->home);
        hf__hostile_restart(w, run->nodes[i]);
    }
}

const struct hf__strategy hf__strategy_machine = {
    .name = "another-platform",
    .doc = "hosts start the disk on a machine that nobody listed, for a time",
    .begin = begin,
    .end = end,
};
