/*
 * Memory for messages on their way. They come and go by the million and live for milliseconds, so
 * they are laid one behind the other into blocks, and a block is filled anew when all that was in
 * it is gone. Each is named by a number.
 */
#ifndef HF_SIM_TRANSIT_H
#define HF_SIM_TRANSIT_H

#include <stddef.h>
#include <stdint.h>

enum { HF__TRANSIT_UNIT = 16, HF__TRANSIT_BLOCK_UNITS = 1024 };

struct hf__transit {
    uint8_t **blocks;
    size_t blocks_count, blocks_cap;
    uint32_t *live; /* by block: messages in it that were not given back */
    size_t live_cap;
    uint32_t *free; /* blocks in which nothing is */
    size_t free_count, free_cap;
    uint32_t block, units; /* the one that is being filled, and how far */
};

enum { HF__TRANSIT_MAX = HF__TRANSIT_UNIT * HF__TRANSIT_BLOCK_UNITS };

/* Nothing on its way yet. */
void hf__transit_init(struct hf__transit *t);
/* Frees all, whether given back or not. */
void hf__transit_done(struct hf__transit *t);
/* len: 1 to HF__TRANSIT_MAX. What is there is of no meaning. */
uint32_t hf__transit_take(struct hf__transit *t, size_t len);
/* Takes one back; its number may be handed out again. */
void hf__transit_give(struct hf__transit *t, uint32_t index);
/* Bytes of the blocks that are not empty. */
size_t hf__transit_bytes(const struct hf__transit *t);

/* Where it is, until it is given back. */
static inline void *hf__transit_at(const struct hf__transit *t, uint32_t index)
{
    return t->blocks[index / HF__TRANSIT_BLOCK_UNITS] +
           (size_t)(index % HF__TRANSIT_BLOCK_UNITS) * HF__TRANSIT_UNIT;
}

#endif
