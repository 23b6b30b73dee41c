/* What failed is tried again: pauses that double with jitter (backoff), and what ends them. */
#include "node/node.h"

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
    hf_assert(*last >= t->retry_ms_min && pause >= *last);
    /* Three quarters to five quarters of it, so that nodes that failed together do not return
     * together. */
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
