/*
 * Memory for one decoded message or document: handed out piece by piece, given back in one call. It
 * has a hard bound, so that nothing from outside can make a program allocate more than the caller
 * agreed to. Not for secrets.
 */
#ifndef HF_BASE_ARENA_H
#define HF_BASE_ARENA_H

#include "base/bytes.h"
#include "base/check.h"

struct hf_arena_chunk;

struct hf_arena {
    struct hf_arena_chunk *newest; /* chunks, newest first; NULL before the first piece */
    size_t len;                    /* bytes handed out */
    size_t max;
};

/* max: the largest number of bytes it ever hands out, padding for alignment included. Allocates
 * nothing yet. */
void hf_arena_init(struct hf_arena *a, size_t max);
/* Frees every piece; a may be initialised again. */
void hf_arena_done(struct hf_arena *a);
/* Forgets every piece, and keeps the newest chunk for what comes next. */
void hf_arena_reset(struct hf_arena *a);
/*
 * count things of size bytes each, zeroed, aligned for anything. ret: the piece, valid until done
 * or reset; one byte that must not be read when count or size is 0. HF_ETOOBIG: past the arena's
 * maximum. HF_ENOMEM: out of memory.
 */
HF_MUST_USE int hf_arena_alloc(struct hf_arena *a, size_t count, size_t size, void **ret);
/*
 * Room for len bytes whose number is not known yet, not zeroed; of it, hf_arena_take makes what was
 * used a piece. Until then nothing else may be asked of the arena. Errors as above.
 */
HF_MUST_USE int hf_arena_room(struct hf_arena *a, size_t len, uint8_t **ret);
/* Returns len. */
size_t hf_arena_take(struct hf_arena *a, size_t len);

#endif
