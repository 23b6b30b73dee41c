/* Time, timers, and the pauses of what failed. */
#include "base/error.h"
#include "node/node.h"

uint64_t hf__now_s(const struct hf_engine *e)
{
    hf_assert(e->floor_s <= HF_WIRE_TIME_MAX);
    uint64_t s = e->wall_ms / 1000;
    s = s > e->floor_s ? s : e->floor_s;
    /* A host's clock may say anything; a date that is signed must still be one. */
    if (s > HF_WIRE_TIME_MAX)
        s = HF_WIRE_TIME_MAX;
    return s > 0 ? s : 1;
}

void hf__timer_set(struct hf_engine *e, enum hf__timer timer, uint64_t after_ms)
{
    hf_assert(timer < HF__TIMERS && after_ms < HF__NEVER - e->now_ms);
    e->timers[timer] = e->now_ms + after_ms;
}

void hf__timer_clear(struct hf_engine *e, enum hf__timer timer)
{
    hf_assert(timer < HF__TIMERS);
    e->timers[timer] = HF__NEVER;
}

uint32_t hf__random_below(struct hf_engine *e, uint32_t bound)
{
    hf_assert(e->secrets != NULL);
    uint32_t v;
    hf_assert(bound > 0);
    e->suite->random(&e->secrets->rng, &v, sizeof v);
    return v % bound;
}

void hf__retry(struct hf_engine *e, enum hf__timer timer, bool permanent)
{
    const struct hf_timing *t = &e->timing;
    hf_assert(timer < HF__TIMERS_RETRIED);
    hf_assert(t->retry_ms_min > 0 && t->retry_ms_min <= t->retry_ms_max);
    uint32_t *last = &e->pauses_ms[timer];
    *last = *last < t->retry_ms_min ? t->retry_ms_min : *last * 2;
    if (*last > t->retry_ms_max)
        *last = t->retry_ms_max;
    uint32_t pause = permanent && *last < t->permanent_ms ? t->permanent_ms : *last;
    /* Three quarters to five quarters of it, so that nodes that failed together do not return
     * together. */
    hf_assert(*last >= t->retry_ms_min && pause >= *last);
    hf__timer_set(e, timer, pause * 3 / 4 + hf__random_below(e, pause / 2 + 1));
}

void hf__retry_reset(struct hf_engine *e, enum hf__timer timer)
{
    hf_assert(timer < HF__TIMERS_RETRIED);
    e->pauses_ms[timer] = 0;
}

uint64_t hf__retry_at(const struct hf_engine *e)
{
    uint64_t first = HF__NEVER;
    for (size_t i = 0; i < HF__TIMERS_RETRIED; i++)
        if (e->timers[i] < first)
            first = e->timers[i];
    hf_assert(first == HF__NEVER || e->started);
    return first;
}

static void bring_forward(struct hf_engine *e, enum hf__timer timer, uint64_t after_ms)
{
    hf_assert(timer < HF__TIMERS);
    if (e->timers[timer] != HF__NEVER)
        hf__timer_set(e, timer, after_ms);
}

void hf__retry_soon(struct hf_engine *e)
{
    hf_assert(e->timing.retry_ms_min > 0);
    for (int timer = 0; timer < HF__TIMERS_RETRIED; timer++)
        bring_forward(e, (enum hf__timer)timer, e->timing.retry_ms_min);
}

void hf__kick(struct hf_engine *e)
{
    hf_assert(e->started);
    for (int timer = 0; timer < HF__TIMERS_RETRIED; timer++) {
        hf__retry_reset(e, (enum hf__timer)timer);
        bring_forward(e, (enum hf__timer)timer, 0);
    }
    bring_forward(e, HF__TIMER_RECORD, 0);
    bring_forward(e, HF__TIMER_SEAL, 0);
    bring_forward(e, HF__TIMER_RETIRE, 0);
}
