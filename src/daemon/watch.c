/*
 * Keeps watch over the outlook: what it warns of is logged once it has stood for a moment, again
 * every day, and when it is over. A person may mute a warning until an end; it is heard again
 * before when it weighs more, or when it came anew.
 */
#include "base/error.h"
#include "attest/verdict.h"
#include "clock/clock.h"
#include "daemon.h"
#include "life.h"
#include "log.h"

#include <stdlib.h>

enum { STANDS_MS = 5000, AGAIN_MS = 86400000, KINDS_MAX = 24, EVERY_TICKS = 2 };

/* A reason that was warned of. */
struct stood {
    int reason;
    enum hf__weight weight;
    uint64_t since_ms, logged_ms; /* 0: not logged yet */
    bool now;                     /* in the outlook that is looked at */
};

struct hf__watch {
    struct stood stood[KINDS_MAX];
    size_t count;
    struct hf__mute mutes[HF__WARNINGS_MAX];
    size_t mutes_count;
    uint64_t own_since_ms; /* since when this machine's quotes are refused; 0: they are not */
    uint32_t ticks;
};

int hf__watch_new(struct hf__daemon *d)
{
    d->watch = calloc(1, sizeof *d->watch);
    d->life = calloc(1, sizeof *d->life);
    return d->watch != NULL && d->life != NULL ? 0 : HF_ENOMEM;
}

void hf__watch_free(struct hf__daemon *d)
{
    free(d->watch);
    free(d->life);
    d->watch = NULL;
    d->life = NULL;
}

/* Before the engine runs: starting while it is tried again, blocked where only
 * a person can help. */
static void not_running(const struct hf__daemon *d, struct hf_status *ret)
{
    bool again = d->start_error == 0 || hf_error_transient(d->start_error);
    *ret = (struct hf_status){.state = again ? HF_STATE_STARTING : HF_STATE_BLOCKED,
                              .reason = d->start_error,
                              .since_ms = d->started_ms,
                              .now_s = hf_clock_wall_ms() / 1000};
}

void hf__watch_status(struct hf__daemon *d, struct hf_status *ret)
{
    if (d->running)
        hf_engine_status(d->engine, d->gate.durable, ret);
    else
        not_running(d, ret);
}

/* This node's address in the newest set; "" it is in none. */
static void registered(struct hf__daemon *d, const struct hf_status *s, char ret[HF__ADDRESS_LEN])
{
    const struct hf_document *set = d->running ? hf_engine_set(d->engine) : NULL;
    long at = set != NULL && s->has_account ? hf_set_find(set, &s->account) : -1;
    ret[0] = '\0';
    if (at < 0)
        return;
    struct hf_bytes address = set->u.set.validators[at].address;
    size_t len = address.len < HF__ADDRESS_LEN ? address.len : HF__ADDRESS_LEN - 1;
    memcpy(ret, address.data, len);
    ret[len] = '\0';
}

/* Another account that the newest set has at this node's address; NULL: none. */
static const struct hf_account *another(const struct hf__daemon *d, const struct hf_status *s)
{
    const struct hf_document *set = d->running ? hf_engine_set(d->engine) : NULL;
    struct hf_bytes here = hf_bytes_of(d->address, strlen(d->address));
    for (size_t i = 0; set != NULL && !s->registered && i < set->u.set.validators_count; i++)
        if (hf_bytes_equal(set->u.set.validators[i].address, here))
            return &set->u.set.validators[i].account;
    return NULL;
}

/* Why the policy refuses this machine's quotes by what counts; 0: it does not, or this node cannot
 * tell. */
static int own_error(struct hf__daemon *d)
{
    if (!d->running || !d->own.known || hf_error_of_collateral(d->own.now.error))
        return 0;
    int r = hf_engine_judge(d->engine, &d->own.now);
    return r == HF_ENODOCUMENTS || r == HF_ETCBEVALUATION ? 0 : r;
}

/* Why the policy will refuse them by what is announced, though not by what counts; 0: it will not,
 * or this node cannot tell. */
static int due_error(struct hf__daemon *d)
{
    if (!d->running || !d->own.known || !d->own.announced ||
        hf_error_of_collateral(d->own.early.error) || hf_engine_judge(d->engine, &d->own.now) != 0)
        return 0;
    return hf_engine_judge(d->engine, &d->own.early);
}

void hf__watch_outlook(struct hf__daemon *d, struct hf_status *s, uint64_t now_ms,
                       struct hf__outlook *ret)
{
    char address[HF__ADDRESS_LEN];
    struct hf__collateral_facts c;
    struct hf_time_status time = {0};
    struct hf__watch *w = d->watch;
    int own = own_error(d);
    if (own == 0 || w->own_since_ms == 0)
        w->own_since_ms = own == 0 ? 0 : now_ms;
    registered(d, s, address);
    hf__collateral_facts(d, &c);
    if (d->running)
        hf_engine_time(d->engine, &time);
    const struct hf__outlook_facts facts = {.status = s,
                                            .running = d->running,
                                            .now_ms = now_ms,
                                            .collateral_expires_s = c.expires_s,
                                            .collateral_fetched = d->settings->service != NULL,
                                            .collateral_error = c.error,
                                            .own_error = own,
                                            .own_since_ms = w->own_since_ms,
                                            .due_error = due_error(d),
                                            .due_evaluation = d->own.early.evaluation_number,
                                            .address = d->address,
                                            .registered = address,
                                            .tells_address = d->settings->address.text != NULL,
                                            .another = another(d, s),
                                            .time = &time,
                                            .mutes = w->mutes,
                                            .mutes_count = w->mutes_count};
    hf__outlook(&facts, ret);
}

