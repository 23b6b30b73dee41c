#include "hostile/plant.h"

#include "storage/storage.h"

#include <string.h>

static void forget(struct hf__strategy_run *run)
{
    struct hf_disk **kept = run->more;
    for (size_t i = 0; i < run->count; i++)
        hf_disk_free(kept[i]);
}

struct hf__strategy_run *hf__plant_new(struct hf_world *w, const uint32_t *nodes, size_t count,
                                       bool down)
{
    struct hf__observer observer = {0};
    struct hf__strategy_run *run = hf__hostile_new(
        w, nodes, count, observer, count * (sizeof(struct hf_disk *) + sizeof(uint32_t)));
    struct hf_disk **kept = run->more;
    run->forget = forget;
    run->count = 0;
    for (size_t i = 0; i < count; i++) {
        /* What another keeps of this disk would be put back over what this one keeps. */
        if (hf__node(w, nodes[i])->planted)
            continue;
        hf__node(w, nodes[i])->planted = true;
        if (down)
            hf_world_crash(w, nodes[i]);
        kept[run->count] = hf_world_disk_copy(w, nodes[i]);
        run->nodes[run->count++] = nodes[i];
    }
    return run;
}

void hf__plant_end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__hostile_end(w, run);
    for (size_t i = 0; i < run->count; i++)
        hf__node(w, run->nodes[i])->planted = false;
}

const struct hf_disk *hf__plant_kept(const struct hf__strategy_run *run, size_t i)
{
    struct hf_disk *const *kept = run->more;
    return kept[i];
}

uint32_t *hf__plant_more(struct hf__strategy_run *run)
{
    struct hf_disk **kept = run->more;
    return (uint32_t *)(void *)(kept + run->count);
}

void hf__plant_row(struct hf__strategy_run *run, uint32_t node, const char *key)
{
    struct hf_world *w = run->world;
    struct hf_bytes name = hf_bytes_of(key, strlen(key));
    if (hf_world_row(w, node, HF_ROW_PUBLIC, name) == NULL)
        return; /* what was not there could not be put back */
    const struct hf_blob *theirs =
        hf_world_row(w, hf__hostile_other(run, node), HF_ROW_PUBLIC, name);
    uint8_t junk[64];
    hf__draw_bytes(&run->r, junk, sizeof junk);
    run->acts++;
    switch (hf__draw_below(&run->r, 3)) {
    case 0:
        if (theirs != NULL)
            hf_world_public_put(w, node, key, hf_blob_bytes(theirs));
        return;
    case 1:
        hf_world_public_put(w, node, key, hf_bytes_of(junk, sizeof junk));
        return;
    default:
        hf_world_public_put(w, node, key, hf_bytes_of(NULL, 0));
    }
}

void hf__plant_restore(struct hf__strategy_run *run, const char *const *keys, size_t count)
{
    struct hf_world *w = run->world;
    for (size_t i = 0; i < run->count; i++) {
        hf_world_crash(w, run->nodes[i]);
        /* Older than what the node has written since, which a hint may be. */
        for (size_t k = 0; k < count; k++) {
            const struct hf__row *row = hf__disk_find(hf__plant_kept(run, i), HF_ROW_PUBLIC,
                                                      hf_bytes_of(keys[k], strlen(keys[k])));
            if (row != NULL)
                hf_world_public_put(w, run->nodes[i], keys[k], hf_blob_bytes(row->value));
        }
        hf_world_start(w, run->nodes[i]);
    }
}
