/*
 * What a leave must not cost. Within a bound of its word each owner has n shares with members that
 * stay; a leaver that says that it keeps nothing keeps nothing; and when a generation counts as
 * retired, too few of its shares are left to rebuild a secret.
 */
#include "checkers/checkers.h"

#include "network/network.h"
#include "storage/storage.h"

#include <string.h>

/* Owners deal anew at once; quotes, dealings and answers that are asked for again take a while. */
enum { BOUND_S = 120, LEAVE = 1, AHEAD_S = 300 };

#define BOUND_US (BOUND_S * UINT64_C(1000000))

static uint64_t *said_at(struct hf__checks *c, uint32_t node)
{
    return hf__map_at(&c->leaves, hf__node_key(node));
}

bool hf__check_leaves(struct hf__checks *c, uint32_t node)
{
    return *said_at(c, node) != 0;
}

void hf__check_leave_forgotten(struct hf__checks *c, uint32_t node)
{
    *said_at(c, node) = 0;
}

/* Its word leaves when everything before it is durable. A node hands on what another instance of
 * its account has said too: that speaks for the disk of the other. */
static void check_left(struct hf__checks *c, uint32_t node, const struct hf_ballot *by)
{
    const struct hf__node *n = hf__node(c->world, node);
    const struct hf__ballot *own = hf__check_speaks(c, node);
    if (own == NULL || memcmp(own->instance, by->instance, sizeof own->instance) != 0)
        return;
    for (uint32_t i = 0; i < n->disk.count && !n->corrupt; i++)
        if (n->disk.rows[i]->collection == HF_ROW_HELD)
            hf__violate(c->world, node, "retired", "n%u has left, and keeps a share", node);
}

void hf__check_leave_said(struct hf__checks *c, uint32_t node, const struct hf_event_statement *s)
{
    uint64_t now_s = c->world->settings.wall_s + c->world->now_us / 1000000;
    /* One of a clock that is ahead is no member's to believe. */
    if (s->kind != LEAVE || s->issued_s > now_s + AHEAD_S)
        return;
    uint64_t *at_us = said_at(c, node);
    if (s->over) {
        *at_us = 0;
        return;
    }
    if (s->done)
        check_left(c, node, &s->ballot);
    /* One that keeps nothing may be gone before others have heard that it leaves. */
    if (*at_us == 0) {
        *at_us = c->world->now_us;
        hf__wake(c->world, c->observer, node, c->world->now_us + BOUND_US);
    }
}

/* Whether a node is a member that goes on being one, for as long as the bound looks back. */
static bool stays(struct hf__checks *c, uint32_t node)
{
    const struct hf__node *n = hf__node(c->world, node);
    uint64_t at_us = *said_at(c, node);
    return n->registered && !n->gone && !n->copy &&
           (at_us == 0 || c->world->now_us - at_us < BOUND_US);
}

/* Whether a node can keep a share, and give its own to others. */
static bool is_open(const struct hf__node *n)
{
    return n->state == HF_STATE_PLACED || n->state == HF_STATE_READY ||
           n->state == HF_STATE_DEGRADED || n->state == HF_STATE_LEAVING;
}

/* Whether every member works and reaches the others: what is asked for can be done at once. */
static bool is_quiet(const struct hf_world *w)
{
    bool quiet = w->settings.processor.cores == 0 && w->settings.network.loss <= 0.01 &&
                 w->cuts_count == 0 && !w->partitioned && w->rules_count == 0 &&
                 w->copies_count == 0;
    for (uint32_t i = 0; quiet && i < w->nodes_count; i++) {
        const struct hf__node *n = w->nodes[i];
        quiet = !n->registered || n->gone || n->state == HF_STATE_LEFT ||
                (hf__check_works(w, n) && is_open(n));
    }
    return quiet;
}

/* Whether more others stay than the policy asks for, of different operators where its rule does:
 * with none to spare, one that cannot take a share at once is asked again after minutes. */
