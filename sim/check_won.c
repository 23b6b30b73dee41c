/*
 * A ballot that an instance takes for its own stands (proto/CLAIMS.md, 4.3): q holders of the
 * newest generation that it was told of, and of each older one that its record lists and that is
 * not sealed, have voted for it, or p with provisional votes; and no number stands for two
 * instances.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

static struct hf__key node_key(uint32_t node)
{
    return hf__key_of(hf_bytes_of(&node, sizeof(node)), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0));
}

/* Takes a record for known when the owner signed it and it is newer. */
static void learn(struct hf__checks *c, const uint8_t owner[static 32],
                  const struct hf_signed_record *s, struct hf__recorded *ret)
{
    struct hf_placement_record r;
    if (!hf__check_decode(c, &hf_wire_placement_record, s->record, &r) ||
        memcmp(r.owner, owner, 32) != 0 || r.ballot.number < ret->claim ||
        (r.ballot.number == ret->claim && r.generation.number <= ret->number) ||
        c->world->suite->verify(owner, "holdfast/v1/placement-record", s->record, s->signature) !=
            0)
        return;
    ret->claim = r.ballot.number;
    ret->number = r.generation.number;
    ret->len = (uint32_t)s->record.len;
    ret->record = realloc(ret->record, s->record.len);
    hf_assert(ret->record != NULL);
    memcpy(ret->record, s->record.data, s->record.len);
}

void hf__check_told(struct hf__checks *c, uint32_t node, const struct hf_signed_record *record)
{
    const uint8_t *owner = hf__check_account(c, node);
    struct hf__recorded *known = hf__map_at(&c->recorded, node_key(node));
    uint32_t incarnation = hf__node(c->world, node)->incarnation;
    if (known->incarnation != incarnation) {
        free(known->record);
        *known = (struct hf__recorded){.incarnation = incarnation};
    }
    if (owner != NULL)
        learn(c, owner, record, known);
}

bool hf__check_newest(struct hf__checks *c, uint32_t node, struct hf_placement_record *ret)
{
    struct hf_public_hint hint;
    const struct hf_blob *row = hf_world_row(c->world, node, HF_ROW_PUBLIC, hf_bytes_of("hint", 4));
    if (row != NULL && hf__check_decode(c, &hf_wire_public_hint, hf_blob_bytes(row), &hint) &&
        hint.has_record)
        hf__check_told(c, node, &hint.record);
    const struct hf__recorded *told = hf__map_find(&c->recorded, node_key(node));
    return told != NULL && told->incarnation == hf__node(c->world, node)->incarnation &&
           told->len > 0 &&
           hf__check_decode(c, &hf_wire_placement_record, hf_bytes_of(told->record, told->len),
                            ret);
}

/* What the authority has decided about an owner; NULL: nothing. */
static const struct hf_floor *floor_of(const struct hf__checks *c, const uint8_t owner[static 32])
{
    const struct hf_document *set = c->world->authority.set;
    long at = set == NULL ? -1 : hf_set_find(set, owner);
    const struct hf_validator *v = at < 0 ? NULL : &set->u.set.validators[at];
    return v != NULL && v->has_floor ? &v->floor : NULL;
}

bool hf__check_all_sealed(struct hf__checks *c, uint32_t node, uint32_t *ret_generation)
{
    struct hf_placement_record r;
    const uint8_t *owner = hf__check_account(c, node);
    if (owner == NULL || floor_of(c, owner) != NULL || !hf__check_newest(c, node, &r))
        return true;
    for (size_t i = 0; i < r.chain_count; i++)
        if (!hf__check_sealed(c, &r, &r.chain[i])) {
            *ret_generation = (uint32_t)r.chain[i].generation.number;
            return false;
        }
    return true;
}

static void check_electorate(struct hf__checks *c, uint32_t node, const struct hf__ballot *b,
                             const struct hf_generation_id *g, const struct hf_holder *holders,
                             size_t n, uint64_t q, uint64_t p)
{
    unsigned firm = 0, any = 0;
    for (uint32_t i = 0; i < b->votes_count; i++) {
        const struct hf__voted *v = &b->votes[i];
        bool holder = false;
        for (size_t j = 0; j < n; j++)
            holder = holder || memcmp(holders[j].account, v->account, 32) == 0;
        if (!holder || memcmp(v->generation, g->id, 16) != 0)
            continue;
        firm += v->word == HF__ACCEPTANCE_STANDING;
        any++;
    }
    if (firm < q && any < p)
        hf__violate(
            c->world, node, "claim",
            "n%u took claim %llu for its own with %u votes for generation %u, %u of them of "
            "holders that stand; it needs %u, or %u with provisional ones",
            node, (unsigned long long)b->number, any, (unsigned)g->number, firm, (unsigned)q,
            (unsigned)p);
}

static void check_votes(struct hf__checks *c, uint32_t node, const uint8_t *owner,
                        const struct hf__ballot *b)
{
    struct hf_placement_record r;
    if (floor_of(c, owner) != NULL || !hf__check_newest(c, node, &r))
        return;
    check_electorate(c, node, b, &r.generation, r.holders, r.holders_count, r.quorum,
                     r.provisional);
    for (size_t i = 0; i < r.chain_count; i++) {
        const struct hf_unsealed *u = &r.chain[i];
        if (!hf__check_sealed(c, &r, u))
            check_electorate(c, node, b, &u->generation, u->holders, u->holders_count, u->quorum,
                             u->provisional);
    }
}

/* Holders of a generation that may have voted twice: meddled with, or corrupt. */
static uint32_t unsound(const struct hf__checks *c, const struct hf_placement_record *r)
{
    uint32_t count = 0;
    for (size_t i = 0; i < r->holders_count; i++) {
        long at = hf_world_find(c->world, r->holders[i].account);
        const struct hf__node *n = at < 0 ? NULL : hf__node(c->world, (uint32_t)at);
        count += n == NULL || n->tainted || n->corrupt;
    }
    return count;
}

void hf__check_won(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    uint64_t number = t->a;
    const uint8_t *owner = hf__check_account(c, node);
    struct hf_placement_record r;
    struct hf__ballots *all =
        owner == NULL ? NULL
                      : hf__map_find(&c->ballots, hf__key_of(hf__b32(owner), hf_bytes_of(NULL, 0),
                                                             hf_bytes_of(NULL, 0)));
    struct hf__ballot *b = NULL;
    for (uint32_t i = 0; all != NULL && i < all->count; i++)
        if (all->of[i].number == number && memcmp(all->of[i].instance, t->hash, 16) == 0)
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
    hf__check_spoke(c, node, number, t->hash);
    bool known = hf__check_newest(c, node, &r);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct hf__ballot *other = &all->of[i];
        if (other != b && other->stood && other->number == number && known &&
            unsound(c, &r) <= 2 * r.quorum - r.holders_count - 1)
            hf__violate(c->world, node, "claim", "two instances stand by claim %llu",
                        (unsigned long long)number);
    }
    check_votes(c, node, owner, b);
}

bool hf__check_holds_claim(struct hf__checks *c, uint32_t node)
{
    const struct hf__ballot *b = hf__check_speaks(c, node);
    return b != NULL && (b->number == 1 || (b->stood && b->node == node));
}
