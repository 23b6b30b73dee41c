/* Who can come back, as the disks of the world have it. */
#include "trial.h"

#include "inside.h"

#include "wire/messages.h"

#include <stdlib.h>
#include <string.h>

/* One share on one disk. */
struct held {
    uint32_t owner, holder;
    uint8_t generation[16];
    uint8_t k, n;
    bool recorded; /* a record signed by the owner stands beside it */
};

struct shares {
    struct held *items;
    size_t count, cap;
};

static void collect(struct hf_world *w, uint32_t holder, struct hf_arena *arena, struct shares *ret)
{
    const struct hf_disk *d = &w->nodes[holder]->disk;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct hf__row *row = d->rows[i];
        struct hf_held_row held;
        hf_arena_reset(arena);
        if (row->collection != HF_ROW_HELD || row->key_len != 48 ||
            hf_wire_decode(&hf_wire_held_row, hf_blob_bytes(row->value), arena, &held, NULL) != 0)
            continue;
        long owner = hf_world_find(w, row->key);
        if (owner < 0)
            continue;
        ret->items = hf__grow(ret->items, ret->count, &ret->cap, sizeof(*ret->items));
        struct held *h = &ret->items[ret->count++];
        h->owner = (uint32_t)owner;
        h->holder = holder;
        h->k = (uint8_t)(held.commitments.len / HF_POINT_LEN);
        h->n = (uint8_t)held.shares;
        h->recorded = held.has_record;
        memcpy(h->generation, row->key + 32, 16);
    }
}

static int by_generation(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    if (x->owner != y->owner)
        return x->owner < y->owner ? -1 : 1;
    return memcmp(x->generation, y->generation, 16);
}

/* Whether the owner's own disk names this sharing: its holders may not have heard of the record
 * yet. */
static bool hinted(struct hf_world *w, const struct held *h, struct hf_arena *arena)
{
    struct hf_public_hint hint;
    struct hf_placement_record record;
    const struct hf_blob *row = hf_world_row(w, h->owner, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    hf_arena_reset(arena);
    return row != NULL &&
           hf_wire_decode(&hf_wire_public_hint, hf_blob_bytes(row), arena, &hint, NULL) == 0 &&
           hint.has_record &&
           hf_wire_decode(&hf_wire_placement_record, hint.record.record, arena, &record, NULL) ==
               0 &&
           memcmp(record.generation.id, h->generation, 16) == 0;
}

/* One pass over all sharings: whose owner has k holders of a recorded one in the set joins it. */
static bool spread(struct hf_world *w, const struct shares *s, struct hf_arena *arena, bool *in)
{
    bool more = false;
    for (size_t i = 0; i < s->count;) {
        size_t j = i;
        unsigned there = 0;
        bool recorded = false;
        for (; j < s->count && by_generation(&s->items[i], &s->items[j]) == 0; j++) {
            there += in[s->items[j].holder];
            recorded = recorded || s->items[j].recorded;
        }
        if (!in[s->items[i].owner] && !w->nodes[s->items[i].owner]->gone &&
            there >= s->items[i].k && (recorded || hinted(w, &s->items[i], arena))) {
            in[s->items[i].owner] = true;
            more = true;
        }
        i = j;
    }
    return more;
}

void hf__survivors(struct hf_world *w, bool *ret, bool *ret_all)
{
    struct shares shares = {0};
    struct hf_arena arena;
    bool *in = calloc(w->nodes_count + 1u, sizeof(bool));
    hf_assert(in != NULL);
    hf_arena_init(&arena, 1 << 20);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct hf_status status;
        struct hf__node *n = w->nodes[i];
        bool in_use = hf_world_status(w, i, &status) && status.open && status.claimed;
        in[i] = in_use || (n->disk.vault != HF_VAULT_PLACED && !n->gone);
        /* A vault that is not placed is made anew at the next start, and holds nothing then. */
        if (!n->gone && (n->disk.vault == HF_VAULT_PLACED || in_use))
            collect(w, i, &arena, &shares);
    }
    if (shares.count > 0)
        qsort(shares.items, shares.count, sizeof(*shares.items), by_generation);
    while (spread(w, &shares, &arena, in))
        ;
    bool all = true;
    /* A host that has put an older disk in has taken shares and accounts away: whose, nobody can
     * tell from what is left. */
    bool meddled = false;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        meddled = meddled || (w->nodes[i]->tainted && !w->nodes[i]->gone);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct hf__node *n = w->nodes[i];
        ret[i] = in[i] && !n->gone && !meddled;
        all = all && (ret[i] || n->gone);
    }
    *ret_all = all;
    hf_arena_done(&arena);
    free(shares.items);
    free(in);
}
