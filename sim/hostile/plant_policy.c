/* Hosts that replace policy, set or root on their disks by another node's, which may be older, or
 * by garbage, or take them away. */
#include "hostile/plant.h"

static const char *const keys[] = {"policy", "set", "root-1", "set-previous"};

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__strategy_run *run = hf__plant_new(w, nodes, count, true);
    for (size_t i = 0; i < run->count; i++) {
        for (int rows = 0; rows < 2; rows++)
            hf__plant_row(run, run->nodes[i], keys[hf__draw_below(&run->r, HF_ARRAY_LEN(keys))]);
        hf_world_start(w, run->nodes[i]);
    }
    return run;
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__plant_end(w, run);
    hf__plant_restore(run, keys, HF_ARRAY_LEN(keys));
}

const struct hf__strategy hf__strategy_plant_policy = {
    .name = "planted-policy",
    .doc = "hosts replace policy, set or root on their disks by other ones or garbage",
    .begin = begin,
    .end = end,
};
