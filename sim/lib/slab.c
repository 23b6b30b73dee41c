#include "lib/slab.h"

#include "base/check.h"

#include <stdlib.h>

void *hf__grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    size_t more = *cap == 0 ? 8 : *cap + *cap / 2;
    void *grown = realloc(items, more * size);
    hf_assert(grown != NULL);
    *cap = more;
    return grown;
}

void hf__slab_init(struct hf__slab *s, size_t size)
{
    *s = (struct hf__slab){.size = size};
}

void hf__slab_done(struct hf__slab *s)
{
    for (size_t i = 0; i < s->chunks_count; i++)
        free(s->chunks[i]);
    free(s->chunks);
    free(s->free);
}

uint32_t hf__slab_take(struct hf__slab *s)
{
    if (s->free_count > 0)
        return s->free[--s->free_count];
    if (s->count == s->chunks_count * HF__SLAB_CHUNK) {
        s->chunks = hf__grow(s->chunks, s->chunks_count, &s->chunks_cap, sizeof *s->chunks);
        uint8_t *chunk = calloc(HF__SLAB_CHUNK, s->size);
        hf_assert(chunk != NULL);
        s->chunks[s->chunks_count++] = chunk;
    }
    return s->count++;
}

void hf__slab_give(struct hf__slab *s, uint32_t index)
{
    s->free = hf__grow(s->free, s->free_count, &s->free_cap, sizeof *s->free);
    s->free[s->free_count++] = index;
}
