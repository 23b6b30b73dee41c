/* Hosts that write their node's configuration: another network,
 * seeds that lead nowhere, or both. */
#include "hostile/hostile.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        struct hf__node *n = hf__node(w, nodes[i]);
        uint64_t kind = hf__draw_below(&run->r, 3);
        n->config_network = kind != 0;
        n->config_seeds = kind != 1;
        hf__hostile_restart(w, nodes[i]);
        run->acts++;
    }
    return run;
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__hostile_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        struct hf__node *n = hf__node(w, run->nodes[i]);
        n->config_network = false;
        n->config_seeds = false;
        hf__hostile_restart(w, run->nodes[i]);
    }
}

const struct hf__strategy hf__strategy_plant_config = {
    .name = "planted-configuration",
    .doc = "hosts configure another network, or seeds that lead nowhere, for a time",
    .begin = begin,
    .end = end,
};
