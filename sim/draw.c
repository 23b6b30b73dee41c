/*
 * What a seed of the swarm draws: a small network, how its lines, disks and clocks are, and a
 * timeline of faults. Each kind of fault is in or out of a run as a whole, so that runs differ in
 * character (as in TigerBeetle's VOPR and in swarm testing). Faults leave enough survivors: at any
 * time at most n - k nodes are down by the same deed.
 */
#include "scenario.h"

#include "inside.h"

#include "strategy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct drawing {
    struct hf__stream r;
    struct hf__scenario *s;
    struct hf__action *actions;
    size_t count, cap;
};

static uint64_t between(struct drawing *d, uint64_t low, uint64_t high)
{
    return low + hf__draw_below(&d->r, high - low + 1);
}

static bool maybe(struct drawing *d, double chance)
{
    return hf__draw_unit(&d->r) < chance;
}

static void draw_world(struct drawing *d)
{
    static const struct {
        uint8_t n, k;
    } shapes[] = {{3, 2}, {3, 2}, {4, 3}, {5, 3}, {7, 4}, {2, 2}, {1, 1}};
    struct hf_world_settings *w = &d->s->world;
    size_t shape = hf__draw_below(&d->r, HF_ARRAY_LEN(shapes));
    w->policy.n = shapes[shape].n;
    w->policy.k = shapes[shape].k;
    d->s->nodes = (uint32_t)between(d, w->policy.n + 2u, w->policy.n + 8u);
    w->zones = (uint32_t)between(d, 1, 4);
    w->policy.domain_rule = (uint8_t)between(d, 0, 2);
    w->policy.holder_grace_s = maybe(d, 0.4) ? between(d, 1, 20) : 600;
    w->operators = maybe(d, 0.3) ? (uint32_t)between(d, w->policy.n + 1u, d->s->nodes) : 0;
    w->network.latency = (enum hf_world_latency)hf__draw_below(&d->r, 3);
    w->network.bandwidth = maybe(d, 0.3) ? between(d, 50000, 10000000) : 0;
    w->network.one_way = (struct hf_world_duration){between(d, 50, 20000), 0.4};
    w->network.region_sigma = 0.1;
    w->network.held_back = (struct hf_world_duration){between(d, 1000, 200000), 1};
    w->network.handshakes = maybe(d, 0.5);
    w->storage.write = (struct hf_world_duration){between(d, 0, 20000), 0.5};
    w->storage.survives = maybe(d, 0.5) ? 0.5 : 0;
    w->attestation.quote = (struct hf_world_duration){between(d, 100, 300000), 0.5};
    w->attestation.judge = (struct hf_world_duration){between(d, 100, 20000), 0.5};
    w->attestation.quote_fails = maybe(d, 0.1) ? 0.1 : 0;
    w->attestation.judge_fails = maybe(d, 0.1) ? 0.1 : 0;
    w->clocks.drift_ppm_max = maybe(d, 0.5) ? 200 : 0;
    w->clocks.offset_ms_max = maybe(d, 0.5) ? 20000 : 0;
    w->authority.issue_us = between(d, 1000, 5000000);
    w->costs = maybe(d, 0.5);
}

static struct hf__action *add(struct drawing *d, int deed)
{
    d->actions = hf__grow(d->actions, d->count, &d->cap, sizeof(*d->actions));
    struct hf__action *a = &d->actions[d->count++];
    *a = (struct hf__action){.deed = deed, .node = -1, .zone = -1, .text = ""};
    a->at_us = between(d, 0, d->s->for_us);
    if (hf__deed_lasts(deed))
        a->for_us = between(d, 1000, d->s->for_us / 4);
    return a;
}

