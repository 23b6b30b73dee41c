#include "attest/refresh.h"
#include "base/error.h"

static const uint64_t limit_s = UINT64_C(10) * 365 * 86400;

void hf_refresh_rule_init(struct hf_refresh_rule *ret)
{
    *ret = (struct hf_refresh_rule){
        .every_s = 86400, .ahead_s = 7 * 86400, .retry_s_min = 60, .retry_s_max = 3600};
}

int hf_refresh_rule_check(const struct hf_refresh_rule *rule)
{
    if (rule->every_s == 0 || rule->retry_s_min == 0 || rule->retry_s_max < rule->retry_s_min)
        return HF_EINVAL;
    if (rule->every_s > limit_s || rule->ahead_s > limit_s || rule->retry_s_max > limit_s ||
        rule->stale_s > limit_s)
        return HF_EINVAL;
    return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A part of span, in [0, span), that the random number picks. */
static uint64_t part_of(uint64_t span, uint64_t random)
{
    return span == 0 ? 0 : random % span;
}

static uint64_t pause_s(const struct hf_refresh_rule *rule, const struct hf_refresh_state *state)
{
    uint64_t pause = rule->retry_s_min;
    for (uint32_t i = 1; i < state->failures && pause < rule->retry_s_max; i++)
        pause *= 2;
    pause = least(pause, rule->retry_s_max);
    return pause - part_of(pause / 2, state->random);
}

/* The regular time of the next fetch, failures aside. */
static uint64_t due_s(const struct hf_refresh_rule *rule, const struct hf_refresh_state *state)
{
    if (state->expires_s == 0 || state->fetched_s == 0)
        return 0;
    /* A clock that was set back must not put the next fetch off for as long. */
    uint64_t from = least(state->fetched_s, state->now_s);
    uint64_t interval = rule->every_s;
    if (state->expires_s < from + rule->ahead_s + interval)
        interval =
            state->expires_s > from + rule->ahead_s ? state->expires_s - rule->ahead_s - from : 0;
    return from + interval - part_of(interval / 10, state->random);
}

static enum hf_refresh_use use_of(const struct hf_refresh_rule *rule,
                                  const struct hf_refresh_state *state)
{
    if (state->expires_s == 0)
        return HF_REFRESH_MISSING;
    if (state->now_s <= state->expires_s)
        return HF_REFRESH_CURRENT;
    return state->now_s - state->expires_s <= rule->stale_s ? HF_REFRESH_STALE : HF_REFRESH_EXPIRED;
}

void hf_refresh_plan(const struct hf_refresh_rule *rule, const struct hf_refresh_state *state,
                     struct hf_refresh_plan *ret)
{
    struct hf_refresh_plan plan = {.use = use_of(rule, state), .verify_at_s = state->now_s};
    if (plan.use == HF_REFRESH_STALE)
        plan.verify_at_s = state->expires_s;
    plan.next_s = due_s(rule, state);
    /*
     * Never more often than the pause, also when fetches succeed but bring nothing that lasts: a
     * service whose sets expire within ahead_s would otherwise be asked without end.
     */
    if (state->tried_s != 0) {
        uint64_t earliest = least(state->tried_s, state->now_s) + pause_s(rule, state);
        if (plan.next_s < earliest || state->failures > 0)
            plan.next_s = earliest;
    }
    *ret = plan;
}
