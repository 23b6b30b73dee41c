/* Hosts that write their node's configuration: another network,
 * seeds that lead nowhere, or both. */
#include "hostile/plot.h"

static struct hf__plot *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        struct hf__node *n = hf__node(w, nodes[i]);
        uint64_t kind = hf__draw_below(&p->r, 3);
        n->config_network = kind != 0;
        n->config_seeds = kind != 1;
        hf__plot_restart(w, nodes[i]);
        p->acts++;
    }
    return p;
}

static void end(struct hf_world *w, struct hf__plot *p)
{
    hf__plot_end(w, p);
    for (size_t i = 0; i < p->count; i++) {
        struct hf__node *n = hf__node(w, p->nodes[i]);
        n->config_network = false;
        n->config_seeds = false;
        hf__plot_restart(w, p->nodes[i]);
    }
}

const struct hf__strategy hf__strategy_plant_config = {
    .name = "planted-configuration",
    .doc = "hosts configure another network, or seeds that lead nowhere, for a time",
    .begin = begin,
    .end = end,
};
