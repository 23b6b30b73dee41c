/* Hosts that replace the list of providers on their disks, the public hint, by another node's or by
 * garbage, or take it away. */
#include "hostile/plant.h"

static const char *const keys[] = {"hint"};

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__strategy_run *run = hf__plant_new(w, nodes, count, true);
    for (size_t i = 0; i < run->count; i++) {
        hf__plant_row(run, run->nodes[i], keys[0]);
        hf_world_start(w, run->nodes[i]);
    }
    return run;
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__plant_end(w, run);
    hf__plant_restore(run, keys, HF_ARRAY_LEN(keys));
}

const struct hf__strategy hf__strategy_plant_providers = {
    .name = "planted-providers",
    .doc = "hosts replace the provider list on their disks by another one or garbage",
    .begin = begin,
    .end = end,
};
