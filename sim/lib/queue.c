#include "lib/queue.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void hf__queue_init(struct hf__queue *q)
{
    memset(q, 0, sizeof *q);
}

static void free_list(struct hf__chunk *c)
{
    while (c != NULL) {
        struct hf__chunk *next = c->next;
        free(c);
        c = next;
    }
}

void hf__queue_done(struct hf__queue *q)
{
    for (size_t level = 0; level < HF__QUEUE_LEVELS; level++) {
        for (size_t slot = 0; slot < HF__QUEUE_SLOTS; slot++)
            free_list(q->buckets[level][slot].head);
    }
    free_list(q->free);
    memset(q, 0, sizeof *q);
}

static struct hf__chunk *chunk_take(struct hf__queue *q)
{
    struct hf__chunk *c = q->free;
    if (c != NULL) {
        q->free = c->next;
    } else {
        c = malloc(sizeof *c);
        hf_assert(c != NULL);
        q->chunks++;
    }
    c->next = NULL;
    c->first = 0;
    c->last = 0;
    return c;
}

static void chunk_give(struct hf__queue *q, struct hf__chunk *c)
{
    c->next = q->free;
    q->free = c;
}

static inline void place(struct hf__queue *q, struct hf__entry e)
{
    uint64_t differs = e.at_us ^ q->now_us;
    unsigned level = differs == 0 ? 0 : (63u - (unsigned)__builtin_clzll(differs)) / 8;
    unsigned slot = (unsigned)(e.at_us >> (8 * level)) & 255;
    struct hf__bucket *b = &q->buckets[level][slot];
    struct hf__chunk *c = b->tail;
    if (c == NULL || c->last == HF__QUEUE_CHUNK) {
        c = chunk_take(q);
        if (b->tail == NULL)
            b->head = c;
        else
            b->tail->next = c;
        b->tail = c;
        q->used[level][slot / 64] |= UINT64_C(1) << (slot % 64);
    }
    c->entries[c->last++] = e;
}

void hf__queue_push(struct hf__queue *q, uint64_t at_us, uint64_t what)
{
    if (at_us < q->now_us)
        at_us = q->now_us;
    place(q, (struct hf__entry){.at_us = at_us, .what = what});
    q->count++;
}

/* The first slot in use of a level, from a slot on, or -1. */
static int next_slot(const struct hf__queue *q, unsigned level, unsigned from)
{
    for (unsigned i = from / 64; i < HF__QUEUE_SLOTS / 64; i++) {
        uint64_t used = q->used[level][i];
        if (i == from / 64)
            used &= ~UINT64_C(0) << from % 64;
        if (used != 0)
            return (int)(i * 64) + __builtin_ctzll(used);
    }
    return -1;
}

static uint64_t earliest(const struct hf__bucket *b)
{
    uint64_t at_us = UINT64_MAX;
    for (const struct hf__chunk *c = b->head; c != NULL; c = c->next) {
        for (uint32_t i = c->first; i < c->last; i++) {
            if (c->entries[i].at_us < at_us)
                at_us = c->entries[i].at_us;
        }
    }
    return at_us;
}

/* Where the next entry stands, and its time. */
static bool locate(const struct hf__queue *q, unsigned *ret_level, unsigned *ret_slot,
                   uint64_t *ret_at_us)
{
    for (unsigned level = 0; level < HF__QUEUE_LEVELS; level++) {
        int slot = next_slot(q, level, 0);
        if (slot < 0)
            continue;
        *ret_level = level;
        *ret_slot = (unsigned)slot;
        *ret_at_us = level == 0 ? (q->now_us & ~UINT64_C(255)) | (unsigned)slot
                                : earliest(&q->buckets[level][slot]);
        return true;
    }
    return false;
}

/* Empties a bucket of a higher level into lower ones, in order. */
static void spread(struct hf__queue *q, unsigned level, unsigned slot)
{
    struct hf__bucket *b = &q->buckets[level][slot];
    struct hf__chunk *c = b->head;
    b->head = NULL;
    b->tail = NULL;
    q->used[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    while (c != NULL) {
        struct hf__chunk *next = c->next;
        for (uint32_t i = c->first; i < c->last; i++)
            place(q, c->entries[i]);
        chunk_give(q, c);
        c = next;
    }
}

bool hf__queue_pop(struct hf__queue *q, uint64_t until_us, struct hf__entry *ret)
{
    unsigned level, slot;
    uint64_t at_us;
    if (!locate(q, &level, &slot, &at_us) || at_us > until_us)
        return false;
    q->now_us = at_us;
    if (level > 0) {
        spread(q, level, slot);
        slot = (unsigned)at_us & 255;
    }
    struct hf__bucket *b = &q->buckets[0][slot];
    struct hf__chunk *c = b->head;
    *ret = c->entries[c->first++];
    if (c->first == c->last) {
        b->head = c->next;
        if (b->head == NULL) {
            b->tail = NULL;
            q->used[0][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
        }
        chunk_give(q, c);
    }
    q->count--;
    if (q->ahead.count > 0)
        q->ahead.count--;
    return true;
}

bool hf__queue_show(struct hf__queue *q, struct hf__entry *ret)
{
    struct hf__chunk *c = q->ahead.chunk;
    uint32_t at = q->ahead.at;
    unsigned from = 0;
    if (q->ahead.count > 0) {
        if (at == c->last) {
            c = c->next;
            at = c == NULL ? 0 : c->first;
        }
        from = q->ahead.slot + 1;
    } else {
        c = NULL;
    }
    if (c == NULL) {
        int slot = from == HF__QUEUE_SLOTS ? -1 : next_slot(q, 0, from);
        if (slot < 0)
            return false;
        q->ahead.slot = (unsigned)slot;
        c = q->buckets[0][slot].head;
        at = c->first;
    }
    *ret = c->entries[at];
    q->ahead.chunk = c;
    q->ahead.at = at + 1;
    q->ahead.count++;
    return true;
}
