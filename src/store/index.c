#include "internal.h"

#include <stdlib.h>

/* The ids are MACs under a key that stays inside: use their first bytes as the hash. */
static size_t home(const struct hf__index *x, const uint8_t id[static HF__ID_LEN])
{
    uint64_t h;
    memcpy(&h, id, sizeof h);
    return (size_t)h & (x->cap - 1);
}

static size_t locate(const struct hf__index *x, const uint8_t id[static HF__ID_LEN])
{
    size_t at = home(x, id);
    while (x->slots[at].seq != 0 && memcmp(x->slots[at].id, id, HF__ID_LEN) != 0)
        at = (at + 1) & (x->cap - 1);
    return at;
}

int hf__index_reserve(struct hf__index *x, size_t count)
{
    size_t cap = x->cap != 0 ? x->cap : 64;
    /* At most three quarters full, so that probing stays short. */
    while (x->count + count > cap - cap / 4)
        cap *= 2;
    if (cap == x->cap)
        return 0;
    struct hf__index bigger = {.slots = calloc(cap, sizeof *x->slots), .cap = cap};
    if (bigger.slots == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < x->cap; i++)
        if (x->slots[i].seq != 0)
            hf__index_set(&bigger, &x->slots[i]);
    hf_assert(bigger.count == x->count);
    free(x->slots);
    *x = bigger;
    return 0;
}

struct hf__entry *hf__index_find(const struct hf__index *x, const uint8_t id[static HF__ID_LEN])
{
    if (x->cap == 0)
        return NULL;
    struct hf__entry *e = &x->slots[locate(x, id)];
    return e->seq != 0 ? e : NULL;
}

void hf__index_set(struct hf__index *x, const struct hf__entry *e)
{
    hf_assert(e->seq != 0 && x->count < x->cap);
    struct hf__entry *slot = &x->slots[locate(x, e->id)];
    if (slot->seq == 0)
        x->count++;
    *slot = *e;
}

void hf__index_remove(struct hf__index *x, const uint8_t id[static HF__ID_LEN])
{
    if (x->cap == 0)
        return;
    size_t hole = locate(x, id);
    if (x->slots[hole].seq == 0)
        return;
    x->count--;
    /* Entries behind the hole move up unless that would put them before their home. */
    for (size_t at = (hole + 1) & (x->cap - 1); x->slots[at].seq != 0;
         at = (at + 1) & (x->cap - 1)) {
        size_t from_home = (at - home(x, x->slots[at].id)) & (x->cap - 1);
        size_t from_hole = (at - hole) & (x->cap - 1);
        if (from_home < from_hole)
            continue;
        x->slots[hole] = x->slots[at];
        hole = at;
    }
    x->slots[hole] = (struct hf__entry){0};
}

void hf__index_done(struct hf__index *x)
{
    free(x->slots);
    *x = (struct hf__index){0};
}
