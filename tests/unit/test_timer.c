/* Deadlines and pauses: each of one task. */
#include "engine_harness.h"

#include <criterion/criterion.h>

static struct harness l;

static void up(void)
{
    harness_init(&l);
    harness_start(&l, HF_VAULT_NONE);
    for (int t = 0; t < HF__TIMERS; t++)
        hf__timer_clear(l.e, (enum hf__timer)t);
}

static uint64_t left(enum hf__timer timer)
{
    return l.e->timers[timer] - l.e->now_ms;
}

Test(hf__retry, pauses_double_up_to_the_longest_with_jitter)
{
    uint32_t pause = hf_timing_default.retry_ms_min;
    up();
    for (int i = 0; i < 20; i++) {
        hf__retry(l.e, HF__TIMER_CLAIM, false);
        cr_assert_geq(left(HF__TIMER_CLAIM), pause * 3 / 4);
        cr_assert_leq(left(HF__TIMER_CLAIM), pause * 3 / 4 + pause / 2);
        pause =
            pause * 2 < hf_timing_default.retry_ms_max ? pause * 2 : hf_timing_default.retry_ms_max;
    }
    harness_done(&l);
}

Test(hf__retry, of_what_time_does_not_mend_waits_long)
{
    up();
    hf__retry(l.e, HF__TIMER_RECOVER, true);
    cr_assert_geq(left(HF__TIMER_RECOVER), hf_timing_default.permanent_ms * 3 / 4);
    harness_done(&l);
}

Test(hf__retry, one_task_that_fails_does_not_slow_another)
{
    up();
    for (int i = 0; i < 10; i++)
        hf__retry(l.e, HF__TIMER_RECOVER, false);
    hf__retry(l.e, HF__TIMER_DEAL, false);
    cr_assert_leq(left(HF__TIMER_DEAL), hf_timing_default.retry_ms_min * 5 / 4);
    cr_assert_geq(left(HF__TIMER_RECOVER), hf_timing_default.retry_ms_max * 3 / 4);
    cr_assert_eq(hf__retry_at(l.e), l.e->timers[HF__TIMER_DEAL]);
    harness_done(&l);
}

Test(hf__kick, brings_forward_what_waits_and_starts_nothing_else)
{
    up();
    for (int i = 0; i < 10; i++)
        hf__retry(l.e, HF__TIMER_CLAIM, false);
    hf__timer_set(l.e, HF__TIMER_RETIRE, 5000);
    hf__timer_set(l.e, HF__TIMER_STANDING, 5000);
    hf__kick(l.e);
    cr_assert_eq(left(HF__TIMER_CLAIM), 0);
    cr_assert_eq(left(HF__TIMER_RETIRE), 0);
    cr_assert_eq(left(HF__TIMER_STANDING), 5000);
    cr_assert_eq(l.e->timers[HF__TIMER_RECOVER], HF__NEVER);
    hf__retry(l.e, HF__TIMER_CLAIM, false);
    cr_assert_leq(left(HF__TIMER_CLAIM), hf_timing_default.retry_ms_min * 5 / 4);
    harness_done(&l);
}