/* Fills in what the deed needs. */
static void detail(struct drawing *d, struct hf__action *a)
{
    const struct hf_world_policy *p = &d->s->world.policy;
    static const char *const policies[] = {
        "",
        "holder_grace_s=30",
        "quote_age_max_s=600",
        "domain_rule=2",
        "shares=2 threshold=2",
        "shares=1 threshold=1",
        "platform_rule=1",
        "tcb_accepted=32",
        "shares_held_max=65535 holder_grace_s=900",
    };
    static const double jumps_s[] = {-86400 * 400.0, -3600, -60, 60, 3600, 86400 * 30.0};
    uint32_t few = p->n > p->k ? (uint32_t)(p->n - p->k) : 1;
    a->count = (uint32_t)between(d, 1, few);
    switch (a->deed) {
    case HF__DEED_ROLLING:
        a->count = 0;
        a->share = maybe(d, 0.5) ? 0.5 : 1;
        a->for_us = between(d, 1000, 2000000);
        a->every_us = between(d, 2000000, 8000000);
        return;
    case HF__DEED_FLAP:
        a->every_us = between(d, 100000, 5000000);
        return;
    case HF__DEED_LOSS:
    case HF__DEED_DUPLICATE:
    case HF__DEED_REORDER:
    case HF__DEED_JUDGE_FAIL:
        a->count = 0;
        a->value = (double)between(d, 1, 50) / 100;
        return;
    case HF__DEED_SLOW:
        a->value = (double)between(d, 2, 200);
        return;
    case HF__DEED_CLOCK:
        a->value = jumps_s[hf__draw_below(&d->r, HF_ARRAY_LEN(jumps_s))];
        return;
    case HF__DEED_CRASH_WRITE:
    case HF__DEED_TORN_WRITE:
        a->value = (double)between(d, 0, 6);
        return;
    case HF__DEED_QUOTE_SLOW:
        a->count = 0;
        a->value = (double)between(d, 2, 30);
        return;
    case HF__DEED_TCB:
        a->text = maybe(d, 0.5) ? "revoked" : "out-of-date";
        return;
    case HF__DEED_POLICY:
        a->text = policies[hf__draw_below(&d->r, HF_ARRAY_LEN(policies))];
        return;
    case HF__DEED_KEY:
        a->count = d->s->nodes;
        a->text = "tss-db";
        return;
    default:
        return;
    }
}

/* Kinds of faults that a run may have, with how many of each. */
static const struct {
    int deed;
    double chance;
    unsigned max;
} kinds[] = {
    {HF__DEED_CRASH, 0.8, 8},      {HF__DEED_CRASH_WRITE, 0.6, 8}, {HF__DEED_ROLLING, 0.2, 1},
    {HF__DEED_PAUSE, 0.3, 4},      {HF__DEED_SLOW, 0.3, 3},        {HF__DEED_ISOLATE, 0.4, 4},
    {HF__DEED_DEAF, 0.3, 3},       {HF__DEED_MUTE, 0.3, 3},        {HF__DEED_PARTITION, 0.3, 2},
    {HF__DEED_FLAP, 0.2, 1},       {HF__DEED_LOSS, 0.5, 3},        {HF__DEED_DUPLICATE, 0.4, 2},
    {HF__DEED_REORDER, 0.4, 2},    {HF__DEED_BREAK, 0.3, 6},       {HF__DEED_CLOCK, 0.3, 4},
    {HF__DEED_DISK_FULL, 0.3, 3},  {HF__DEED_DISK_STALL, 0.3, 3},  {HF__DEED_CORRUPT, 0.2, 2},
    {HF__DEED_TORN_WRITE, 0.2, 2}, {HF__DEED_QUOTE_FAIL, 0.2, 2},  {HF__DEED_JUDGE_FAIL, 0.2, 2},
    {HF__DEED_QUOTE_SLOW, 0.2, 2}, {HF__DEED_TCB, 0.2, 2},         {HF__DEED_HEAL, 0.05, 1},
    {HF__DEED_POLICY, 0.3, 3},     {HF__DEED_SET, 0.4, 3},         {HF__DEED_ROOT, 0.15, 1},
    {HF__DEED_JOIN, 0.3, 2},       {HF__DEED_KEY, 0.9, 4},         {HF__DEED_DRILL, 0.4, 3},
    {HF__DEED_DRAIN, 0.2, 2},      {HF__DEED_STALE, 0.1, 1},
};

