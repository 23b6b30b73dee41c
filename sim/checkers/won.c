/*
 * A ballot that an instance takes for its own stands (proto/CLAIMS.md, 4.3): q holders of the
 * newest generation that it was told of, and of each older one that its record lists and that is
 * not sealed, have voted for it, or p with provisional votes; and no number stands for two
 * instances.
 */
#include "checkers/checkers.h"

#include <stdlib.h>
#include <string.h>

static struct hf__order order_of(const struct hf_placement_record *r)
{
    return (struct hf__order){r->ballot.number, r->generation.number};
}

/* What the authority has decided about an owner; NULL: nothing. */
static const struct hf_floor *floor_of(const struct hf__checks *c, const struct hf_account *owner)
{
    const struct hf_document *set = c->world->authority.set;
    long at = set == NULL ? -1 : hf_set_find(set, owner);
    const struct hf_validator *v = at < 0 ? NULL : &set->u.set.validators[at];
    return v != NULL && v->has_floor ? &v->floor : NULL;
}

/* Whether the floor makes a record void: signed below it, of another generation than it names. */
static bool is_void(const struct hf__checks *c, const struct hf_placement_record *r)
{
    const struct hf_floor *floor = floor_of(c, &r->owner);
    return floor != NULL && r->ballot.number < floor->claim &&
           memcmp(r->generation.id, floor->favoured, 16) != 0;
}

/* Whether a record is newer than the one known; what is void is older than what is not. */
static bool is_newer(struct hf__checks *c, const struct hf_placement_record *r,
                     const struct hf__recorded *known)
{
    struct hf_placement_record old;
    if (known->len > 0 &&
        hf__check_decode(c, &hf_wire_placement_record, hf_bytes_of(known->record, known->len),
                         &old) &&
        is_void(c, r) != is_void(c, &old))
        return is_void(c, &old);
    return hf__check_newer(order_of(r), known->order);
}

/* Takes a record for known when the owner signed it and it is newer. */
static void learn(struct hf__checks *c, const struct hf_account *owner,
                  const struct hf_signed_record *s, struct hf__recorded *ret)
{
    struct hf_placement_record r;
    if (!hf__check_decode(c, &hf_wire_placement_record, s->record, &r) ||
        !hf_account_equal(&r.owner, owner) || !is_newer(c, &r, ret) ||
        c->world->suite->verify(owner->bytes, "holdfast/v1/placement-record", s->record,
                                s->signature) != 0)
        return;
    ret->order = order_of(&r);
    ret->len = (uint32_t)s->record.len;
    ret->record = realloc(ret->record, s->record.len);
    hf_assert(ret->record != NULL);
    memcpy(ret->record, s->record.data, s->record.len);
}

/* Whether this is what the instance knows that runs on the node now. */
static bool is_of(const struct hf__checks *c, uint32_t node, const struct hf__recorded *known)
{
    const struct hf_account *owner = hf__check_account(c, node);
    return owner != NULL && hf_account_equal(&known->owner, owner) &&
           known->incarnation == hf__node(c->world, node)->incarnation;
}

void hf__check_told(struct hf__checks *c, uint32_t node, const struct hf_signed_record *record)
{
    const struct hf_account *owner = hf__check_account(c, node);
    if (owner == NULL)
        return;
    struct hf__recorded *known = hf__map_at(&c->recorded, hf__node_key(node));
    if (!is_of(c, node, known)) {
        free(known->record);
        *known = (struct hf__recorded){.owner = *owner,
                                       .incarnation = hf__node(c->world, node)->incarnation};
    }
    learn(c, owner, record, known);
}

bool hf__check_newest(struct hf__checks *c, uint32_t node, struct hf_placement_record *ret)
{
    struct hf_record_row own;
    const struct hf_blob *row = hf_world_row(c->world, node, HF_ROW_RECORD, (struct hf_bytes){0});
    /* The vault's: what stands in public its host may have planted. */
    if (row != NULL && hf__check_decode(c, &hf_wire_record_row, hf_blob_bytes(row), &own))
        hf__check_told(c, node, &own.record);
    const struct hf__recorded *told = hf__map_find(&c->recorded, hf__node_key(node));
    return told != NULL && is_of(c, node, told) && told->len > 0 &&
           hf__check_decode(c, &hf_wire_placement_record, hf_bytes_of(told->record, told->len),
                            ret);
}

