/*
 * What a seed of the swarm draws: a small network, how its lines, disks and clocks are, and a
 * timeline of faults. Each kind of fault is in or out of a run as a whole, so that runs differ in
 * character (as in TigerBeetle's VOPR and in swarm testing). Faults leave enough survivors: at any
 * time at most n - k nodes are down by the same action.
 */
#include "scenario/scenario.h"

#include "hostile/strategy.h"
#include "scenario/schedule.h"
#include "world/world.h"

#include "wire/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Every draw has a stream of its own, named after what it is for: a setting after its field, an
 * event after its name and number, a strategy after its name. So a setting, a kind of event or a
 * strategy that is new leaves what a seed draws otherwise as it was; only a seed that draws the new
 * one is another. For this no chance depends on how many kinds there are, and a strategy draws
 * alone whether it takes part.
 */
struct drawing {
    uint64_t seed;
    struct hf__stream r;
    struct hf__scenario *s;
    struct hf__action *actions;
    size_t count, cap;
};

/* From here on draws are for this purpose; which: one of several for it. */
static void purpose(struct drawing *d, const char *kind, const char *name, uint64_t which)
{
    char text[96];
    snprintf(text, sizeof text, "swarm %s %s", kind, name);
    hf__stream_init(&d->r, d->seed, text, which);
}

static uint64_t between(struct drawing *d, uint64_t low, uint64_t high)
{
    return low + hf__draw_below(&d->r, high - low + 1);
}

static bool maybe(struct drawing *d, double chance)
{
    return hf__draw_unit(&d->r) < chance;
}

/* The same, each with a stream of its own for a field of the scenario. */
static uint64_t field(struct drawing *d, const char *name, uint64_t low, uint64_t high)
{
    purpose(d, "field", name, 0);
    return between(d, low, high);
}

/* Whether a field has anything but its usual value; what that is may be drawn next. */
static bool field_maybe(struct drawing *d, const char *name, double chance)
{
    purpose(d, "field", name, 0);
    return maybe(d, chance);
}

static void draw_network(struct drawing *d, struct hf_world_network *n)
{
    n->latency = (enum hf_world_latency)field(d, "network.latency", 0, 2);
    n->bandwidth = field_maybe(d, "network.bandwidth", 0.3) ? between(d, 50000, 10000000) : 0;
    n->one_way = (struct hf_world_duration){field(d, "network.one_way", 50, 20000), 0.4};
    n->region_sigma = 0.1;
    n->held_back = (struct hf_world_duration){field(d, "network.held_back", 1000, 200000), 1};
    n->resend_us = field_maybe(d, "network.resend", 0.5) ? 200000 : 0;
    n->handshakes = field_maybe(d, "network.handshakes", 0.5);
}

static void draw_policy(struct drawing *d, struct hf_world_policy *p)
{
    static const struct {
        uint8_t n, k;
    } shapes[] = {{3, 2}, {3, 2}, {4, 3}, {5, 3}, {7, 4}, {2, 2}, {1, 1}};
    size_t shape = field(d, "policy.shares", 0, HF_ARRAY_LEN(shapes) - 1);
    p->n = shapes[shape].n;
    p->k = shapes[shape].k;
    p->q = (uint8_t)field(d, "policy.claim_quorum", hf__claim_quorum(p), p->n);
    p->domain_rule = (uint8_t)field(d, "policy.domain_rule", 0, HF_DOMAIN_NONE);
    p->holder_grace_s = field_maybe(d, "policy.holder_grace", 0.4) ? between(d, 1, 20) : 600;
}

static void draw_world(struct drawing *d)
{
    struct hf_world_settings *w = &d->s->world;
    draw_policy(d, &w->policy);
    d->s->nodes = (uint32_t)field(d, "nodes", w->policy.n + 2u, w->policy.n + 8u);
    w->zones = (uint32_t)field(d, "zones", 1, 4);
    w->operators =
        field_maybe(d, "operators", 0.3) ? (uint32_t)between(d, w->policy.n + 1u, d->s->nodes) : 0;
    draw_network(d, &w->network);
    w->storage.write = (struct hf_world_duration){field(d, "storage.write", 0, 20000), 0.5};
    w->storage.survives = field_maybe(d, "storage.survives", 0.5) ? 0.5 : 0;
    w->attestation.quote =
        (struct hf_world_duration){field(d, "attestation.quote", 100, 300000), 0.5};
    w->attestation.judge =
        (struct hf_world_duration){field(d, "attestation.judge", 100, 20000), 0.5};
    w->attestation.quote_fails = field_maybe(d, "attestation.quote_fails", 0.1) ? 0.1 : 0;
    w->attestation.judge_fails = field_maybe(d, "attestation.judge_fails", 0.1) ? 0.1 : 0;
    w->clocks.drift_ppm_max = field_maybe(d, "clocks.drift_ppm", 0.5) ? 200 : 0;
    w->clocks.offset_ms_max = field_maybe(d, "clocks.offset", 0.5) ? 20000 : 0;
    w->authority.issue_us = field(d, "authority.issue", 1000, 5000000);
    w->authority.old_vaults = field_maybe(d, "authority.old_vaults", 0.3);
    w->costs = field_maybe(d, "costs", 0.5);
}

