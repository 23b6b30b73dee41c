/*
 * What the checkers forget, so that their memory does not grow with the time that a world runs:
 * only what no message can be about any more. Requests whose call is over; nonces and quotes that
 * are too old for any node, and keys that were deleted longer ago than that. Of ballots each owner
 * has a fixed number (checkers/claim.c).
 */
#include "checkers/checkers.h"

#include <stdlib.h>

/* Longer than any call. */
#define CALL_US UINT64_C(600000000)

/* Whether answers of a process may still leave that were made when its disk was not ready for them:
 * they wait however long that takes, and even when the caller has given up. */
static bool may_answer_late(const struct hf_world *w, uint32_t node, uint32_t incarnation)
{
    const struct hf__node *n = hf__node(w, node);
    return n->incarnation == incarnation && n->pending != NULL;
}

static bool call_goes_on(const struct hf_world *w, uint64_t call)
{
    uint32_t index = (uint32_t)call, mark = (uint32_t)(call >> 32);
    if (index >= w->calls.count)
        return false;
    const struct hf__call *c = hf__slab_at(&w->calls, index);
    return (c->mark & 1) != 0 && c->mark == mark;
}

static bool heard_wanted(void *ctx, void *value)
{
    const struct hf__checks *c = ctx;
    struct hf__heard *h = value;
    if (h->body != NULL && h->incarnation == hf__node(c->world, h->node)->incarnation &&
        (call_goes_on(c->world, h->call) || may_answer_late(c->world, h->node, h->incarnation)))
        return true;
    free(h->body);
    return false;
}

static bool nonce_wanted(void *ctx, void *value)
{
    const struct hf__checks *c = ctx;
    const struct hf__nonce *n = value;
    /* A request that came in time is answered while its call goes on, or when the disk is ready. */
    uint64_t life_us = (uint64_t)c->world->settings.timing.nonce_life_ms * 2000 + CALL_US;
    return n->incarnation == hf__node(c->world, n->node)->incarnation &&
           (c->world->now_us - n->at_us <= life_us ||
            may_answer_late(c->world, n->node, n->incarnation));
}

/* Clocks may differ by days, and a day is what one of them may be set back by unnoticed. */
static bool quote_wanted(void *ctx, void *value)
{
    const struct hf__checks *c = ctx;
    const struct hf__quote_view *q = value;
    uint64_t life_s = 2 * c->quote_age_max_s + 7 * HF__DAY_S;
    return c->world->now_us - q->made_us <= life_s * 1000000;
}

static void forget(struct hf__checks *c, bool all)
{
    const struct {
        struct hf__map *map;
        hf__wanted_fn *wanted;
    } rows[] = {
        {&c->heard, heard_wanted},
        {&c->nonces, nonce_wanted},
        {&c->quotes, quote_wanted},
        {&c->keys_gone, hf__check_gone_wanted},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        if (all || hf__map_is_due(rows[i].map))
            hf__map_sweep(rows[i].map, rows[i].wanted, c);
    }
}

void hf__check_forget(struct hf__checks *c)
{
    forget(c, false);
}

void hf__check_forget_now(struct hf__checks *c)
{
    forget(c, true);
}

size_t hf__checks_bytes(const struct hf_world *w)
{
    const struct hf__checks *c = w->checks;
    if (c == NULL)
        return 0;
    const struct hf__map *const maps[] = {
        &c->heard,        &c->nonces,        &c->relations,     &c->ballots,      &c->sealed,
        &c->recorded,     &c->owners,        &c->attested,      &c->keys,         &c->speakers,
        &c->gathered,     &c->measurements,  &c->quotes,        &c->any_platform, &c->said,
        &c->challenged,   &c->leaves,        &c->moved,         &c->outside,      &c->vaults,
        &c->vaults_known, &c->vaults_opened, &c->vaults_points, &c->mesh_keys,    &c->key_lists,
        &c->keys_gone,    &c->offered,
    };
    size_t sum = sizeof *c, at = 0;
    for (size_t i = 0; i < HF_ARRAY_LEN(maps); i++)
        sum += hf__map_bytes(maps[i]);
    for (const struct hf__heard *h; (h = hf__map_next(&c->heard, &at)) != NULL;)
        sum += h->body == NULL ? 0 : h->len;
    at = 0;
    for (const struct hf__ballots *b; (b = hf__map_next(&c->ballots, &at)) != NULL;)
        for (uint32_t i = 0; i < b->count; i++)
            sum += b->of[i].votes_cap * sizeof *b->of[i].votes;
    at = 0;
    for (const struct hf__recorded *r; (r = hf__map_next(&c->recorded, &at)) != NULL;)
        sum += r->len;
    return sum;
}