static void elect(struct hf__electors *g, const struct hf_generation_id *generation,
                  const struct hf_holder *holders, size_t count, uint64_t q, uint64_t p)
{
    *g = (struct hf__electors){.generation = *generation,
                               .count = (uint8_t)count,
                               .quorum = (uint8_t)q,
                               .provisional = (uint8_t)p};
    for (size_t i = 0; i < count; i++)
        g->holders[i] = holders[i].account;
}

/* Whether the authority has written a generation off. */
static bool is_written_off(const struct hf_floor *floor, const uint8_t id[static 16])
{
    for (size_t i = 0; floor != NULL && i < floor->written_off_count; i++)
        if (memcmp(floor->written_off[i].id, id, 16) == 0)
            return true;
    return false;
}

/* Those that the authority says are left vote in place of all. */
static void leave(const struct hf_floor *floor, struct hf__electors *g)
{
    for (size_t i = 0; floor != NULL && i < floor->survivors_count; i++) {
        const struct hf_survivors *s = &floor->survivors[i];
        if (memcmp(s->generation, g->generation.id, 16) != 0)
            continue;
        g->count = (uint8_t)s->holders_count;
        g->quorum = g->provisional = (uint8_t)s->quorum;
        for (size_t j = 0; j < s->holders_count; j++)
            g->holders[j] = s->holders[j].account;
    }
}

/* A vote that moved counts for the place that it had. */
static void move(const struct hf__checks *c, const struct hf_account *owner, struct hf__electors *g)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct hf_account *to =
            hf__check_successor(c, owner, g->generation.id, &g->holders[i]);
        if (to == NULL)
            continue;
        g->moved |= (uint16_t)(1u << i);
        g->successors[i] = *to;
    }
}

size_t hf__check_electors(const struct hf__checks *c, const struct hf_placement_record *r,
                          struct hf__electors ret[static HF_CHAIN_MAX + 1])
{
    const struct hf_floor *floor = floor_of(c, &r->owner);
    size_t count = 0;
    elect(&ret[count++], &r->generation, r->holders, r->holders_count, r->quorum, r->provisional);
    for (size_t i = 0; i < r->chain_count; i++) {
        const struct hf_unsealed *u = &r->chain[i];
        if (is_written_off(floor, u->generation.id))
            continue;
        elect(&ret[count], &u->generation, u->holders, u->holders_count, u->quorum, u->provisional);
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        leave(floor, &ret[i]);
        move(c, &r->owner, &ret[i]);
    }
    return count;
}

bool hf__check_below_floor(const struct hf__checks *c, const struct hf_account *owner,
                           uint64_t number)
{
    const struct hf_floor *floor = floor_of(c, owner);
    return floor != NULL && number < floor->claim;
}

bool hf__check_all_sealed(struct hf__checks *c, uint32_t node, uint32_t *ret_generation)
{
    struct hf_placement_record r;
    struct hf__electors all[HF_CHAIN_MAX + 1];
    if (!hf__check_newest(c, node, &r))
        return true;
    size_t count = hf__check_electors(c, &r, all);
    for (size_t i = 1; i < count; i++)
        if (!hf__check_sealed(c, &r, &all[i])) {
            *ret_generation = (uint32_t)all[i].generation.number;
            return false;
        }
    return true;
}

/* What a holder's vote of a generation for a ballot is worth. A corrupt one says what it likes: a
 * strategy may have put other words into its answer. */
static enum hf__acceptance voted(const struct hf__checks *c, const struct hf__ballot *b,
                                 const uint8_t generation[static 16],
                                 const struct hf_account *holder)
{
    long at = hf_world_find(c->world, holder);
    if (at >= 0 && hf__node(c->world, (uint32_t)at)->corrupt)
        return HF__ACCEPTANCE_STANDING;
    for (uint32_t i = 0; i < b->votes_count; i++) {
        const struct hf__voted *v = &b->votes[i];
        if (hf_account_equal(&v->account, holder) && memcmp(v->generation, generation, 16) == 0)
            return v->word;
    }
    return HF__ACCEPTANCE_NONE;
}

