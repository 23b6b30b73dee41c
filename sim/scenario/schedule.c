/* The timeline: who is meant, what begins, what ends. */
#include "scenario/schedule.h"

#include "hostile/plot.h"
#include "scenario/deed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *doc;
    bool lasts;
    enum hf__aim aim;
} deeds[] = {
#define X(constant, name, lasts, aim, doc) {name, doc, lasts, HF__AIM_##aim},
    HF__DEED_MAP(X)
#undef X
};

const char *hf__deed_name(int deed)
{
    return deed >= 0 && deed < HF__DEEDS ? deeds[deed].name : "unknown";
}

const char *hf__deed_doc(int deed)
{
    return deed >= 0 && deed < HF__DEEDS ? deeds[deed].doc : "";
}

bool hf__deed_lasts(int deed)
{
    return deed >= 0 && deed < HF__DEEDS && deeds[deed].lasts;
}

enum hf__aim hf__deed_aim(int deed)
{
    hf_assert(deed >= 0 && deed < HF__DEEDS);
    return deeds[deed].aim;
}

static void add(struct hf__deeds *d, uint32_t node)
{
    d->targets = hf__grow(d->targets, d->count, &d->cap, sizeof(uint32_t));
    d->targets[d->count++] = node;
}

/* So many nodes out of all, each once: the first of a shuffle. */
static void draw(struct hf_world *w, struct hf__deeds *d, uint64_t count)
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

static void choose(struct hf_world *w, struct hf__deeds *d)
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
        if (a->zone < 0 || (int64_t)(i % w->settings.zones) == a->zone)
            add(d, i);
    }
}

/* Marks of an action's wakes: begin, end, next step. */
enum { MARK_BEGIN, MARK_END, MARK_STEP, MARKS };

static void note(struct hf__schedule *s, struct hf__deeds *d, bool begins)
{
    if (s->note != NULL)
        s->note(s->note_ctx, s->world, d->action, begins, d->targets, d->count);
}

static void begin(struct hf__schedule *s, struct hf__deeds *d, uint32_t mark)
{
    struct hf_world *w = s->world;
    const struct hf__action *a = d->action;
    choose(w, d);
    d->begun = true;
    d->step = 0;
    note(s, d, true);
    bool steps =
        a->deed == HF__DEED_ROLLING || a->deed == HF__DEED_UPGRADE || a->deed == HF__DEED_FLAP;
    hf__deed_begin(s, d);
    if (steps) {
        hf__wake(w, s->observer, mark + MARK_STEP - MARK_BEGIN, w->now_us);
        if (a->deed != HF__DEED_FLAP)
            return;
    }
    if (deeds[a->deed].lasts && a->for_us > 0)
        hf__wake(w, s->observer, mark + MARK_END - MARK_BEGIN, w->now_us + a->for_us);
}

static void end(struct hf__schedule *s, struct hf__deeds *d)
{
    if (!d->begun || d->ended)
        return;
    d->ended = true;
    hf__deed_end(s, d);
    note(s, d, false);
}

static void wake(void *ctx, struct hf_world *w, uint32_t mark)
{
    struct hf__schedule *s = ctx;
    struct hf__deeds *d = &s->deeds[mark / MARKS];
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
        if (!hf__deed_step(s, d))
            end(s, d);
        else
            hf__wake(w, s->observer, mark, w->now_us + hf__deed_pause_us(d));
    }
}

/* How many before it are of the same name and time. */
static uint64_t twins_before(const struct hf__action *actions, size_t at)
{
    const struct hf__action *a = &actions[at];
    uint64_t count = 0;
    for (; at > 0 && actions[at - 1].at_us == a->at_us; at--)
        count += actions[at - 1].deed == a->deed && strcmp(actions[at - 1].text, a->text) == 0;
    return count;
}

static void draw_from(const struct hf_world *w, const struct hf__action *actions, size_t at,
                      struct hf__stream *ret)
{
    char name[128];
    const struct hf__action *a = &actions[at];
    snprintf(name, sizeof(name), "event %s %s", hf__deed_name(a->deed), a->text);
    hf__stream_init(ret, w->settings.seed, name, hf__mix(a->at_us) ^ twins_before(actions, at));
}

struct hf__schedule *hf__schedule_new(struct hf_world *w, const struct hf__action *actions,
                                      size_t count, hf__deed_fn *note_fn, void *ctx)
{
    struct hf__schedule *s = calloc(1, sizeof(*s));
    hf_assert(s != NULL);
    s->deeds = calloc(count + 1, sizeof(*s->deeds));
    hf_assert(s->deeds != NULL);
    s->world = w;
    s->count = count;
    s->note = note_fn;
    s->note_ctx = ctx;
    s->network = w->settings.network;
    s->attestation = w->settings.attestation;
    struct hf__observer observer = {.ctx = s, .wake = wake};
    s->observer = hf__observe(w, &observer);
    for (size_t i = 0; i < count; i++) {
        s->deeds[i].action = &actions[i];
        draw_from(w, actions, i, &s->deeds[i].r);
        hf__wake(w, s->observer, (uint32_t)(i * MARKS + MARK_BEGIN), actions[i].at_us);
    }
    return s;
}

void hf__schedule_heal(struct hf__schedule *s)
{
    for (size_t i = 0; i < s->count; i++)
        end(s, &s->deeds[i]);
    s->healed = true;
    hf__deed_heal(s->world);
}

void hf__schedule_tally(const struct hf__schedule *s, struct hf__tally *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < s->count; i++) {
        const struct hf__deeds *d = &s->deeds[i];
        ret->deeds[d->action->deed] += d->begun;
        if (d->plot == NULL)
            continue;
        size_t at = hf__strategy_index(d->action->text);
        ret->strategies[at]++;
        ret->acts[at] += d->plot->acts;
    }
}

void hf__tally_add(struct hf__tally *sum, const struct hf__tally *more)
{
    for (size_t i = 0; i < HF__DEEDS; i++)
        sum->deeds[i] += more->deeds[i];
    for (size_t i = 0; i < HF__STRATEGIES_MAX; i++) {
        sum->strategies[i] += more->strategies[i];
        sum->acts[i] += more->acts[i];
    }
}

void hf__schedule_free(struct hf__schedule *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->deeds[i].targets);
    free(s->deeds);
    free(s);
}
