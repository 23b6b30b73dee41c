/* Who can come back, as the disks of the world have it. */
#include "trial/trial.h"

#include "authority/authority.h"
#include "storage/storage.h"
#include "world/world.h"

#include "wire/messages.h"

#include <stdlib.h>
#include <string.h>

/* One share on one disk. */
struct held {
    uint32_t owner, holder;
    uint8_t generation[16];
    uint8_t index, k, n;
    bool recorded; /* a record signed by the owner stands beside it */
    bool votes;    /* it was left here by its owner, or has come here with its vote */
};

struct shares {
    struct held *items;
    size_t count, cap;
};

static bool is_open(const struct hf_world *w, uint32_t node)
{
    const struct hf_engine *e = w->nodes[node]->engine;
    return e != NULL && hf_engine_open(e);
}

/* Whether its vault has a future: one that is not placed is made anew at the next start, with
 * another account, and holds nothing then. */
static bool lasts(struct hf_world *w, uint32_t node)
{
    return w->nodes[node]->disk.vault == HF_VAULT_PLACED || is_open(w, node);
}

static void collect(struct hf_world *w, uint32_t holder, struct hf_arena *arena, struct shares *ret)
{
    const struct hf_disk *d = &w->nodes[holder]->disk;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct hf__row *row = d->rows[i];
        struct hf_held_row held;
        hf_arena_reset(arena);
        if (row->collection != HF_ROW_HELD || row->key_len != 48 ||
            hf__direct.decode(&hf_wire_held_row, hf_blob_bytes(row->value), arena, &held, NULL) !=
                0)
            continue;
        struct hf_account owner_account = hf_account_of(row->key);
        long owner = hf_world_find(w, &owner_account);
        if (owner < 0)
            continue;
        ret->items = hf__grow(ret->items, ret->count, &ret->cap, sizeof *ret->items);
        struct held *h = &ret->items[ret->count++];
        h->owner = (uint32_t)owner;
        h->holder = holder;
        h->index = (uint8_t)held.index;
        h->k = (uint8_t)(held.commitments.len / HF_POINT_LEN);
        h->n = (uint8_t)held.shares;
        h->recorded = held.has_record;
        h->votes = !held.restored && !held.waiting && !held.ceased;
        memcpy(h->generation, row->key + HF_ID_LEN, 16);
    }
}

static int by_generation(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    if (x->owner != y->owner)
        return x->owner < y->owner ? -1 : 1;
    return memcmp(x->generation, y->generation, 16);
}

/* The placement record on a node's own disk; false: there is none. */
static bool own_record(struct hf_world *w, uint32_t node, struct hf_arena *arena,
                       struct hf_placement_record *ret)
{
    hf_arena_reset(arena);
    return hf__disk_record(&w->nodes[node]->disk, arena, ret);
}

/* Whether the owner's own disk names this sharing: its holders may not have heard of the record
 * yet. */
static bool hinted(struct hf_world *w, const struct held *h, struct hf_arena *arena)
{
    struct hf_placement_record record;
    return own_record(w, h->owner, arena, &record) &&
           memcmp(record.generation.id, h->generation, 16) == 0;
}

/* Whether a share has come to where it is by a transfer of its vote: one that its owner left there
 * and did not record has none that counts. */
static bool was_handed_over(struct hf_world *w, const struct held *h, struct hf_arena *arena)
{
    const struct hf__node *owner = w->nodes[h->owner], *holder = w->nodes[h->holder];
    struct hf_transfer_statement t;
    for (size_t at = 0;
         hf__vote_moved(&holder->disk, &owner->account, h->generation, arena, &at, &t);)
        if (t.index == h->index && hf_account_equal(&t.to, &holder->account))
            return true;
    return false;
}

/* Whether another is there to whom the holder of an index has handed its vote over. */
static bool has_successor(struct hf_world *w, const struct shares *s, uint32_t owner,
                          const struct hf_generation_id *generation, uint64_t index,
                          struct hf_arena *arena, const bool *in)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct held *h = &s->items[i];
        if (h->owner == owner && h->index == index && h->votes && in[h->holder] &&
            memcmp(h->generation, generation->id, sizeof h->generation) == 0 &&
            was_handed_over(w, h, arena))
            return true;
    }
    return false;
}