static void draw_hostile(struct drawing *d)
{
    const struct hf_world_policy *p = &d->s->world.policy;
    size_t all = 0;
    bool corrupt = false;
    while (hf__strategies[all] != NULL)
        all++;
    for (int i = 0; i < 2; i++) {
        const struct hf__strategy *s = hf__strategies[hf__draw_below(&d->r, all)];
        uint32_t few = p->n - p->k > 1 ? (uint32_t)(p->n - p->k) : 1;
        if (!maybe(d, 0.4))
            continue;
        /* n of n: every holder is needed, and a corrupt one may always stop its owners. Two kinds
         * at once could be too many. */
        if ((s->corrupts && p->n == p->k) || ((s->corrupts || s->conspires) && corrupt))
            continue;
        corrupt = corrupt || s->corrupts || s->conspires;
        struct hf__action *a = add(d, HF__DEED_HOSTILE);
        a->text = s->name;
        a->count = s->corrupts ? (uint32_t)between(d, 1, few) : 1;
        a->for_us = between(d, d->s->for_us / 8, d->s->for_us);
        /* Many wait for somebody to recover. */
        uint64_t at_us = a->at_us, for_us = a->for_us;
        if (!maybe(d, 0.5))
            continue;
        a = add(d, HF__DEED_ROLLING);
        detail(d, a);
        a->at_us = at_us + between(d, 0, for_us);
        a->at_us = a->at_us > d->s->for_us ? d->s->for_us : a->at_us;
    }
}

/* More than n - k at once, as when power fails: survivors suffice, or they do not. */
static void draw_outage(struct drawing *d)
{
    const struct hf_world_policy *p = &d->s->world.policy;
    if (!maybe(d, 0.1))
        return;
    struct hf__action *a = add(d, HF__DEED_CRASH);
    a->count = (uint32_t)between(d, p->n - p->k + 1u, d->s->nodes);
    a->for_us = between(d, 1000, 5000000);
}

/* A new release, until the old one is no longer accepted. */
static void draw_release(struct drawing *d)
{
    if (!maybe(d, 0.1))
        return;
    uint64_t third = d->s->for_us / 3;
    for (int i = 0; i < 3; i++) {
        static const int steps[] = {HF__DEED_ACCEPT, HF__DEED_UPGRADE, HF__DEED_WITHDRAW};
        struct hf__action *a = add(d, steps[i]);
        /* All have had their turn when the old one is withdrawn. */
        a->at_us = (uint64_t)i * third + between(d, 0, third / 2);
        a->for_us = i == 1 ? between(d, 1000, 2000000) : 0;
        a->within_us = i == 1 ? third / 2 : 0;
        a->value = i == 0 ? 2 : 0;
        a->text = i == 2 ? "holdfast-1" : "holdfast-2";
    }
}

static int by_time(const void *a, const void *b)
{
    const struct hf__action *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    return x->deed - y->deed;
}

void hf__scenario_draw(uint64_t seed, struct hf__scenario *ret)
{
    struct drawing d = {.s = ret};
    memset(ret, 0, sizeof(*ret));
    hf__stream_init(&d.r, seed, HF__FOR_SWARM, 0);
    hf_world_settings_init(&ret->world);
    ret->title = "drawn by a seed";
    ret->world.seed = seed;
    ret->world.traces = false;
    ret->for_us = (maybe(&d, 0.1) ? between(&d, 60, 300) : between(&d, 5, 60)) * 1000000;
    ret->settle_us = UINT64_C(1800000000);
    ret->keys_every_us = 0;
    draw_world(&d);
    if (maybe(&d, 0.5))
        ret->spread_us = between(&d, 1, 5000000);
    for (size_t i = 0; i < HF_ARRAY_LEN(kinds); i++) {
        if (!maybe(&d, kinds[i].chance * 0.6))
            continue;
        uint64_t count = between(&d, 1, kinds[i].max);
        for (uint64_t j = 0; j < count; j++)
            detail(&d, add(&d, kinds[i].deed));
    }
    draw_outage(&d);
    draw_release(&d);
    draw_hostile(&d);
    if (d.count > 0)
        qsort(d.actions, d.count, sizeof(*d.actions), by_time);
    ret->actions.items = d.actions;
    ret->actions.count = d.count;
}
