#include "lib/transit.h"

#include "lib/slab.h"

#include "base/check.h"

#include <stdlib.h>

void hf__transit_init(struct hf__transit *t)
{
    *t = (struct hf__transit){.units = HF__TRANSIT_BLOCK_UNITS};
}

void hf__transit_done(struct hf__transit *t)
{
    for (size_t i = 0; i < t->blocks_count; i++)
        free(t->blocks[i]);
    free(t->blocks);
    free(t->live);
    free(t->free);
}

/* An empty block to fill. */
static void open_block(struct hf__transit *t)
{
    t->units = 0;
    if (t->free_count > 0) {
        t->block = t->free[--t->free_count];
        return;
    }
    t->blocks = hf__grow(t->blocks, t->blocks_count, &t->blocks_cap, sizeof *t->blocks);
    t->live = hf__grow(t->live, t->blocks_count, &t->live_cap, sizeof *t->live);
    uint8_t *block = malloc(HF__TRANSIT_MAX);
    hf_assert(block != NULL && t->blocks_count < UINT32_MAX / HF__TRANSIT_BLOCK_UNITS);
    t->block = (uint32_t)t->blocks_count;
    t->live[t->blocks_count] = 0;
    t->blocks[t->blocks_count++] = block;
}

uint32_t hf__transit_take(struct hf__transit *t, size_t len)
{
    uint32_t units = (uint32_t)((len + HF__TRANSIT_UNIT - 1) / HF__TRANSIT_UNIT);
    hf_assert(units > 0 && units <= HF__TRANSIT_BLOCK_UNITS);
    if (t->units + units > HF__TRANSIT_BLOCK_UNITS) {
        if (t->blocks_count > 0 && t->live[t->block] == 0)
            t->units = 0;
        else
            open_block(t);
    }
    uint32_t index = t->block * HF__TRANSIT_BLOCK_UNITS + t->units;
    t->units += units;
    t->live[t->block]++;
    return index;
}

void hf__transit_give(struct hf__transit *t, uint32_t index)
{
    uint32_t block = index / HF__TRANSIT_BLOCK_UNITS;
    hf_assert(t->live[block] > 0);
    if (--t->live[block] > 0 || block == t->block)
        return;
    t->free = hf__grow(t->free, t->free_count, &t->free_cap, sizeof *t->free);
    t->free[t->free_count++] = block;
}

size_t hf__transit_bytes(const struct hf__transit *t)
{
    return (t->blocks_count - t->free_count) * (HF__TRANSIT_MAX + sizeof(uint8_t *));
}
