/*
 * Hosts that rewrite their own disks while the node is down: the public state of another node, an
 * old policy or set, garbage; or, with the second strategy, another node's whole vault. At the end
 * the true disk is put back.
 */
#include "plot.h"

#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"hint", "policy", "set", "root-1", "set-previous"};

static void plant_row(struct hf__plot *p, uint32_t node)
{
    struct hf_world *w = p->world;
    const char *key = keys[hf__draw_below(&p->r, HF_ARRAY_LEN(keys))];
    struct hf_bytes name = hf_bytes_of(key, strlen(key));
    const struct hf_blob *theirs = hf_world_row(w, hf__plot_other(p, node), HF_ROW_PUBLIC, name);
    uint8_t junk[64];
    hf__draw_bytes(&p->r, junk, sizeof(junk));
    switch (hf__draw_below(&p->r, 3)) {
    case 0:
        if (theirs != NULL)
            hf_world_public_put(w, node, key, hf_blob_bytes(theirs));
        return;
    case 1:
        hf_world_public_put(w, node, key, hf_bytes_of(junk, sizeof(junk)));
        return;
    default:
        hf_world_public_put(w, node, key, hf_bytes_of(NULL, 0));
    }
}

struct plant {
    struct hf_disk **kept; /* true disks, by the plot's order */
};

static void *begin_rows(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        hf_world_crash(w, nodes[i]);
        for (int rows = 0; rows < 2; rows++)
            plant_row(p, nodes[i]);
        hf_world_start(w, nodes[i]);
    }
    return p;
}

const struct hf__strategy hf__strategy_plant_state = {
    .name = "planted-state",
    .doc = "hosts replace hint, policy, set or root on their disks by other ones or garbage",
    .begin = begin_rows,
    .end = hf__plot_end,
};

/* The vault of another node, under that node's key, which the host may even know. */
static void *begin_vault(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, sizeof(struct plant));
    struct plant *plant = p->more;
    plant->kept = calloc(count + 1, sizeof(*plant->kept));
    hf_assert(plant->kept != NULL);
    for (size_t i = 0; i < count; i++) {
        hf_world_crash(w, nodes[i]);
        plant->kept[i] = hf_world_disk_copy(w, nodes[i]);
        struct hf_disk *other = hf_world_disk_copy(w, hf__plot_other(p, nodes[i]));
        bool was = hf__node(w, nodes[i])->tainted;
        hf__disk_done(&hf__node(w, nodes[i])->disk);
        hf__disk_copy(&hf__node(w, nodes[i])->disk, other);
        hf__node(w, nodes[i])->tainted = was; /* the true disk comes back as it was */
        hf_disk_free(other);
        hf_world_start(w, nodes[i]);
    }
    return p;
}

static void end_vault(struct hf_world *w, void *ctx)
{
    struct hf__plot *p = ctx;
    struct plant *plant = p->more;
    p->on = false;
    for (size_t i = 0; i < p->count; i++) {
        hf_world_crash(w, p->nodes[i]);
        hf__disk_done(&hf__node(w, p->nodes[i])->disk);
        hf__disk_copy(&hf__node(w, p->nodes[i])->disk, plant->kept[i]);
        hf_disk_free(plant->kept[i]);
        hf_world_start(w, p->nodes[i]);
    }
    free(plant->kept);
}

const struct hf__strategy hf__strategy_plant_vault = {
    .name = "planted-vault",
    .doc = "hosts put the disk of another node in, for a time",
    .begin = begin_vault,
    .end = end_vault,
};