static struct hf__action *add(struct drawing *d, int kind)
{
    d->actions = hf__grow(d->actions, d->count, &d->cap, sizeof *d->actions);
    struct hf__action *a = &d->actions[d->count++];
    *a = hf__action_of(kind);
    a->at_us = between(d, 0, d->s->for_us);
    if (hf__action_lasts(kind))
        a->for_us = between(d, 1000, d->s->for_us / 4);
    return a;
}

/* Whether there are operators enough for as many shares as a policy's text asks for: no authority
 * would sign one that its network cannot keep, and no node would take the set. */
static bool suffices(const struct hf__scenario *s, const char *text)
{
    struct hf_policy p = {.shares = s->world.policy.n, .threshold = s->world.policy.k};
    uint32_t operators = s->world.operators > 0 ? s->world.operators : s->nodes;
    return !hf__policy_from_text(text, &p, &p) || p.shares < operators;
}

/* Fills in what the action needs. */
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
        "tcb_accepted=32 sealing_suites=6",
        "shares_held_max=65535 holder_grace_s=900",
        "quote_age_max_s=60 rotation_pending_s=2 rotation_active_s=60 rotation_expired_s=60",
    };
    static const char *const people[] = {"2 of 3", "3 of 5", "1 of 1", "4 of 4"};
    static const double jumps_s[] = {-86400 * 400.0, -3600, -60, 60, 3600, 86400 * 30.0};
    uint32_t few = p->n > p->k ? (uint32_t)(p->n - p->k) : 1;
    if (hf__action_aim(a->kind) != HF__AIM_NETWORK)
        a->count = (int64_t)between(d, 1, few);
    switch (a->kind) {
    case HF__ACTION_ROLLING:
        a->count = HF__NOT_GIVEN;
        a->share = maybe(d, 0.5) ? 0.5 : 1;
        a->for_us = between(d, 1000, 2000000);
        a->every_us = between(d, 2000000, 8000000);
        return;
    case HF__ACTION_FLAP:
        a->every_us = between(d, 100000, 5000000);
        return;
    case HF__ACTION_LOSS:
    case HF__ACTION_DUPLICATE:
    case HF__ACTION_REORDER:
    case HF__ACTION_JUDGE_FAIL:
        a->value = (double)between(d, 1, 50) / 100;
        return;
    case HF__ACTION_SLOW:
        a->value = (double)between(d, 2, 200);
        return;
    case HF__ACTION_CLOCK:
        a->value = jumps_s[hf__draw_below(&d->r, HF_ARRAY_LEN(jumps_s))];
        return;
    case HF__ACTION_CRASH_WRITE:
    case HF__ACTION_TORN_WRITE:
    case HF__ACTION_HANDOVER:
        a->value = (double)between(d, 0, 6);
        return;
    case HF__ACTION_LEAVE_SOON:
    case HF__ACTION_QUOTE_SLOW:
        a->value = (double)between(d, 2, 30);
        return;
    case HF__ACTION_TCB:
        a->text = maybe(d, 0.5) ? "revoked" : "out-of-date";
        return;
    case HF__ACTION_POLICY:
        a->text = policies[hf__draw_below(&d->r, HF_ARRAY_LEN(policies))];
        if (!suffices(d->s, a->text))
            a->text = "";
        return;
    case HF__ACTION_HOLDERS:
    case HF__ACTION_RESHARD:
        a->text = people[hf__draw_below(&d->r, HF_ARRAY_LEN(people))];
        return;
    case HF__ACTION_KEY:
        a->count = HF__NOT_GIVEN;
        a->text = "tss-db";
        return;
    default:;
    }
}

