#include "scenario/churn.h"

#include "scenario/action.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A node, of one process: when it began to live, and when its fault is due. */
struct clock {
    struct hf__stream r;
    uint64_t born_us, due_us; /* due_us UINT64_MAX: never again */
    uint64_t up_us;           /* the process has it down until then; 0: it does not */
};

/* Clocks of one process: of JOIN one, else one for each node that has started. */
struct process {
    struct clock *clocks;
    size_t count, cap;
};

struct hf__churning {
    struct hf_world *world;
    const struct hf__churn *rows;
    size_t count;
    struct process processes[HF__CHURN_MAX];
    struct hf__schedule alone; /* of no events: what a single action needs */
    uint32_t observer;
    bool ended;
};

/* Marks of wakes: a clock, or a node that replaces another. */
enum { NODE_BITS = 20, MARK_JOIN = HF__CHURN_MAX << NODE_BITS };
static_assert(HF__NODES_MAX <= 1 << NODE_BITS && MARK_JOIN < 1 << 24, "a mark names each clock");

bool hf__churn_can(int kind)
{
    return kind == HF__ACTION_JOIN || kind == HF__ACTION_LEAVE || hf__churn_harms(kind);
}

bool hf__churn_harms(int kind)
{
    return kind == HF__ACTION_CRASH || kind == HF__ACTION_POWER_OFF || kind == HF__ACTION_REMOVE ||
           kind == HF__ACTION_LOSE_FOLDER;
}

static uint64_t to_us(double us)
{
    return us < 0x1p62 ? (uint64_t)us : UINT64_C(1) << 62;
}

/* Uniform above 0, up to 1. */
static double draw_above_zero(struct hf__stream *r)
{
    return 1 - hf__draw_unit(r);
}

uint64_t hf__churn_draw(struct hf__stream *r, const struct hf__churn *c, uint64_t age_us)
{
    /* P(T > t) = exp(-(t / scale)^shape), whose mean is scale * gamma(1 + 1 / shape). */
    double scale = (double)c->mean_us / tgamma(1 + 1 / c->shape);
    double spent = pow((double)age_us / scale, c->shape);
    double ends = scale * pow(spent - log(draw_above_zero(r)), 1 / c->shape);
    return ends > (double)age_us ? to_us(ends - (double)age_us) : 0;
}

static void wake_at(struct hf__churning *c, size_t process, size_t clock, uint64_t at_us)
{
    hf__wake(c->world, c->observer, (uint32_t)(process << NODE_BITS | clock), at_us);
}

static void arm(struct hf__churning *c, size_t process, size_t clock, uint64_t now_us)
{
    const struct hf__churn *row = &c->rows[process];
    struct clock *k = &c->processes[process].clocks[clock];
    uint64_t from_us = k->born_us > now_us ? k->born_us : now_us;
    k->due_us = from_us + hf__churn_draw(&k->r, row, from_us - k->born_us);
    wake_at(c, process, clock, k->due_us);
}

/* When it is up again: a time without a memory, so that what is left of it is drawn alike. */
static uint64_t draw_up(struct hf__churning *c, size_t process, size_t clock)
{
    struct clock *k = &c->processes[process].clocks[clock];
    double down_us = -log(draw_above_zero(&k->r)) * (double)c->rows[process].for_us;
    k->up_us = c->world->now_us + to_us(down_us);
    wake_at(c, process, clock, k->up_us);
    return k->up_us;
}

/* How many rows before it are of the same action: they have streams of other numbers. */
static uint64_t twins_before(const struct hf__churning *c, size_t process)
{
    uint64_t count = 0;
    for (size_t i = 0; i < process; i++)
        count += c->rows[i].kind == c->rows[process].kind;
    return count;
}

static void draw_from(const struct hf__churning *c, size_t process, size_t clock,
                      struct hf__stream *ret)
{
    char purpose[64];
    snprintf(purpose, sizeof purpose, "churn %s", hf__action_name(c->rows[process].kind));
    hf__stream_init(ret, c->world->settings.seed ^ c->world->fresh, purpose,
                    twins_before(c, process) << 32 | clock);
}

/* One more clock of a process. */
static void begin_clock(struct hf__churning *c, size_t process)
{
    struct process *p = &c->processes[process];
    uint64_t now_us = c->world->now_us, from_us = c->rows[process].from_us;
    p->clocks = hf__grow(p->clocks, p->count, &p->cap, sizeof *p->clocks);
    draw_from(c, process, p->count, &p->clocks[p->count].r);
    p->clocks[p->count].born_us = from_us > now_us ? from_us : now_us;
    arm(c, process, p->count++, now_us);
}

