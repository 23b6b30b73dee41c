/*
 * Handover from an old release to a new one (proto/HANDOVER.md): at most one of both serves at any
 * moment.
 * Who takes a ballot over has it from one that gave it up durably, for it alone, on the same
 * machine, to software of no lower rank; and who gave it up releases nothing under it any more.
 */
#include "checkers/checkers.h"

#include "storage/storage.h"

#include <string.h>

static struct hf__key given_key(const struct hf_account *account, const uint8_t instance[static 16],
                                uint64_t claim)
{
    return hf__key_of(hf__b32(account->bytes), hf_bytes_of(instance, 16),
                      hf_bytes_of(&claim, sizeof claim));
}

static struct hf__key served_key(const struct hf_account *account, uint64_t claim)
{
    return hf__key_of(hf__b32(account->bytes), hf_bytes_of(&claim, sizeof claim),
                      hf_bytes_of(NULL, 0));
}

void hf__check_given_up(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    const struct hf_account *account = hf__check_account(c, node);
    if (account == NULL)
        return;
    struct hf__given_up *g = hf__map_at(&c->given_up, given_key(account, t->hash.bytes, t->a));
    if (g->given)
        hf__violate(c->world, node, "handover", "n%u gave up claim %llu, which n%u gave up before",
                    node, (unsigned long long)t->a, g->node);
    g->given = true;
    g->node = node;
    g->incarnation = hf__node(c->world, node)->incarnation;
}

/* Whether the old one's disk says durably that it gave this ballot up. */
static bool is_durable(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    struct hf_given_row given;
    struct hf__row *row =
        hf__disk_find(&hf__node(c->world, node)->disk, HF_ROW_GIVEN, hf_bytes_of(NULL, 0));
    return row != NULL &&
           hf__check_decode(c, &hf_wire_given_row, hf_blob_bytes(row->value), &given) &&
           given.ballot.number == t->a && memcmp(given.ballot.instance, t->hash.bytes, 16) == 0;
}

void hf__check_gave(struct hf__checks *c, uint32_t node, const struct hf__disk_write *row)
{
    struct hf_given_row given;
    const struct hf_account *account = hf__check_account(c, node);
    if (row->collection != HF_ROW_GIVEN || row->value == NULL || account == NULL ||
        !hf__check_decode(c, &hf_wire_given_row, hf_blob_bytes(row->value), &given))
        return;
    struct hf__given_up *g =
        hf__map_find(&c->given_up, given_key(account, given.ballot.instance, given.ballot.number));
    if (g != NULL && g->durable_us == 0)
        g->durable_us = c->world->now_us;
}

/* What the newest policy ranks the software of a node; 0: it does not accept it. */
static uint32_t rank_of(struct hf__checks *c, uint32_t node)
{
    uint8_t digest[HF_MEASUREMENT_LEN];
    const struct hf_world *w = c->world;
    hf_world_measurement(w, w->images[hf__node(w, node)->image], digest);
    return hf__check_rank(c, hf_document_version(w->authority.policy), digest);
}

/* The ballot is its own from now on, as it was the old one's. */
static void moves(struct hf__checks *c, uint32_t node, const struct hf_account *account,
                  const struct hf_trace *t)
{
    struct hf__ballots *all =
        hf__map_find(&c->ballots, hf__key_of(hf__b32(account->bytes), hf_bytes_of(NULL, 0),
                                             hf_bytes_of(NULL, 0)));
    hf__check_spoke(c, node, t->a, t->hash.bytes);
    for (uint32_t i = 0; all != NULL && i < all->count; i++) {
        struct hf__ballot *b = &all->of[i];
        if (b->number != t->a || memcmp(b->instance, t->hash.bytes, 16) != 0)
            continue;
        b->node = node;
        b->incarnation = hf__node(c->world, node)->incarnation;
    }
}

void hf__check_inherited(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    struct hf_world *w = c->world;
    const struct hf__node *n = hf__node(w, node);
    const struct hf_account *account =
        n->takes_over >= 0 ? hf__check_account(c, (uint32_t)n->takes_over) : NULL;
    struct hf__given_up *g =
        account == NULL ? NULL
                        : hf__map_find(&c->given_up, given_key(account, t->hash.bytes, t->a));
    if (g == NULL || !g->given || g->node == node) {
        hf__violate(w, node, "handover", "n%u took over claim %llu, which nobody gave up", node,
                    (unsigned long long)t->a);
        return;
    }
    if (g->taken && (g->taker != node || g->taker_incarnation != n->incarnation))
        hf__violate(w, node, "handover", "n%u took over claim %llu, which n%u has", node,
                    (unsigned long long)t->a, g->taker);
    if (!is_durable(c, g->node, t))
        hf__violate(w, node, "handover", "n%u took over claim %llu, not durably given up by n%u",
                    node, (unsigned long long)t->a, g->node);
    if (n->machine != hf__node(w, g->node)->machine)
        hf__violate(w, node, "handover", "n%u took over from n%u on another machine", node,
                    g->node);
    if (rank_of(c, node) < rank_of(c, g->node))
        hf__violate(w, node, "handover", "n%u took over from n%u, of a higher rank", node, g->node);
    g->taken = true;
    g->taker = node;
    g->taker_incarnation = n->incarnation;
    c->takers = true;
    moves(c, node, account, t);
}

void hf__check_inherited_durable(struct hf__checks *c, uint32_t node)
{
    size_t slot = 0;
    if (!c->takers)
        return;
    for (struct hf__given_up *g; (g = hf__map_next(&c->given_up, &slot)) != NULL;)
        if (g->taken && !g->settled && g->taker == node) {
            /* What it kept for others is the new one's to keep. */
            g->settled = true;
            hf__check_hands_on(c, g->node);
        }
}

void hf__check_served(struct hf__checks *c, uint32_t node, uint64_t claim)
{
    const struct hf_account *account = hf__check_account(c, node);
    const struct hf__node *n = hf__node(c->world, node);
    if (account == NULL || n->corrupt)
        return;
    struct hf__server *s = hf__map_at(&c->servers, served_key(account, claim));
    bool same = s->incarnation == n->incarnation && s->node == node;
    const struct hf__ballot *b = hf__check_speaks(c, node);
    const struct hf__given_up *g =
        b == NULL ? NULL : hf__map_find(&c->given_up, given_key(account, b->instance, claim));
    bool took = g != NULL && g->taken && g->taker == node && g->taker_incarnation == n->incarnation;
    /* What it let go before may have waited for a write of its own, which is durable first. */
    bool gave = g != NULL && g->given && g->node == node && g->incarnation == n->incarnation &&
                g->durable_us != 0 && g->durable_us < c->world->now_us;
    if (gave)
        hf__violate(c->world, node, "handover", "n%u served under claim %llu, which it gave up",
                    node, (unsigned long long)claim);
    else if (s->served && !same && !took)
        hf__violate(c->world, node, "handover", "n%u and n%u both served under claim %llu", s->node,
                    node, (unsigned long long)claim);
    s->served = true;
    s->node = node;
    s->incarnation = n->incarnation;
}