static const struct hf__kind kinds[] = {
    {HF__ACTION_CRASH, 0.8, 8},       {HF__ACTION_CRASH_WRITE, 0.6, 8},
    {HF__ACTION_ROLLING, 0.2, 1},     {HF__ACTION_PAUSE, 0.3, 4},
    {HF__ACTION_SLOW, 0.3, 3},        {HF__ACTION_ISOLATE, 0.4, 4},
    {HF__ACTION_DEAF, 0.3, 3},        {HF__ACTION_MUTE, 0.3, 3},
    {HF__ACTION_PARTITION, 0.3, 2},   {HF__ACTION_FLAP, 0.2, 1},
    {HF__ACTION_LOSS, 0.5, 3},        {HF__ACTION_DUPLICATE, 0.4, 2},
    {HF__ACTION_REORDER, 0.4, 2},     {HF__ACTION_BREAK, 0.3, 6},
    {HF__ACTION_CLOCK, 0.3, 4},       {HF__ACTION_DISK_FULL, 0.3, 3},
    {HF__ACTION_DISK_STALL, 0.3, 3},  {HF__ACTION_CORRUPT, 0.2, 2},
    {HF__ACTION_TORN_WRITE, 0.2, 2},  {HF__ACTION_QUOTE_FAIL, 0.2, 2},
    {HF__ACTION_JUDGE_FAIL, 0.2, 2},  {HF__ACTION_QUOTE_SLOW, 0.2, 2},
    {HF__ACTION_TCB, 0.2, 2},         {HF__ACTION_HEAL, 0.05, 1},
    {HF__ACTION_POLICY, 0.3, 3},      {HF__ACTION_SET, 0.4, 3},
    {HF__ACTION_ROOT, 0.15, 1},       {HF__ACTION_JOIN, 0.3, 2},
    {HF__ACTION_KEY, 0.9, 4},         {HF__ACTION_DRILL, 0.4, 3},
    {HF__ACTION_POWER_OFF, 0.3, 4},   {HF__ACTION_DRAIN, 0.2, 2},
    {HF__ACTION_STALE, 0.1, 1},       {HF__ACTION_REMOVE, 0.2, 2},
    {HF__ACTION_FLOOR, 0.3, 4},       {HF__ACTION_LEAVE, 0.3, 3},
    {HF__ACTION_LOSE_FOLDER, 0.1, 1}, {HF__ACTION_HOLDERS, 0.1, 2},
    {HF__ACTION_RESHARD, 0.15, 3},    {HF__ACTION_BLACKSTART, 0.2, 4},
    {HF__ACTION_LEAVE_SOON, 0.2, 2},  {HF__ACTION_HANDOVER, 0.2, 2},
};

const struct hf__kinds hf__kinds = {.items = kinds, .count = HF_ARRAY_LEN(kinds)};

static void draw_events(struct drawing *d, const struct hf__kinds *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct hf__kind *kind = &all->items[i];
        const char *name = hf__action_name(kind->action);
        purpose(d, "event", name, 0);
        if (!maybe(d, kind->chance * 0.6))
            continue;
        uint64_t count = between(d, 1, kind->max);
        for (uint64_t j = 1; j <= count; j++) {
            purpose(d, "event", name, j);
            detail(d, add(d, kind->action));
        }
    }
}

/* A strategy that may take part, and how eager it is: 0 the most, STRATEGY_CHANCE the least. */
struct eager {
    const struct hf__strategy *strategy;
    double eagerness;
};

enum { STRATEGIES_AT_ONCE = 2 };
#define STRATEGY_CHANCE (1.0 / 30)

static int by_eagerness(const void *a, const void *b)
{
    const struct eager *x = a, *y = b;
    if (x->eagerness < y->eagerness || x->eagerness > y->eagerness)
        return x->eagerness < y->eagerness ? -1 : 1;
    return strcmp(x->strategy->name, y->strategy->name);
}

/* f: so many holders of one owner may forget what they promised without harm. */
static uint32_t forgivable(uint32_t n, uint32_t q)
{
    hf_assert(q <= n && 2 * q > n);
    return 2 * q - n - 1;
}

/* How many holders of one owner may be corrupt without stopping it, and how many may forget, by the
 * least of all policies that the run will see. The events are drawn already. */
struct bounds {
    uint32_t corrupt, forgetful;
};

static struct bounds withstood(const struct drawing *d)
{
    const struct hf_world_policy *p = &d->s->world.policy;
    const struct hf_policy first = {.shares = p->n, .threshold = p->k, .claim_quorum = p->q};
    struct bounds least = {.corrupt = (uint32_t)(p->n - p->k), .forgetful = forgivable(p->n, p->q)};
    for (size_t i = 0; i < d->count; i++) {
        struct hf_policy later;
        if (d->actions[i].kind != HF__ACTION_POLICY ||
            !hf__policy_from_text(d->actions[i].text, &first, &later))
            continue;
        uint32_t f = forgivable((uint32_t)later.shares, (uint32_t)later.claim_quorum);
        uint32_t spare = (uint32_t)(later.shares - later.threshold);
        least.forgetful = f < least.forgetful ? f : least.forgetful;
        least.corrupt = spare < least.corrupt ? spare : least.corrupt;
    }
    return least;
}