static void started(void *ctx, struct hf_world *w, uint32_t node)
{
    struct hf__churning *c = ctx;
    (void)w;
    for (size_t i = 0; !c->ended && i < c->count; i++)
        while (c->rows[i].kind != HF__ACTION_JOIN && c->processes[i].count <= node)
            begin_clock(c, i);
}

/* A node, or the network, meets with what an event of that action would do to it. */
static void act(struct hf__churning *c, int kind, uint32_t node)
{
    struct hf__action a = hf__action_of(kind);
    struct hf__action_run d = {.action = &a, .targets = &node, .count = kind != HF__ACTION_JOIN};
    a.node = kind == HF__ACTION_JOIN ? HF__NOT_GIVEN : (int64_t)node;
    if (c->alone.note != NULL)
        c->alone.note(c->alone.note_ctx, c->world, &a, true, d.targets, d.count);
    hf__action_begin(&c->alone, &d);
}

/* A node's fault, which it may be down or gone for. When it can have its next one. */
static uint64_t befall(struct hf__churning *c, size_t process, uint32_t node)
{
    const struct hf__churn *row = &c->rows[process];
    struct hf_world *w = c->world;
    const struct hf__node *n = hf__node(w, node);
    if (n->gone)
        return UINT64_MAX;
    if (n->engine == NULL)
        return w->now_us;
    act(c, row->kind, node);
    if (row->kind == HF__ACTION_CRASH || row->kind == HF__ACTION_POWER_OFF)
        return draw_up(c, process, node);
    if (row->replace_us > 0 && (n->gone || n->leaves))
        hf__wake(w, c->observer, MARK_JOIN, w->now_us + row->replace_us);
    return n->gone || n->leaves ? UINT64_MAX : w->now_us;
}

static void join(struct hf__churning *c)
{
    if (c->world->nodes_count < HF__NODES_MAX)
        act(c, HF__ACTION_JOIN, 0);
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__churning *c = ctx;
    if (mark == MARK_JOIN) {
        if (!c->ended)
            join(c);
        return;
    }
    size_t process = mark >> NODE_BITS, clock = mark & ((1u << NODE_BITS) - 1);
    struct clock *k = &c->processes[process].clocks[clock];
    if (k->up_us == w->now_us) {
        k->up_us = 0;
        hf_world_start(w, (uint32_t)clock);
    }
    if (c->ended || k->due_us != w->now_us)
        return; /* it was drawn anew since */
    bool joins = c->rows[process].kind == HF__ACTION_JOIN;
    uint64_t born_us = w->now_us;
    if (joins)
        join(c);
    else if (!joins)
        born_us = befall(c, process, (uint32_t)clock);
    k = &c->processes[process].clocks[clock]; /* a node that joined may have moved it */
    k->born_us = born_us;
    k->due_us = UINT64_MAX;
    if (born_us != UINT64_MAX)
        arm(c, process, clock, w->now_us);
}

struct hf__churning *hf__churn_new(struct hf_world *w, const struct hf__churn *rows, size_t count,
                                   hf__action_fn *note, void *ctx)
{
    struct hf__churning *c = calloc(1, sizeof *c);
    hf_assert(c != NULL && count <= HF__CHURN_MAX);
    c->world = w;
    c->rows = rows;
    c->count = count;
    c->alone = (struct hf__schedule){.world = w, .note = note, .note_ctx = ctx};
    struct hf__observer observer = {.ctx = c, .wake = wake, .started = started};
    if (count > 0)
        c->observer = hf__observe(w, &observer);
    for (size_t i = 0; i < count; i++)
        if (rows[i].kind == HF__ACTION_JOIN)
            begin_clock(c, i);
    return c;
}

void hf__churn_end(struct hf__churning *c)
{
    c->ended = true;
}

void hf__churn_renew(struct hf__churning *c)
{
    for (size_t i = 0; i < c->count; i++) {
        for (size_t j = 0; j < c->processes[i].count; j++) {
            struct clock *k = &c->processes[i].clocks[j];
            draw_from(c, i, j, &k->r);
            if (k->up_us > c->world->now_us)
                k->born_us = draw_up(c, i, j);
            if (k->due_us != UINT64_MAX)
                arm(c, i, j, c->world->now_us);
        }
    }
}

void hf__churn_free(struct hf__churning *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->count; i++)
        free(c->processes[i].clocks);
    free(c);
}