/* Whether k holders are there who could accept a node's claim: who has lost its folder has no vote
 * for a generation of before, though a share came later; one to whom a vote was handed over has
 * it. */
static bool claimable(struct hf_world *w, const struct shares *s, uint32_t node,
                      struct hf_arena *arena, const bool *in)
{
    struct hf_placement_record record;
    const struct hf_engine *e = w->nodes[node]->engine;
    if (w->nodes[node]->disk.vault != HF_VAULT_PLACED || (e != NULL && hf_engine_claimed(e)) ||
        !own_record(w, node, arena, &record))
        return true;
    size_t count = 0;
    for (size_t i = 0; i < record.holders_count; i++) {
        long holder = hf_world_find(w, &record.holders[i].account);
        bool named = holder >= 0 && in[holder] && lasts(w, (uint32_t)holder) &&
                     hf__has_vote(&hf__node(w, (uint32_t)holder)->disk, &record.owner,
                                  record.generation.id, arena);
        count += named ||
                 has_successor(w, s, node, &record.generation, record.holders[i].index, arena, in);
    }
    return count >= record.threshold;
}

/* One pass over all sharings: whose owner has k shares of a recorded one in the set joins it. */
static bool spread(struct hf_world *w, const struct shares *s, struct hf_arena *arena,
                   const bool *lost, bool *in)
{
    bool more = false;
    for (size_t i = 0; i < s->count;) {
        size_t j = i;
        uint32_t there = 0; /* bit of each index */
        bool recorded = false;
        for (; j < s->count && by_generation(&s->items[i], &s->items[j]) == 0; j++) {
            there |= (uint32_t)in[s->items[j].holder] << s->items[j].index;
            recorded = recorded || s->items[j].recorded;
        }
        if (!in[s->items[i].owner] && !lost[s->items[i].owner] &&
            (unsigned)__builtin_popcount(there) >= s->items[i].k &&
            (recorded || hinted(w, &s->items[i], arena))) {
            in[s->items[i].owner] = true;
            more = true;
        }
        i = j;
    }
    return more;
}

/* Who serves, given who is lost: whose vault is open or will be made anew, then those with k shares
 * at them. */
static void serving(struct hf_world *w, const struct shares *s, struct hf_arena *arena,
                    const bool *lost, bool *in)
{
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        bool fresh = w->nodes[i]->disk.vault != HF_VAULT_PLACED && w->nodes[i]->told == NULL;
        in[i] = !lost[i] && (fresh || is_open(w, i));
    }
    while (spread(w, s, arena, lost, in))
        ;
}

/* Whose claim fewer than k are left to accept is lost too, and with it the shares that it keeps. */
static bool lose_more(struct hf_world *w, const struct shares *s, struct hf_arena *arena,
                      const bool *in, bool *lost)
{
    bool more = false;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        if (lost[i] || (in[i] && claimable(w, s, i, arena, in)))
            continue;
        lost[i] = true;
        more = true;
    }
    return more;
}

/* A sharing's shares at holders that are open, each index once. */
static uint32_t open_shares(const struct hf_world *w, const struct shares *s, size_t first,
                            size_t end)
{
    uint32_t there = 0;
    for (size_t i = first; i < end; i++)
        there |= (uint32_t)is_open(w, s->items[i].holder) << s->items[i].index;
    return (uint32_t)__builtin_popcount(there);
}

/* The least failures that cost an owner its key, of all who have one. Of one whose holders are down
 * for a while it is none, though it may come back after them. */
