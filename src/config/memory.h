/* A document's memory: base's arena, for callers to whom every failure is the lack of memory. */
#ifndef HF_CONFIG_MEMORY_H
#define HF_CONFIG_MEMORY_H

#include "base/arena.h"

/* More than any document within the bounds of config/schema.h takes. */
#define MEMORY_MAX ((size_t)512 << 20)

/* len bytes, zeroed, aligned for any type, or NULL. */
static inline void *hf__alloc(struct hf_arena *arena, size_t len)
{
    void *p = NULL;
    return hf_arena_alloc(arena, 1, len, &p) == 0 ? p : NULL;
}

/* A terminated copy of text[0..len), or NULL. */
static inline char *hf__copy_text(struct hf_arena *arena, const char *text, size_t len)
{
    char *copy = hf__alloc(arena, len + 1);
    if (copy != NULL && len > 0)
        memcpy(copy, text, len);
    return copy;
}

#endif