bool hf__watch_serves(const struct hf_status *s)
{
    return s->open && (s->claimed || s->inherited) && s->generation > 0;
}

/* ---- muting */

static struct hf__mute *mute_of(const struct hf__watch *w, int reason)
{
    for (size_t i = 0; i < w->mutes_count; i++)
        if (w->mutes[i].reason == reason)
            return (struct hf__mute *)&w->mutes[i];
    return NULL;
}

uint64_t hf__watch_muted_s(const struct hf__daemon *d, int reason)
{
    const struct hf__mute *m = mute_of(d->watch, reason);
    return m != NULL ? m->until_s : 0;
}

static void unmute(struct hf__watch *w, struct hf__mute *m)
{
    *m = w->mutes[--w->mutes_count];
}

int hf__watch_mute(struct hf__daemon *d, int reason, uint64_t for_s)
{
    struct hf_status s;
    struct hf__outlook o;
    struct hf__watch *w = d->watch;
    struct hf__mute *m = mute_of(w, reason);
    uint64_t now_ms = hf_clock_monotonic_ms();
    if (for_s == 0 && m != NULL)
        unmute(w, m);
    if (for_s == 0)
        return m != NULL ? 0 : HF_ENOTFOUND;
    hf__watch_status(d, &s);
    hf__watch_outlook(d, &s, now_ms, &o);
    for (size_t i = 0; i < o.warnings_count; i++) {
        if (o.warnings[i].reason != reason)
            continue;
        if (m == NULL && w->mutes_count == HF_ARRAY_LEN(w->mutes))
            return HF_EBUSY;
        if (m == NULL)
            m = &w->mutes[w->mutes_count++];
        *m = (struct hf__mute){
            .reason = reason, .weight = o.warnings[i].weight, .until_s = s.now_s + for_s};
        return 0;
    }
    return HF_ENOTFOUND;
}

/* ---- the log */

static void say(const struct hf__warning *w)
{
    struct hf__line l;
    int level = w->weight == HF__NOW ? HF__ERROR : HF__WARNING;
    if (!hf__log_begin(&l, level, "warning"))
        return;
    hf__line_text(&l, "code", hf_error_name(w->reason));
    if (w->at_s != 0)
        hf__line_uint(&l, "at_s", w->at_s);
    hf__line_text(&l, "text", w->text);
    hf__log_write(&l);
}

static struct stood *stood_of(struct hf__watch *w, int reason)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->stood[i].reason == reason)
            return &w->stood[i];
    if (w->count == HF_ARRAY_LEN(w->stood))
        return NULL;
    w->stood[w->count] = (struct stood){.reason = reason};
    return &w->stood[w->count++];
}

static void look(struct hf__watch *w, const struct hf__warning *warning, uint64_t now_ms)
{
    struct stood *s = stood_of(w, warning->reason);
    if (s == NULL)
        return;
    if (s->since_ms == 0)
        s->since_ms = now_ms;
    s->now = true;
    bool due =
        s->logged_ms == 0 || warning->weight > s->weight || now_ms - s->logged_ms >= AGAIN_MS;
    if (warning->muted || !due || now_ms - s->since_ms < STANDS_MS)
        return;
    s->weight = warning->weight;
    s->logged_ms = now_ms;
    say(warning);
}

/* What no longer stands is forgotten, and its mute with it. */
static void over(struct hf__watch *w)
{
    for (size_t i = 0; i < w->count;) {
        struct hf__line l;
        struct stood *s = &w->stood[i];
        if (s->now) {
            i++;
            continue;
        }
        if (s->logged_ms != 0 && hf__log_begin(&l, HF__INFO, "warning_over")) {
            hf__line_text(&l, "code", hf_error_name(s->reason));
            hf__log_write(&l);
        }
        struct hf__mute *m = mute_of(w, s->reason);
        if (m != NULL)
            unmute(w, m);
        *s = w->stood[--w->count];
    }
}

void hf__watch_tick(struct hf__daemon *d)
{
    struct hf_status s;
    struct hf__outlook o;
    struct hf__watch *w = d->watch;
    uint64_t now_ms = hf_clock_monotonic_ms();
    if (w->ticks++ % EVERY_TICKS != 0 || !d->running)
        return;
    hf__watch_status(d, &s);
    hf__watch_outlook(d, &s, now_ms, &o);
    for (size_t i = 0; i < w->mutes_count;)
        if (s.now_s >= w->mutes[i].until_s)
            unmute(w, &w->mutes[i]);
        else
            i++;
    for (size_t i = 0; i < w->count; i++)
        w->stood[i].now = false;
    for (size_t i = 0; i < o.warnings_count; i++)
        look(w, &o.warnings[i], now_ms);
    over(w);
    if (d->life != NULL)
        hf__life_sample(d->life, &o, s.open && s.generation > 0, hf_clock_wall_ms() / 1000);
}