static bool enough_stay(struct hf__checks *c, uint32_t owner)
{
    const struct hf_world *w = c->world;
    const struct hf_policy *p = &w->authority.policy->u.policy;
    uint32_t operators = p->domain_rule != HF_DOMAIN_NONE ? w->settings.operators : 0, count = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        bool counts = i != owner && stays(c, i) && *said_at(c, i) == 0 &&
                      (operators == 0 || hf__operator(w, i) != hf__operator(w, owner));
        for (uint32_t j = 0; j < i && operators > 0; j++)
            counts = counts && (hf__operator(w, j) != hf__operator(w, i) || j == owner ||
                                *said_at(c, j) != 0);
        count += counts;
    }
    return count > p->shares;
}

/* Whether some recorded sharing of an owner has all its shares with who stays. */
static bool is_restored(struct hf__checks *c, const struct hf__owned *o)
{
    for (uint32_t i = 0; i < o->count; i++) {
        const struct hf__sharing *s = &o->sharings[i];
        uint32_t seen = 0;
        for (uint32_t j = 0; j < s->count; j++)
            if (!s->emptied[j] && stays(c, s->holders[j]))
                seen |= UINT32_C(1) << s->indices[j];
        if (s->q > 0 && (uint32_t)__builtin_popcount(seen) >= s->n)
            return true;
    }
    return false;
}

/* How many of these are members. */
static uint32_t members(const struct hf__checks *c, const struct hf_holder *holders, size_t count)
{
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        long at = hf_world_find(c->world, &holders[i].account);
        found += at >= 0 && hf__node(c->world, (uint32_t)at)->registered;
    }
    return found;
}

/* Whether an owner's record has as many older generations as it can, each with fewer members left
 * than must seal it: before it can deal again the authority signs a floor for it. */
static bool waits_for_a_floor(struct hf__checks *c, uint32_t node)
{
    struct hf_placement_record r;
    if (!hf__disk_record(&hf__node(c->world, node)->disk, &c->arena, &r) ||
        r.chain_count < HF_CHAIN_MAX)
        return false;
    for (size_t i = 0; i < r.chain_count; i++)
        if (members(c, r.chain[i].holders, r.chain[i].holders_count) >= r.chain[i].quorum)
            return false;
    return true;
}

void hf__check_restored(struct hf__checks *c, uint32_t leaver)
{
    struct hf_world *w = c->world;
    uint64_t at_us = *said_at(c, leaver);
    if (at_us == 0)
        return;
    uint64_t from_us = at_us > w->disturbed_us ? at_us : w->disturbed_us;
    if (w->now_us - from_us < BOUND_US) {
        hf__wake(w, c->observer, leaver, from_us + BOUND_US);
        return;
    }
    if (!is_quiet(w))
        return;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct hf__node *n = w->nodes[i];
        if (!stays(c, i) || *said_at(c, i) != 0 || !enough_stay(c, i))
            continue;
        if (!is_restored(c, hf__check_owner(c, &n->account)) && !waits_for_a_floor(c, i))
            hf__violate(w, i, "restored",
                        "%u s after n%u said that it leaves n%u has not n shares with who stays",
                        (unsigned)((w->now_us - at_us) / 1000000), leaver, i);
    }
}

/* A release that was thrown away before it came up: what it had of a member lies under the member's
 * vault key, as on any disk that a host has copied, and the member itself goes on. */
static bool never_came_up(const struct hf__checks *c, const struct hf__node *n)
{
    return n->gone && n->takes_over >= 0 && !hf__node(c->world, (uint32_t)n->takes_over)->gone;
}

/* Shares of a sharing on disks of those who keep to what they say. */
static uint32_t shares_left(const struct hf__checks *c, const struct hf__sharing *s)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct hf__node *holder = hf__node(c->world, s->holders[i]);
        if (!s->emptied[i] && !holder->corrupt && !holder->tainted && !never_came_up(c, holder))
            seen |= UINT32_C(1) << s->indices[i];
    }
    return (uint32_t)__builtin_popcount(seen);
}

/* Which generation is meant says its id: forks have dealings of one number. */
void hf__check_retired(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    const struct hf_account *account = hf__check_account(c, node);
    if (account == NULL || hf__node(c->world, node)->corrupt)
        return;
    const struct hf__sharing *s = hf__check_sharing(hf__check_owner(c, account), t->hash.bytes);
    uint32_t left = s == NULL ? 0 : shares_left(c, s);
    if (s != NULL && left >= s->k)
        hf__violate(c->world, node, "retired",
                    "n%u calls generation %u retired, of which %u shares are left", node, s->number,
                    left);
}
