/* Hosts that put the vault of another node in, under that node's key, which they may even know. At
 * the end the true disk is put back. */
#include "hostile/plant.h"

#include "storage/storage.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__strategy_run *run = hf__plant_new(w, nodes, count, true);
    uint32_t *donors = hf__plant_more(run);
    for (size_t i = 0; i < run->count; i++) {
        uint32_t donor = hf__hostile_other(run, run->nodes[i]);
        struct hf__node *n = hf__node(w, run->nodes[i]);
        donors[i] = HF__NOBODY;
        /* A vault that is not placed yet is made anew by the daemon that finds it: nothing to see
         * there. */
        if (n->disk.vault == HF_VAULT_PLACED && hf_world_vault_state(w, donor) == HF_VAULT_PLACED) {
            donors[i] = donor;
            hf__disk_done(&n->disk);
            hf__disk_copy(&n->disk, &hf__node(w, donor)->disk);
            run->acts++;
        }
        hf_world_start(w, run->nodes[i]);
    }
    return run;
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    const uint32_t *donors = hf__plant_more(run);
    hf__plant_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        struct hf__node *n = hf__node(w, run->nodes[i]);
        if (donors[i] == HF__NOBODY)
            continue;
        hf_world_crash(w, run->nodes[i]);
        hf__disk_done(&n->disk);
        hf__disk_copy(&n->disk, hf__plant_kept(run, i));
        hf_world_start(w, run->nodes[i]);
        hf__hostile_take_back(w, donors[i]);
    }
}

const struct hf__strategy hf__strategy_plant_vault = {
    .name = "planted-vault",
    .doc = "hosts put the disk of another node in, for a time",
    .begin = begin,
    .end = end,
};
