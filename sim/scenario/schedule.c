/* The timeline: who is meant, what begins, what ends. */
#include "scenario/schedule.h"

#include "hostile/hostile.h"
#include "scenario/action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *doc;
    bool lasts;
    enum hf__aim aim;
} kinds[] = {
#define X(constant, name, lasts, aim, doc) {name, doc, lasts, HF__AIM_##aim},
    HF__ACTION_MAP(X)
#undef X
};

const char *hf__action_name(int kind)
{
    return kind >= 0 && kind < HF__ACTIONS ? kinds[kind].name : "unknown";
}

const char *hf__action_doc(int kind)
{
    return kind >= 0 && kind < HF__ACTIONS ? kinds[kind].doc : "";
}

bool hf__action_lasts(int kind)
{
    return kind >= 0 && kind < HF__ACTIONS && kinds[kind].lasts;
}

enum hf__aim hf__action_aim(int kind)
{
    hf_assert(kind >= 0 && kind < HF__ACTIONS);
    return kinds[kind].aim;
}

static void add(struct hf__action_run *d, uint32_t node)
{
    d->targets = hf__grow(d->targets, d->count, &d->cap, sizeof(uint32_t));
    d->targets[d->count++] = node;
}

/* So many nodes out of all, each once: the first of a shuffle. */
static void draw(struct hf_world *w, struct hf__action_run *d, uint64_t count)
{
    uint32_t *all = malloc((w->nodes_count + 1u) * sizeof(uint32_t));
    hf_assert(all != NULL);
    for (uint32_t i = 0; i < w->nodes_count; i++)
        all[i] = i;
    for (uint32_t i = 0; i < count && i < w->nodes_count; i++) {
        uint32_t at = i + (uint32_t)hf__draw_below(&d->r, w->nodes_count - i);
        add(d, all[at]);
        all[at] = all[i];
    }
    free(all);
}

static void choose(struct hf_world *w, struct hf__action_run *d)
{
    const struct hf__action *a = d->action;
    d->count = 0;
    if (a->node >= 0) {
        if (a->node < (int64_t)w->nodes_count)
            add(d, (uint32_t)a->node);
        return;
    }
    if (a->count >= 0) {
        draw(w, d, (uint64_t)a->count);
        return;
    }
    if (a->share >= 0) {
        uint64_t count = (uint64_t)(a->share * (double)w->nodes_count + 0.5);
        draw(w, d, count == 0 && a->share > 0 ? 1 : count);
        return;
    }
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        if (a->zone < 0 || (int64_t)w->nodes[i]->zone == a->zone)
            add(d, i);
    }
}

/* Marks of an action's wakes: begin, end, next step. */
enum { MARK_BEGIN, MARK_END, MARK_STEP, MARKS };

static void note(struct hf__schedule *s, struct hf__action_run *d, bool begins)
{
    if (s->note != NULL)
        s->note(s->note_ctx, s->world, d->action, begins, d->targets, d->count);
}

static void begin(struct hf__schedule *s, struct hf__action_run *d, uint32_t mark)
{
    struct hf_world *w = s->world;
    const struct hf__action *a = d->action;
    choose(w, d);
    d->begun = true;
    d->step = 0;
    note(s, d, true);
    bool steps = a->kind == HF__ACTION_ROLLING || a->kind == HF__ACTION_UPGRADE ||
                 a->kind == HF__ACTION_FLAP || a->kind == HF__ACTION_HANDOVER;
    hf__action_begin(s, d);
    if (steps) {
        hf__wake(w, s->observer, mark + MARK_STEP - MARK_BEGIN, w->now_us);
        if (a->kind != HF__ACTION_FLAP && a->kind != HF__ACTION_HANDOVER)
            return;
    }
    if (kinds[a->kind].lasts && a->for_us > 0)
        hf__wake(w, s->observer, mark + MARK_END - MARK_BEGIN, w->now_us + a->for_us);
}