static uint32_t least_failures(struct hf_world *w, const struct shares *s, struct hf_arena *arena)
{
    uint32_t least = UINT32_MAX, of_owner = 0;
    for (size_t i = 0, j; i < s->count; i = j) {
        uint32_t owner = s->items[i].owner, k = s->items[i].k;
        bool recorded = false;
        for (j = i; j < s->count && by_generation(&s->items[i], &s->items[j]) == 0; j++)
            recorded = recorded || s->items[j].recorded;
        if (i == 0 || s->items[i - 1].owner != owner)
            of_owner = 0;
        uint32_t there = open_shares(w, s, i, j);
        if (there >= k && (recorded || hinted(w, &s->items[i], arena)) && there - k + 1 > of_owner)
            of_owner = there - k + 1;
        if (j < s->count && s->items[j].owner == owner)
            continue; /* a further sharing of the same */
        const struct hf__node *n = w->nodes[owner];
        uint32_t itself = is_open(w, owner);
        uint32_t needs = of_owner + itself;
        if (!n->gone && n->state != HF_STATE_LEFT && n->disk.vault == HF_VAULT_PLACED &&
            needs < least)
            least = needs;
    }
    return least;
}

/* Who can come back, in ret. Returns whether a host has put an older disk in: it has taken shares,
 * votes and accounts away, and whose cannot be told from what is left. ret_least: as
 * hf__until_loss, or NULL. */
static bool work_out(struct hf_world *w, bool *ret, uint32_t *ret_least)
{
    struct shares shares = {0};
    struct hf_arena arena;
    bool *lost = calloc(w->nodes_count + 1u, sizeof(bool));
    hf_assert(lost != NULL);
    hf_arena_init(&arena, 1 << 20);
    bool meddled = false;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        struct hf__node *n = w->nodes[i];
        lost[i] = n->gone;
        meddled = meddled || (n->tainted && !n->gone);
        if (!n->gone && lasts(w, i))
            collect(w, i, &arena, &shares);
    }
    if (shares.count > 0)
        qsort(shares.items, shares.count, sizeof *shares.items, by_generation);
    do {
        serving(w, &shares, &arena, lost, ret);
    } while (lose_more(w, &shares, &arena, ret, lost));
    if (ret_least != NULL)
        *ret_least = least_failures(w, &shares, &arena);
    hf_arena_done(&arena);
    free(shares.items);
    free(lost);
    return meddled;
}

void hf__survivors(struct hf_world *w, bool *ret, bool *ret_all)
{
    bool meddled = work_out(w, ret, NULL);
    *ret_all = true;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        ret[i] = ret[i] && !meddled;
        *ret_all = *ret_all && (ret[i] || w->nodes[i]->gone);
    }
}

static void outcomes_of(const struct hf_world *w, const bool *can, bool meddled,
                        enum hf__outcome *ret)
{
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct hf__node *n = w->nodes[i];
        bool locks = n->disk.vault == HF_VAULT_PLACED || n->told != NULL;
        if (n->gone || n->state == HF_STATE_LEFT)
            ret[i] = HF__OUTCOME_GONE;
        else if (n->engine != NULL && (is_open(w, i) || !locks))
            ret[i] = HF__OUTCOME_OPEN;
        else if (!can[i] && !meddled)
            ret[i] = HF__OUTCOME_LOST;
        else
            ret[i] = n->engine != NULL ? HF__OUTCOME_LOCKED : HF__OUTCOME_DOWN;
    }
}

uint32_t hf__until_loss(struct hf_world *w)
{
    enum hf__outcome *outcomes = calloc(w->nodes_count + 1u, sizeof *outcomes);
    bool *can = calloc(w->nodes_count + 1u, sizeof(bool));
    uint32_t least;
    hf_assert(outcomes != NULL && can != NULL);
    bool meddled = work_out(w, can, &least);
    outcomes_of(w, can, meddled, outcomes);
    bool lost = false;
    for (uint32_t i = 0; i < w->nodes_count; i++)
        lost = lost || outcomes[i] == HF__OUTCOME_LOST;
    free(outcomes);
    free(can);
    return lost ? 0 : least == 0 ? 1 : least;
}

void hf__outcomes(struct hf_world *w, enum hf__outcome *ret)
{
    bool *can = calloc(w->nodes_count + 1u, sizeof(bool));
    hf_assert(can != NULL);
    bool meddled = work_out(w, can, NULL);
    outcomes_of(w, can, meddled, ret);
    free(can);
}