/* Who would take part if there were room for all. Each draws for itself. */
static size_t list_eager(struct drawing *d, const struct hf__strategy *const *all,
                         struct eager ret[static HF__STRATEGIES_MAX])
{
    const struct bounds b = withstood(d);
    size_t count = 0;
    for (; *all != NULL; all++) {
        const struct hf__strategy *s = *all;
        purpose(d, "strategy", s->name, 0);
        double eagerness = hf__draw_unit(&d->r);
        /* Every promise must hold all the same. Of n of n a corrupt one may stop its owners. */
        bool fits = (!s->corrupts || b.corrupt > 0) && (!s->forgets || b.forgetful > 0);
        if (eagerness >= STRATEGY_CHANCE || !fits)
            continue;
        hf_assert(count < HF__STRATEGIES_MAX);
        ret[count++] = (struct eager){.strategy = s, .eagerness = eagerness};
    }
    if (count > 0)
        qsort(ret, count, sizeof *ret, by_eagerness);
    return count;
}

static void follow(struct drawing *d, const struct hf__strategy *s)
{
    const struct bounds b = withstood(d);
    purpose(d, "strategy", s->name, 1);
    struct hf__action *a = add(d, HF__ACTION_HOSTILE);
    a->text = s->name;
    a->count = s->corrupts ? (int64_t)between(d, 1, b.corrupt) : 1;
    a->for_us = between(d, d->s->for_us / 8, d->s->for_us);
    if (s->forgets) {
        purpose(d, "strategy", s->name, 3);
        a->count = (int64_t)between(d, 1, b.forgetful);
    }
    /* Many wait for a node to recover. */
    uint64_t at_us = a->at_us, for_us = a->for_us;
    purpose(d, "strategy", s->name, 2);
    if (!maybe(d, 0.5))
        return;
    a = add(d, HF__ACTION_ROLLING);
    detail(d, a);
    a->at_us = at_us + between(d, 0, for_us);
    a->at_us = a->at_us > d->s->for_us ? d->s->for_us : a->at_us;
}

static void draw_hostile(struct drawing *d, const struct hf__strategy *const *all)
{
    struct eager eager[HF__STRATEGIES_MAX];
    size_t count = list_eager(d, all, eager);
    unsigned room = STRATEGIES_AT_ONCE;
    bool corrupt = false, forgetful = false;
    for (size_t i = 0; i < count && room > 0; i++) {
        const struct hf__strategy *s = eager[i].strategy;
        bool more = s->corrupts || s->conspires;
        if ((more && corrupt) || (s->forgets && forgetful))
            continue; /* two kinds at once could be too many */
        corrupt = corrupt || more;
        forgetful = forgetful || s->forgets;
        follow(d, s);
        room--;
    }
}

/* More than n - k at once, as when power fails: survivors suffice, or they do not. */
static void draw_outage(struct drawing *d)
{
    const struct hf_world_policy *p = &d->s->world.policy;
    purpose(d, "event", "outage", 0);
    if (!maybe(d, 0.1))
        return;
    bool power = maybe(d, 0.5);
    struct hf__action *a = add(d, power ? HF__ACTION_POWER_OFF : HF__ACTION_CRASH);
    a->count = (int64_t)between(d, p->n - p->k + 1u, d->s->nodes);
    a->for_us = between(d, 1000, 5000000);
}

/* All stop at once, after which people open some or all. */
static void draw_power_cut(struct drawing *d)
{
    purpose(d, "event", "power cut", 0);
    if (!maybe(d, 0.1))
        return;
    uint64_t half = d->s->for_us / 2;
    struct hf__action *a = add(d, HF__ACTION_HOLDERS);
    detail(d, a);
    a->at_us = between(d, 0, half);
    a = add(d, HF__ACTION_CRASH);
    a->at_us = half + between(d, 0, half / 2);
    a->for_us = between(d, 1000, 1000000);
    uint64_t back_us = a->at_us + a->for_us;
    for (uint64_t left = between(d, 1, 3); left > 0; left--) {
        a = add(d, HF__ACTION_BLACKSTART);
        a->at_us = back_us + between(d, 0, half / 2);
        if (maybe(d, 0.5))
            a->count = (int64_t)between(d, 1, d->s->nodes);
    }
}

