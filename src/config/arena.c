#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_LEN 16384

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t len;
    alignas(max_align_t) uint8_t data[];
};

void *hf__arena_alloc(struct arena *a, size_t len)
{
    if (len > SIZE_MAX / 2)
        return NULL;
    size_t align = alignof(max_align_t);
    len = (len + align - 1) / align * align;
    if (a->chunks == NULL || a->chunks->len - a->chunks->used < len) {
        size_t chunk_len = len > CHUNK_LEN ? len : CHUNK_LEN;
        struct arena_chunk *chunk = calloc(1, sizeof *chunk + chunk_len);
        if (chunk == NULL)
            return NULL;
        chunk->next = a->chunks;
        chunk->len = chunk_len;
        a->chunks = chunk;
    }
    void *p = a->chunks->data + a->chunks->used;
    a->chunks->used += len;
    return p;
}

char *hf__arena_text(struct arena *a, const char *text, size_t len)
{
    char *copy = hf__arena_alloc(a, len + 1);
    if (copy != NULL && len > 0)
        memcpy(copy, text, len);
    return copy;
}

void hf__arena_done(struct arena *a)
{
    while (a->chunks != NULL) {
        struct arena_chunk *next = a->chunks->next;
        free(a->chunks);
        a->chunks = next;
    }
}
