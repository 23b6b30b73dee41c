/* Things of one size, named by index; indices are used again, last freed first. */
#ifndef HF_SIM_SLAB_H
#define HF_SIM_SLAB_H

#include <stddef.h>
#include <stdint.h>

enum { HF__SLAB_CHUNK = 1024 };

struct hf__slab {
    size_t size;
    uint8_t **chunks;
    size_t chunks_count, chunks_cap;
    uint32_t count; /* handed out so far, freed ones included */
    uint32_t *free;
    size_t free_count, free_cap;
};

/* An empty slab of things of size bytes each. */
void hf__slab_init(struct hf__slab *s, size_t size);
/* Frees all of them. */
void hf__slab_done(struct hf__slab *s);
/* What is there is zero the first time, and as it was left afterwards. */
uint32_t hf__slab_take(struct hf__slab *s);
/* Takes one back; its index may be handed out again. */
void hf__slab_give(struct hf__slab *s, uint32_t index);

/* Where one is, for as long as the slab lives: chunks do not move. */
static inline void *hf__slab_at(const struct hf__slab *s, uint32_t index)
{
    return s->chunks[index / HF__SLAB_CHUNK] + (size_t)(index % HF__SLAB_CHUNK) * s->size;
}

/* Room for one more element of size bytes; ends the process when there is none. */
void *hf__grow(void *items, size_t count, size_t *cap, size_t size);

#endif
