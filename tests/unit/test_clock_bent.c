/* Whether the clock by which intervals are reckoned can be relied on. */
#include "clock/clock.h"

#include <criterion/criterion.h>

enum { S = 1000000, JITTER_US = 50000 };

Test(hf_clock_bent, not_by_what_goes_on_as_it_did)
{
    struct hf_clock_watch w = {0};
    cr_assert_not(hf_clock_bent_by(&w, 100 * S, 4000 * INT64_C(1000000), 70 * S));
    cr_assert_not(hf_clock_bent_by(&w, 101 * S, 4001 * INT64_C(1000000), 71 * S));
    cr_assert_not(hf_clock_bent_by(&w, 102 * S, 4002 * INT64_C(1000000) + JITTER_US, 72 * S));
}

Test(hf_clock_bent, by_a_suspended_machine)
{
    struct hf_clock_watch w = {0};
    cr_assert_not(hf_clock_bent_by(&w, 100 * S, 100 * S, 100 * S));
    cr_assert(hf_clock_bent_by(&w, 101 * S, 101 * S + JITTER_US + 1, 101 * S));
    cr_assert_not(hf_clock_bent_by(&w, 102 * S, 102 * S + JITTER_US + 1, 102 * S), "once");
}

Test(hf_clock_bent, by_slewing_beyond_what_is_reckoned_with)
{
    struct hf_clock_watch w = {0};
    cr_assert_not(hf_clock_bent_by(&w, 100 * S, 100 * S, 100 * S));
    cr_assert_not(hf_clock_bent_by(&w, 200 * S + 140000, 200 * S + 140000, 200 * S));
    cr_assert(hf_clock_bent_by(&w, 300 * S + 280001, 300 * S + 280001, 300 * S));
    cr_assert_not(hf_clock_bent_by(&w, 400 * S + 140001, 400 * S + 140001, 400 * S));
    cr_assert(hf_clock_bent_by(&w, 500 * S, 500 * S, 500 * S));
}

Test(hf_clock_bent, not_by_this_machines_clocks)
{
    struct hf_clock_watch w = {0};
    cr_assert_not(hf_clock_bent(&w));
    cr_assert_not(hf_clock_bent(&w));
    cr_assert(w.seen && w.raw_us > 0);
}
