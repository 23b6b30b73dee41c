/* A host keeps a copy of its node's whole disk, and puts it back later: the node forgets what it
 * has promised since. */
#include "hostile/plant.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    return hf__plant_new(w, nodes, count, false);
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__plant_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        hf_world_crash(w, run->nodes[i]);
        hf_world_disk_put(w, run->nodes[i], hf__plant_kept(run, i));
        hf_world_start(w, run->nodes[i]);
        run->acts++;
    }
}

const struct hf__strategy hf__strategy_rollback = {
    .name = "rolled-back-disk",
    .doc = "at the end of the time, the node restarts with its whole disk as it was at the start",
    .forgets = true,
    .begin = begin,
    .end = end,
};
