/* Time, timers, and chance. */
#include "base/error.h"
#include "node/node.h"

static bool time_at(const struct hf_engine *e, uint64_t now_ms, struct hf_time_interval *ret)
{
    hf_assert(!e->timed || e->time_ms <= now_ms);
    /* By then drift alone has made it too wide. */
    if (!e->timed || now_ms - e->time_ms > HF_TIME_RADIUS_US_MAX)
        return false;
    *ret = hf_time_later(&e->time, (now_ms - e->time_ms) * 1000);
    return hf_time_radius_us(ret) <= HF_TIME_RADIUS_US_MAX;
}

bool hf__time_now(const struct hf_engine *e, struct hf_time_interval *ret)
{
    return time_at(e, e->now_ms, ret);
}

uint64_t hf_engine_now_s(const struct hf_engine *e, uint64_t now_ms, uint64_t wall_ms)
{
    struct hf_time_interval now;
    uint64_t s = wall_ms / 1000;
    hf_assert(now_ms >= e->now_ms);
    if (time_at(e, now_ms, &now))
        s = hf_time_bound_us(&now, s > HF_WIRE_TIME_MAX ? HF_TIME_US_MAX : wall_ms * 1000) /
            1000000;
    s = s > e->floor_s ? s : e->floor_s;
    /* A host's clock may say anything; a date that is signed must still be one. */
    if (s > HF_WIRE_TIME_MAX)
        s = HF_WIRE_TIME_MAX;
    hf_assert(s <= HF_WIRE_TIME_MAX);
    return s > 0 ? s : 1;
}

uint64_t hf__now_s(const struct hf_engine *e)
{
    return hf_engine_now_s(e, e->now_ms, e->wall_ms);
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