static void check_electorate(struct hf__checks *c, uint32_t node, const struct hf__ballot *b,
                             const struct hf__electors *g)
{
    unsigned firm = 0, any = 0;
    for (size_t i = 0; i < g->count; i++) {
        enum hf__acceptance word = voted(c, b, g->generation.id, &g->holders[i]), other;
        if ((g->moved >> i & 1) != 0) {
            other = voted(c, b, g->generation.id, &g->successors[i]);
            word = other > word ? other : word;
        }
        firm += word == HF__ACCEPTANCE_STANDING;
        any += word != HF__ACCEPTANCE_NONE;
    }
    if (firm < g->quorum && any < g->provisional)
        hf__violate(
            c->world, node, "claim",
            "n%u took claim %llu for its own with %u votes for generation %u, %u of them of "
            "holders that stand; it needs %u, or %u with provisional ones",
            node, (unsigned long long)b->number, any, (unsigned)g->generation.number, firm,
            g->quorum, g->provisional);
}

static void check_votes(struct hf__checks *c, uint32_t node, const struct hf__ballot *b)
{
    struct hf_placement_record r;
    struct hf__electors all[HF_CHAIN_MAX + 1];
    if (!hf__check_newest(c, node, &r))
        return;
    /* It asked by the record that it could judge: a newer one that came with an answer whose quote
     * is not judged yet meets it again, at each acceptor that knows it. */
    if (hf__check_newer(order_of(&r), b->known))
        return;
    size_t count = hf__check_electors(c, &r, all);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !hf__check_sealed(c, &r, &all[i]))
            check_electorate(c, node, b, &all[i]);
}

/* Holders of a generation that may have voted twice: meddled with, or corrupt. */
static uint32_t unsound(const struct hf__checks *c, const struct hf_placement_record *r)
{
    uint32_t count = 0;
    for (size_t i = 0; i < r->holders_count; i++) {
        long at = hf_world_find(c->world, &r->holders[i].account);
        const struct hf__node *n = at < 0 ? NULL : hf__node(c->world, (uint32_t)at);
        count += n == NULL || n->tainted || n->corrupt;
    }
    return count;
}

void hf__check_won(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    uint64_t number = t->a;
    const struct hf_account *owner = hf__check_account(c, node);
    struct hf_placement_record r;
    struct hf__ballots *all =
        owner == NULL
            ? NULL
            : hf__map_find(&c->ballots, hf__key_of(hf__b32(owner->bytes), hf_bytes_of(NULL, 0),
                                                   hf_bytes_of(NULL, 0)));
    struct hf__ballot *b = NULL;
    for (uint32_t i = 0; all != NULL && i < all->count; i++)
        if (all->of[i].number == number && memcmp(all->of[i].instance, t->hash.bytes, 16) == 0)
            b = &all->of[i];
    if (b == NULL) {
        hf__violate(c->world, node, "claim", "n%u took claim %llu, and nobody voted for it", node,
                    (unsigned long long)number);
        return;
    }
    b->stood = true;
    b->stood_us = c->world->now_us;
    b->node = node;
    b->incarnation = hf__node(c->world, node)->incarnation;
    hf__check_spoke(c, node, number, t->hash.bytes);
    bool known = hf__check_newest(c, node, &r);
    if (known && is_void(c, &r) && !hf__check_below_floor(c, owner, number))
        hf__violate(c->world, node, "claim", "n%u took claim %llu from a record that is void", node,
                    (unsigned long long)number);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct hf__ballot *other = &all->of[i];
        if (other != b && other->stood && other->number == number && known &&
            unsound(c, &r) <= 2 * r.quorum - r.holders_count - 1)
            hf__violate(c->world, node, "claim", "two instances stand by claim %llu",
                        (unsigned long long)number);
    }
    check_votes(c, node, b);
}

bool hf__check_holds_claim(struct hf__checks *c, uint32_t node)
{
    const struct hf__ballot *b = hf__check_speaks(c, node);
    return b != NULL && (b->number == 1 || (b->stood && b->node == node));
}