/* One that is down for long, and holders that leave meanwhile: what it left with them moves. */
static void draw_sleeper(struct drawing *d)
{
    const struct hf_world_policy *p = &d->s->world.policy;
    purpose(d, "event", "sleeper", 0);
    if (!maybe(d, 0.1))
        return;
    /* There must be others to move to, and time. */
    d->s->nodes += (uint32_t)between(d, 2, 5);
    d->s->for_us += 30000000;
    struct hf__action *a = add(d, maybe(d, 0.5) ? HF__ACTION_POWER_OFF : HF__ACTION_CRASH);
    a->count = (int64_t)between(d, 1, 2);
    a->at_us = between(d, d->s->for_us / 8, d->s->for_us / 3);
    a->for_us = between(d, d->s->for_us / 2, d->s->for_us);
    uint64_t leavers = between(d, 1, p->n > p->k ? (uint64_t)(p->n - p->k) : 1);
    for (uint64_t i = 0; i < leavers; i++) {
        a = add(d, HF__ACTION_LEAVE_SOON);
        a->count = 1;
        a->value = (double)between(d, 0, d->s->for_us / 8000000);
        a->at_us = between(d, d->s->for_us / 4, d->s->for_us * 3 / 4);
    }
}

/* One that is down for long, and members that the authority removes meanwhile: what they held of it
 * is restored. */
static void draw_bereft(struct drawing *d)
{
    purpose(d, "event", "bereft", 0);
    if (!maybe(d, 0.1))
        return;
    d->s->nodes += (uint32_t)between(d, 2, 5);
    d->s->for_us += 90000000;
    d->s->world.policy.holder_grace_s = between(d, 1, 20);
    struct hf__action *a = add(d, HF__ACTION_POWER_OFF);
    a->count = (int64_t)between(d, 1, 2);
    a->at_us = between(d, d->s->for_us / 8, d->s->for_us / 3);
    a->for_us = between(d, d->s->for_us / 2, d->s->for_us);
    a = add(d, HF__ACTION_REMOVE);
    a->count = (int64_t)between(d, 1, 2);
    a->at_us = between(d, d->s->for_us / 4, d->s->for_us / 2);
}

/* A new release, until the old one is no longer accepted. */
static void draw_release(struct drawing *d)
{
    purpose(d, "event", "release", 0);
    if (!maybe(d, 0.1))
        return;
    uint64_t third = d->s->for_us / 3;
    for (int i = 0; i < 3; i++) {
        static const int steps[] = {HF__ACTION_ACCEPT, HF__ACTION_UPGRADE, HF__ACTION_WITHDRAW};
        struct hf__action *a = add(d, steps[i]);
        /* All have had their turn when the old one is withdrawn. */
        a->at_us = (uint64_t)i * third + between(d, 0, third / 2);
        a->for_us = i == 1 ? between(d, 1000, 2000000) : 0;
        a->within_us = i == 1 ? third / 2 : 0;
        a->value = i == 0 ? 2 : 0;
        a->text = i == 2 ? "holdfast-1" : "holdfast-2";
    }
}

/* In the order of time. What is due at once has an order that depends on nothing else. */
static int by_time(const void *a, const void *b)
{
    const struct hf__action *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind - y->kind;
    if (x->for_us != y->for_us)
        return x->for_us < y->for_us ? -1 : 1;
    return strcmp(x->text, y->text);
}

void hf__scenario_draw_from(uint64_t seed, const struct hf__kinds *kinds_of,
                            const struct hf__strategy *const *strategies, struct hf__scenario *ret)
{
    struct drawing d = {.s = ret, .seed = seed};
    memset(ret, 0, sizeof *ret);
    hf_world_settings_init(&ret->world);
    ret->title = "drawn by a seed";
    ret->world.seed = seed;
    ret->world.traces = false;
    ret->for_us =
        (field_maybe(&d, "for", 0.1) ? between(&d, 60, 300) : between(&d, 5, 60)) * 1000000;
    ret->settle_us = UINT64_C(1800000000);
    ret->keys_every_us = 0;
    draw_world(&d);
    ret->spread_us = field_maybe(&d, "start_within", 0.5) ? between(&d, 1, 5000000) : 0;
    draw_events(&d, kinds_of);
    draw_outage(&d);
    draw_power_cut(&d);
    draw_sleeper(&d);
    draw_bereft(&d);
    draw_release(&d);
    draw_hostile(&d, strategies);
    if (d.count > 0)
        qsort(d.actions, d.count, sizeof *d.actions, by_time);
    ret->actions.items = d.actions;
    ret->actions.count = d.count;
}

void hf__scenario_draw(uint64_t seed, struct hf__scenario *ret)
{
    hf__scenario_draw_from(seed, &hf__kinds, hf__strategies, ret);
}