static void end(struct hf__schedule *s, struct hf__action_run *d)
{
    if (!d->begun || d->ended)
        return;
    d->ended = true;
    hf__action_end(s, d);
    note(s, d, false);
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__schedule *s = ctx;
    struct hf__action_run *d = &s->runs[mark / MARKS];
    if (s->healed)
        return;
    switch (mark % MARKS) {
    case MARK_BEGIN:
        begin(s, d, mark);
        return;
    case MARK_END:
        end(s, d);
        return;
    default:
        if (d->ended)
            return;
        if (!hf__action_step(s, d))
            end(s, d);
        else
            hf__wake(w, s->observer, mark, w->now_us + hf__action_pause_us(d));
    }
}

/* How many before it are of the same name and time. */
static uint64_t twins_before(const struct hf__action *actions, size_t at)
{
    const struct hf__action *a = &actions[at];
    uint64_t count = 0;
    for (; at > 0 && actions[at - 1].at_us == a->at_us; at--)
        count += actions[at - 1].kind == a->kind && strcmp(actions[at - 1].text, a->text) == 0;
    return count;
}

static void draw_from(const struct hf_world *w, const struct hf__action *actions, size_t at,
                      struct hf__stream *ret)
{
    char name[128];
    const struct hf__action *a = &actions[at];
    snprintf(name, sizeof name, "event %s %s", hf__action_name(a->kind), a->text);
    hf__stream_init(ret, w->settings.seed ^ w->fresh, name,
                    hf__mix(a->at_us) ^ twins_before(actions, at));
}

struct hf__schedule *hf__schedule_new(struct hf_world *w, const struct hf__action *actions,
                                      size_t count, hf__action_fn *note_fn, void *ctx)
{
    struct hf__schedule *s = calloc(1, sizeof *s);
    hf_assert(s != NULL);
    s->runs = calloc(count + 1, sizeof *s->runs);
    hf_assert(s->runs != NULL);
    s->world = w;
    s->count = count;
    s->note = note_fn;
    s->note_ctx = ctx;
    s->network = w->settings.network;
    s->attestation = w->settings.attestation;
    struct hf__observer observer = {.ctx = s, .wake = wake};
    s->observer = hf__observe(w, &observer);
    for (size_t i = 0; i < count; i++) {
        s->runs[i].action = &actions[i];
        draw_from(w, actions, i, &s->runs[i].r);
        hf__wake(w, s->observer, (uint32_t)(i * MARKS + MARK_BEGIN), actions[i].at_us);
    }
    return s;
}

void hf__schedule_heal(struct hf__schedule *s)
{
    for (size_t i = 0; i < s->count; i++)
        end(s, &s->runs[i]);
    s->healed = true;
    hf__action_heal(s->world);
}

void hf__schedule_renew(struct hf__schedule *s)
{
    /* The runs are in the order of the actions, which lie one behind the other. */
    for (size_t i = 0; i < s->count; i++)
        if (!s->runs[i].begun)
            draw_from(s->world, s->runs[0].action, i, &s->runs[i].r);
}

void hf__schedule_tally(const struct hf__schedule *s, struct hf__tally *ret)
{
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < s->count; i++) {
        const struct hf__action_run *d = &s->runs[i];
        ret->actions[d->action->kind] += d->begun;
        if (d->strategy == NULL)
            continue;
        size_t at = hf__strategy_index(d->action->text);
        ret->strategies[at]++;
        ret->acts[at] += d->strategy->acts;
    }
}

void hf__tally_add(struct hf__tally *sum, const struct hf__tally *more)
{
    for (size_t i = 0; i < HF__ACTIONS; i++)
        sum->actions[i] += more->actions[i];
    for (size_t i = 0; i < HF__STRATEGIES_MAX; i++) {
        sum->strategies[i] += more->strategies[i];
        sum->acts[i] += more->acts[i];
    }
}

void hf__schedule_free(struct hf__schedule *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++) {
        free(s->runs[i].targets);
        free(s->runs[i].beside);
    }
    free(s->runs);
    free(s);
}
