/* Time, timers, and chance. */
#include "base/error.h"
#include "node/node.h"

uint64_t hf__now_s(const struct hf_engine *e)
{
    uint64_t s = e->wall_ms / 1000;
    s = s > e->floor_s ? s : e->floor_s;
    /* A host's clock may say anything; a date that is signed must still be one. */
    if (s > HF_WIRE_TIME_MAX)
        s = HF_WIRE_TIME_MAX;
    hf_assert(s <= HF_WIRE_TIME_MAX);
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
    uint32_t v;
    hf_assert(e->secrets != NULL && bound > 0);
    e->suite->random(&e->secrets->rng, &v, sizeof v);
    return v % bound;
}
