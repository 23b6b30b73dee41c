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
    if (hf_world_row(w, node, HF_ROW_PUBLIC, name) == NULL)
        return; /* what was not there could not be put back */
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

static struct hf__plot *plant_new(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, sizeof(struct plant));
    struct plant *plant = p->more;
    plant->kept = calloc(count + 1, sizeof(*plant->kept));
    hf_assert(plant->kept != NULL);
    for (size_t i = 0; i < count; i++) {
        hf_world_crash(w, nodes[i]);
        plant->kept[i] = hf_world_disk_copy(w, nodes[i]);
    }
    return p;
}

static void *begin_rows(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__plot *p = plant_new(w, nodes, count);
    for (size_t i = 0; i < count; i++) {
        for (int rows = 0; rows < 2; rows++)
            plant_row(p, nodes[i]);
        hf_world_start(w, nodes[i]);
    }
    return p;
}

/* The public rows are put back as they were: older than what the node has written since, which a
 * hint may be. */
static void end_rows(struct hf_world *w, void *ctx)
{
    struct hf__plot *p = ctx;
    struct plant *plant = p->more;
    p->on = false;
    for (size_t i = 0; i < p->count; i++) {
        hf_world_crash(w, p->nodes[i]);
        for (size_t k = 0; k < HF_ARRAY_LEN(keys); k++) {
            struct hf_bytes name = hf_bytes_of(keys[k], strlen(keys[k]));
            const struct hf__row *row = hf__disk_find(plant->kept[i], HF_ROW_PUBLIC, name);
            if (row != NULL)
                hf_world_public_put(w, p->nodes[i], keys[k], hf_blob_bytes(row->value));
        }
        hf_disk_free(plant->kept[i]);
        hf_world_start(w, p->nodes[i]);
    }
    free(plant->kept);
}

const struct hf__strategy hf__strategy_plant_state = {
    .name = "planted-state",
    .doc = "hosts replace hint, policy, set or root on their disks by other ones or garbage",
    .begin = begin_rows,
    .end = end_rows,
};

/* The vault of another node, under that node's key, which the host may even know. */
static void *begin_vault(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__plot *p = plant_new(w, nodes, count);
    struct plant *plant = p->more;
    for (size_t i = 0; i < count; i++) {
        uint32_t donor = hf__plot_other(p, nodes[i]);
        struct hf__node *n = hf__node(w, nodes[i]);
        /* A vault that is not placed yet is made anew by whoever finds it: nothing to see there. */
        if (n->disk.vault == HF_VAULT_PLACED && hf_world_vault_state(w, donor) == HF_VAULT_PLACED) {
            hf__disk_done(&n->disk);
            hf__disk_copy(&n->disk, &hf__node(w, donor)->disk);
        } else {
            hf_disk_free(plant->kept[i]);
            plant->kept[i] = NULL;
        }
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
        if (plant->kept[i] == NULL)
            continue;
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
