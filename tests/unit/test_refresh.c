#include "attest/refresh.h"
#include "base/error.h"

#include <criterion/criterion.h>

enum { NOW = 1760000000, DAY = 86400 };

static struct hf_refresh_rule rule;
static struct hf_refresh_plan plan;

static void plan_for(struct hf_refresh_state state)
{
    state.now_s = state.now_s == 0 ? NOW : state.now_s;
    hf_refresh_plan(&rule, &state, &plan);
}

static void set_up(void)
{
    hf_refresh_rule_init(&rule);
    cr_assert_eq(hf_refresh_rule_check(&rule), 0);
}

TestSuite(hf_refresh_plan, .init = set_up);

Test(hf_refresh_plan, without_a_set_it_is_due_at_once)
{
    plan_for((struct hf_refresh_state){.random = 12345});
    cr_assert_eq(plan.use, HF_REFRESH_MISSING);
    cr_assert_leq(plan.next_s, NOW);
    cr_assert_eq(plan.verify_at_s, NOW);
}

Test(hf_refresh_plan, fresh_set_is_due_after_the_interval_less_jitter)
{
    for (uint64_t random = 0; random < 5 * DAY; random += 997) {
        plan_for((struct hf_refresh_state){
            .expires_s = NOW + 30 * DAY, .fetched_s = NOW, .tried_s = NOW, .random = random});
        cr_assert_eq(plan.use, HF_REFRESH_CURRENT);
        cr_assert_leq(plan.next_s, NOW + DAY);
        cr_assert_gt(plan.next_s, NOW + DAY - DAY / 10);
    }
}

Test(hf_refresh_plan, nodes_with_other_random_numbers_spread)
{
    plan_for((struct hf_refresh_state){
        .expires_s = NOW + 30 * DAY, .fetched_s = NOW, .tried_s = NOW, .random = 1});
    uint64_t first = plan.next_s;
    plan_for((struct hf_refresh_state){
        .expires_s = NOW + 30 * DAY, .fetched_s = NOW, .tried_s = NOW, .random = 5000});
    cr_assert_eq(first - plan.next_s, 4999);
}

Test(hf_refresh_plan, set_that_ends_soon_is_due_ahead_of_its_end)
{
    plan_for((struct hf_refresh_state){
        .expires_s = NOW + 7 * DAY + 1000, .fetched_s = NOW, .tried_s = NOW});
    cr_assert_eq(plan.next_s, NOW + 1000);
    plan_for((struct hf_refresh_state){
        .expires_s = NOW + 3 * DAY, .fetched_s = NOW - DAY, .tried_s = NOW - DAY});
    cr_assert_leq(plan.next_s, NOW);
}

Test(hf_refresh_plan, service_of_short_lived_sets_is_not_asked_without_end)
{
    plan_for((struct hf_refresh_state){
        .expires_s = NOW + 3 * DAY, .fetched_s = NOW, .tried_s = NOW, .random = 7});
    cr_assert_geq(plan.next_s, NOW + rule.retry_s_min / 2);
    cr_assert_leq(plan.next_s, NOW + rule.retry_s_min);
}

Test(hf_refresh_plan, failures_double_the_pause_up_to_its_bound)
{
    uint64_t expected = rule.retry_s_min;
    for (uint32_t failures = 1; failures < 70; failures++) {
        for (uint64_t random = 0; random < 4000; random += 333) {
            plan_for((struct hf_refresh_state){.expires_s = NOW + 30 * DAY,
                                               .fetched_s = NOW - 2 * DAY,
                                               .tried_s = NOW,
                                               .failures = failures,
                                               .random = random});
            cr_assert_leq(plan.next_s, NOW + expected);
            cr_assert_gt(plan.next_s, NOW + expected / 2 - 1);
        }
        expected = expected * 2 > rule.retry_s_max ? rule.retry_s_max : expected * 2;
    }
    plan_for((struct hf_refresh_state){.tried_s = NOW, .failures = UINT32_MAX});
    cr_assert_eq(plan.next_s, NOW + rule.retry_s_max);
}

Test(hf_refresh_plan, expired_set_serves_for_the_configured_time_only)
{
    struct hf_refresh_state state = {
        .now_s = NOW + 10, .expires_s = NOW, .fetched_s = NOW - DAY, .tried_s = NOW, .failures = 3};
    plan_for(state);
    cr_assert_eq(plan.use, HF_REFRESH_EXPIRED);
    cr_assert_eq(plan.verify_at_s, NOW + 10);
    rule.stale_s = 10;
    plan_for(state);
    cr_assert_eq(plan.use, HF_REFRESH_STALE);
    cr_assert_eq(plan.verify_at_s, NOW);
    state.now_s = NOW + 11;
    plan_for(state);
    cr_assert_eq(plan.use, HF_REFRESH_EXPIRED);
    state.now_s = NOW;
    plan_for(state);
    cr_assert_eq(plan.use, HF_REFRESH_CURRENT);
}

Test(hf_refresh_plan, clock_set_back_does_not_put_the_fetch_off)
{
    plan_for((struct hf_refresh_state){.expires_s = NOW + 400 * DAY,
                                       .fetched_s = NOW + 300 * DAY,
                                       .tried_s = NOW + 300 * DAY,
                                       .failures = 2});
    cr_assert_leq(plan.next_s, NOW + DAY);
}

Test(hf_refresh_rule_check, impossible_rules_are_refused)
{
    hf_refresh_rule_init(&rule);
    rule.every_s = 0;
    cr_assert_eq(hf_refresh_rule_check(&rule), HF_EINVAL);
    hf_refresh_rule_init(&rule);
    rule.retry_s_min = 0;
    cr_assert_eq(hf_refresh_rule_check(&rule), HF_EINVAL);
    hf_refresh_rule_init(&rule);
    rule.retry_s_max = rule.retry_s_min - 1;
    cr_assert_eq(hf_refresh_rule_check(&rule), HF_EINVAL);
    hf_refresh_rule_init(&rule);
    rule.stale_s = UINT64_MAX;
    cr_assert_eq(hf_refresh_rule_check(&rule), HF_EINVAL);
}
