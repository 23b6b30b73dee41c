#include "base/arena.h"
#include "base/error.h"

#include <stdalign.h>
#include <stdlib.h>

enum {
    ALIGN = alignof(max_align_t),
    CHUNK_MIN = 1024,
};

struct hf_arena_chunk {
    struct hf_arena_chunk *older;
    size_t len;
    size_t cap;
    alignas(max_align_t) uint8_t data[];
};

void hf_arena_init(struct hf_arena *a, size_t max)
{
    *a = (struct hf_arena){.max = max};
}

static void free_from(struct hf_arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct hf_arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void hf_arena_done(struct hf_arena *a)
{
    free_from(a->newest);
    *a = (struct hf_arena){.max = a->max};
}

void hf_arena_reset(struct hf_arena *a)
{
    a->len = 0;
    if (a->newest == NULL)
        return;
    free_from(a->newest->older);
    a->newest->older = NULL;
    a->newest->len = 0;
}

/* A chunk with room for len bytes. Doubling keeps their number logarithmic in
 * what is handed out. */
static struct hf_arena_chunk *chunk_new(const struct hf_arena *a, size_t len)
{
    size_t cap = a->newest == NULL ? CHUNK_MIN : a->newest->cap;
    while (cap < len || (a->newest != NULL && cap < 2 * a->newest->cap))
        cap *= 2;
    struct hf_arena_chunk *chunk = malloc(sizeof *chunk + cap);
    if (chunk == NULL)
        return NULL;
    *chunk = (struct hf_arena_chunk){.older = a->newest, .cap = cap};
    return chunk;
}

static size_t align(size_t len)
{
    return len == 0 ? ALIGN : (len + ALIGN - 1) / ALIGN * ALIGN;
}

int hf_arena_room(struct hf_arena *a, size_t len, uint8_t **ret)
{
    if (len > a->max - a->len || align(len) > a->max - a->len)
        return HF_ETOOBIG;
    len = align(len);
    if (a->newest == NULL || len > a->newest->cap - a->newest->len) {
        struct hf_arena_chunk *chunk = chunk_new(a, len);
        if (chunk == NULL)
            return HF_ENOMEM;
        a->newest = chunk;
    }
    *ret = a->newest->data + a->newest->len;
    return 0;
}

size_t hf_arena_take(struct hf_arena *a, size_t len)
{
    a->newest->len += align(len);
    a->len += align(len);
    return len;
}

int hf_arena_alloc(struct hf_arena *a, size_t count, size_t size, void **ret)
{
    size_t len;
    uint8_t *piece;
    if (__builtin_mul_overflow(count, size, &len))
        return HF_ETOOBIG;
    int r = hf_arena_room(a, len, &piece);
    if (r < 0)
        return r;
    hf_arena_take(a, len);
    memset(piece, 0, align(len));
    *ret = piece;
    return 0;
}
