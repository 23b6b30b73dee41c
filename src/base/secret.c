#include "base/secret.h"
#include "base/error.h"

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

static struct {
    uint8_t *base;
    size_t len;
    size_t used;
    uint64_t canary;
    atomic_flag busy;
} slab = {.busy = ATOMIC_FLAG_INIT};

static void enter(void)
{
    while (atomic_flag_test_and_set_explicit(&slab.busy, memory_order_acquire))
        ;
}

static void leave(void)
{
    atomic_flag_clear_explicit(&slab.busy, memory_order_release);
}

int hf_secret_init(size_t len, bool must_lock)
{
    if (slab.base != NULL)
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
    randombytes_buf(&slab.canary, sizeof slab.canary);
    slab.base = map + page;
    slab.len = len;
    struct block *first = (struct block *)slab.base;
    *first = (struct block){.canary = slab.canary, .len = len - sizeof *first};
    return 0;
}

static struct block *next_of(struct block *b)
{
    uint8_t *next = (uint8_t *)(b + 1) + b->len;
    return next < slab.base + slab.len ? (struct block *)next : NULL;
}

static void split(struct block *b, size_t len)
{
    if (b->len < len + sizeof(struct block) + 16)
        return;
    struct block *rest = (struct block *)((uint8_t *)(b + 1) + len);
    *rest = (struct block){.canary = slab.canary, .len = b->len - len - sizeof *rest};
    b->len = len;
}

void *hf_secret_alloc(size_t len)
{
    hf_assert(slab.base != NULL && len > 0);
    if (len > slab.len)
        return NULL;
    size_t rounded = (len + 15) / 16 * 16;
    void *found = NULL;
    enter();
    for (struct block *b = (struct block *)slab.base; b != NULL; b = next_of(b)) {
        hf_assert(b->canary == slab.canary);
        if (b->used || b->len < rounded)
            continue;
        split(b, rounded);
        b->used = 1;
        b->asked = len;
        slab.used += b->len;
        found = b + 1;
        break;
    }
    leave();
    if (found != NULL)
        memset(found, 0, len);
    return found;
}

void hf_secret_free(void *p)
{
    if (p == NULL)
        return;
    struct block *b = (struct block *)p - 1;
    enter();
    hf_assert(b->canary == slab.canary && b->used);
    struct block *after = next_of(b);
    hf_assert(after == NULL || after->canary == slab.canary);
    sodium_memzero(p, b->len);
    slab.used -= b->len;
    b->used = 0;
    /* Merge every run of free blocks: the list is short. */
    for (struct block *at = (struct block *)slab.base; at != NULL; at = next_of(at))
        for (struct block *next = next_of(at); next != NULL && !at->used && !next->used;
             next = next_of(at))
            at->len += sizeof *next + next->len;
    leave();
}

size_t hf_secret_used(void)
{
    return slab.used;
}

void hf_wipe(void *data, size_t len)
{
    sodium_memzero(data, len);
}

bool hf_secret_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}
