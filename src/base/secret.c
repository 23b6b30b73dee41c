#include "base/secret.h"
#include "base/error.h"

#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A first-fit list of blocks inside the slab. Secrets are few and long-lived, so the simplest
 * allocator that merges what is given back is enough; a canary before each block tells a write past
 * its neighbour's end.
 */
struct block {
    uint64_t canary;
    size_t len;  /* of the payload, a multiple of 16 */
    size_t used; /* 0 or 1 */
    size_t asked;
};

static_assert(HF_SECRET_ROOM(1) == sizeof(struct block) + 16, "as the header says");

struct slab {
    uint8_t *base;
    size_t len;
    size_t used;
    uint64_t canary;
    atomic_flag busy;
};

static struct slab keys = {.busy = ATOMIC_FLAG_INIT}, rows = {.busy = ATOMIC_FLAG_INIT};

static void enter(struct slab *s)
{
    while (atomic_flag_test_and_set_explicit(&s->busy, memory_order_acquire))
        ;
}

static void leave(struct slab *s)
{
    atomic_flag_clear_explicit(&s->busy, memory_order_release);
}

static int slab_make(struct slab *s, size_t len, bool must_lock)
{
    if (s->base != NULL)
        return 0;
    if (sodium_init() < 0)
        return HF_EINTERNAL;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    len = (len + page - 1) / page * page;
    uint8_t *map = mmap(NULL, len + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return HF_ENOMEM;
    if (mprotect(map + page, len, PROT_READ | PROT_WRITE) != 0) {
        munmap(map, len + 2 * page);
        return HF_ENOMEM;
    }
    if (must_lock && mlock(map + page, len) != 0) {
        munmap(map, len + 2 * page);
        return HF_ELOCKED_MEMORY;
    }
    (void)madvise(map + page, len, MADV_DONTDUMP);
    (void)madvise(map + page, len, MADV_WIPEONFORK);
    randombytes_buf(&s->canary, sizeof s->canary);
    s->base = map + page;
    s->len = len;
    struct block *first = (struct block *)s->base;
    *first = (struct block){.canary = s->canary, .len = len - sizeof *first};
    return 0;
}

int hf_secret_init(size_t len, bool must_lock)
{
    return slab_make(&keys, len, must_lock);
}

int hf_secret_init_rows(size_t len, bool must_lock)
{
    return slab_make(&rows, len, must_lock);
}

static struct block *next_of(const struct slab *s, struct block *b)
{
    uint8_t *next = (uint8_t *)(b + 1) + b->len;
    return next < s->base + s->len ? (struct block *)next : NULL;
}

static void split(const struct slab *s, struct block *b, size_t len)
{
    if (b->len < len + sizeof(struct block) + 16)
        return;
    struct block *rest = (struct block *)((uint8_t *)(b + 1) + len);
    *rest = (struct block){.canary = s->canary, .len = b->len - len - sizeof *rest};
    b->len = len;
}

static void *slab_take(struct slab *s, size_t len)
{
    hf_assert(s->base != NULL && len > 0);
    if (len > s->len)
        return NULL;
    size_t rounded = (len + 15) / 16 * 16;
    void *found = NULL;
    enter(s);
    for (struct block *b = (struct block *)s->base; b != NULL; b = next_of(s, b)) {
        hf_assert(b->canary == s->canary);
        if (b->used || b->len < rounded)
            continue;
        split(s, b, rounded);
        b->used = 1;
        b->asked = len;
        s->used += b->len;
        found = b + 1;
        break;
    }
    leave(s);
    if (found != NULL)
        memset(found, 0, len);
    return found;
}

void *hf_secret_alloc(size_t len)
{
    return slab_take(&keys, len);
}

void *hf_secret_alloc_rows(size_t len)
{
    return slab_take(rows.base != NULL ? &rows : &keys, len);
}

void hf_secret_free(void *p)
{
    if (p == NULL)
        return;
    const uint8_t *at_byte = p;
    bool is_row = rows.base != NULL && at_byte >= rows.base && at_byte < rows.base + rows.len;
    struct slab *s = is_row ? &rows : &keys;
    struct block *b = (struct block *)p - 1;
    enter(s);
    hf_assert(b->canary == s->canary && b->used);
    struct block *after = next_of(s, b);
    hf_assert(after == NULL || after->canary == s->canary);
    sodium_memzero(p, b->len);
    s->used -= b->len;
    b->used = 0;
    /* Merge every run of free blocks: the list is short. */
    for (struct block *at = (struct block *)s->base; at != NULL; at = next_of(s, at))
        for (struct block *next = next_of(s, at); next != NULL && !at->used && !next->used;
             next = next_of(s, at))
            at->len += sizeof *next + next->len;
    leave(s);
}

size_t hf_secret_used(void)
{
    return keys.used + rows.used;
}

void hf_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}

bool hf_secret_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}
