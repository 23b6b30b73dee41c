/* Hosts that put the vault of another node in, under that node's key, which they may even know. At
 * the end the true disk is put back. */
#include "hostile/plant.h"

#include "storage/storage.h"

static struct hf__plot *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__plot *p = hf__plant_new(w, nodes, count, true);
    uint32_t *donors = hf__plant_more(p);
    for (size_t i = 0; i < p->count; i++) {
        uint32_t donor = hf__plot_other(p, p->nodes[i]);
        struct hf__node *n = hf__node(w, p->nodes[i]);
        donors[i] = HF__NOBODY;
        /* A vault that is not placed yet is made anew by whoever finds it: nothing to see there. */
        if (n->disk.vault == HF_VAULT_PLACED && hf_world_vault_state(w, donor) == HF_VAULT_PLACED) {
            donors[i] = donor;
            hf__disk_done(&n->disk);
            hf__disk_copy(&n->disk, &hf__node(w, donor)->disk);
            p->acts++;
        }
        hf_world_start(w, p->nodes[i]);
    }
    return p;
}

static void end(struct hf_world *w, struct hf__plot *p)
{
    const uint32_t *donors = hf__plant_more(p);
    hf__plant_end(w, p);
    for (size_t i = 0; i < p->count; i++) {
        struct hf__node *n = hf__node(w, p->nodes[i]);
        if (donors[i] == HF__NOBODY)
            continue;
        hf_world_crash(w, p->nodes[i]);
        hf__disk_done(&n->disk);
        hf__disk_copy(&n->disk, hf__plant_kept(p, i));
        hf_world_start(w, p->nodes[i]);
        hf__plot_take_back(w, donors[i]);
    }
}

const struct hf__strategy hf__strategy_plant_vault = {
    .name = "planted-vault",
    .doc = "hosts put the disk of another node in, for a time",
    .begin = begin,
    .end = end,
};
