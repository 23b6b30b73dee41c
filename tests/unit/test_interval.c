/* The arithmetic of time: intervals, their growth, and the one on which a majority agrees. */
#include "base/check.h"
#include "core/time.h"

#include <criterion/criterion.h>

static struct hf_time_interval of(uint64_t low_us, uint64_t high_us)
{
    return (struct hf_time_interval){.low_us = low_us, .high_us = high_us};
}

static void assert_agreed(const struct hf_time_interval *votes, size_t count, size_t needed,
                          uint64_t low_us, uint64_t high_us)
{
    struct hf_time_interval agreed;
    cr_assert(hf_time_agree(votes, count, needed, &agreed));
    cr_assert_eq(agreed.low_us, low_us, "begins at %llu", (unsigned long long)agreed.low_us);
    cr_assert_eq(agreed.high_us, high_us, "ends at %llu", (unsigned long long)agreed.high_us);
}

Test(hf_time_agree, what_three_have_in_common)
{
    const struct hf_time_interval votes[] = {of(10, 30), of(20, 40), of(25, 50)};
    assert_agreed(votes, 3, 3, 25, 30);
    assert_agreed(votes, 3, 2, 20, 40);
}

Test(hf_time_agree, is_not_moved_by_a_minority_that_lies_by_a_minute_or_a_year)
{
    const uint64_t lies[] = {60000000, 31536000000000};
    for (size_t i = 0; i < HF_ARRAY_LEN(lies); i++) {
        const uint64_t t = 1700000000000000, lie = lies[i];
        const struct hf_time_interval ahead[] = {of(t - 5, t + 5), of(t - 9, t + 1), of(t, t + 2),
                                                 of(t + lie, t + lie), of(t + lie, t + lie)};
        const struct hf_time_interval apart[] = {of(t - 5, t + 5), of(t - 9, t + 1), of(t, t + 2),
                                                 of(t - lie, t - lie), of(t + lie, t + lie)};
        assert_agreed(ahead, 5, 3, t, t + 1);
        assert_agreed(apart, 5, 3, t, t + 1);
    }
}

Test(hf_time_agree, two_that_lie_cannot_choose_a_corner_of_one_that_is_right)
{
    /* A narrow lie inside of a wide truth: three agree there, and three agree where it is true. */
    const struct hf_time_interval votes[] = {of(0, 1000), of(995, 1005), of(996, 1004), of(10, 12),
                                             of(11, 13)};
    assert_agreed(votes, 5, 3, 11, 1000);
}

Test(hf_time_agree, knows_nothing_where_no_majority_agrees)
{
    struct hf_time_interval agreed = of(1, 2);
    const struct hf_time_interval votes[] = {of(10, 20), of(15, 25), of(30, 40)};
    cr_assert_not(hf_time_agree(votes, 3, 3, &agreed));
    cr_assert_not(hf_time_agree(votes, 2, 3, &agreed), "two answer of five that are listed");
    cr_assert_not(hf_time_agree(votes, 0, 1, &agreed));
    cr_assert_eq(agreed.low_us, 1, "what it was told stands");
}

Test(hf_time_agree, counts_ends_as_inside)
{
    const struct hf_time_interval touching[] = {of(10, 20), of(20, 30), of(20, 20)};
    const struct hf_time_interval apart[] = {of(10, 19), of(20, 30), of(31, 31)};
    struct hf_time_interval agreed;
    assert_agreed(touching, 3, 3, 20, 20);
    cr_assert_not(hf_time_agree(apart, 3, 2, &agreed));
}

Test(hf_time_agree, at_the_ends_of_what_can_be_said)
{
    const struct hf_time_interval votes[] = {of(0, HF_TIME_US_MAX),
                                             of(HF_TIME_US_MAX, HF_TIME_US_MAX), of(0, 0)};
    assert_agreed(votes, 3, 2, 0, HF_TIME_US_MAX);
    assert_agreed(votes, 2, 2, HF_TIME_US_MAX, HF_TIME_US_MAX);
}

static uint64_t state;

/* SplitMix64 of a count: the same on every run. */
static uint64_t below(uint64_t bound)
{
    uint64_t x = ++state * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (x ^ x >> 31) % bound;
}

/* Any minority says anything at all; the others are right, each in an interval of its own. */
Test(hf_time_agree, holds_the_truth_between_right_intervals_whatever_a_minority_says)
{
    for (state = 1; state < 2000000; state += 40) {
        struct hf_time_interval votes[HF_TIME_SERVERS_MAX], agreed;
        size_t listed = 3 + (size_t)below(14), needed = listed / 2 + 1;
        uint64_t truth = 100 + below(100);
        for (size_t i = 0; i < listed; i++) {
            uint64_t low = below(300);
            votes[i] =
                i < needed ? of(truth - below(100), truth + below(100)) : of(low, low + below(300));
        }
        cr_assert(hf_time_agree(votes, listed, needed, &agreed));
        cr_assert(agreed.low_us <= truth && truth <= agreed.high_us);
        bool low = false, high = false;
        for (size_t i = 0; i < needed; i++) {
            low = low || (votes[i].low_us <= agreed.low_us && agreed.low_us <= votes[i].high_us);
            high =
                high || (votes[i].low_us <= agreed.high_us && agreed.high_us <= votes[i].high_us);
        }
        cr_assert(low && high, "no end lies where none that is right has its own");
    }
}

/* Counted point by point. */
Test(hf_time_agree, is_the_smallest_that_holds_every_point_with_enough_votes)
{
    enum { POINTS = 24 };
    for (state = 1; state < 2000000; state += 40) {
        struct hf_time_interval votes[HF_TIME_SERVERS_MAX], agreed;
        size_t count = (size_t)below(HF_TIME_SERVERS_MAX + 1), needed = 1 + (size_t)below(9);
        uint64_t first = POINTS, last = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t low = below(POINTS);
            votes[i] = of(low, low + below(POINTS - low));
        }
        for (uint64_t t = 0; t < POINTS; t++) {
            size_t n = 0;
            for (size_t i = 0; i < count; i++)
                n += votes[i].low_us <= t && t <= votes[i].high_us;
            first = n >= needed && first == POINTS ? t : first;
            last = n >= needed ? t : last;
        }
        cr_assert_eq(hf_time_agree(votes, count, needed, &agreed), first < POINTS);
        if (first < POINTS)
            cr_assert(agreed.low_us == first && agreed.high_us == last);
    }
}

Test(hf_time_later, moves_on_and_grows_at_both_ends_by_a_thousandth)
{
    const struct hf_time_interval i = of(1000000, 1000010);
    struct hf_time_interval later = hf_time_later(&i, 1000000);
    cr_assert_eq(later.low_us, 1999000);
    cr_assert_eq(later.high_us, 2001010);
    later = hf_time_later(&i, 1);
    cr_assert_eq(later.low_us, 1000000, "drift is rounded up");
    cr_assert_eq(later.high_us, 1000012);
    later = hf_time_later(&i, 0);
    cr_assert(later.low_us == i.low_us && later.high_us == i.high_us);
}

Test(hf_time_later, is_too_wide_to_count_after_ten_thousand_seconds)
{
    const struct hf_time_interval i = of(1700000000000000, 1700000000000000);
    struct hf_time_interval later = hf_time_later(&i, UINT64_C(10000) * 1000000);
    cr_assert_eq(hf_time_radius_us(&later), HF_TIME_RADIUS_US_MAX);
    later = hf_time_later(&i, UINT64_C(10001) * 1000000);
    cr_assert_gt(hf_time_radius_us(&later), HF_TIME_RADIUS_US_MAX);
}

Test(hf_time_later, stops_where_nothing_more_can_be_said)
{
    const struct hf_time_interval i = of(0, HF_TIME_US_MAX),
                                  end = of(HF_TIME_US_MAX, HF_TIME_US_MAX);
    struct hf_time_interval later = hf_time_later(&i, UINT64_MAX);
    cr_assert(later.low_us == HF_TIME_US_MAX - (UINT64_MAX / 1000 + 1));
    cr_assert(later.high_us == HF_TIME_US_MAX);
    later = hf_time_later(&end, 5);
    cr_assert(later.low_us == HF_TIME_US_MAX - 1 && later.high_us == HF_TIME_US_MAX);
    later = hf_time_wider(&i, 5);
    cr_assert(later.low_us == 0 && later.high_us == HF_TIME_US_MAX);
    cr_assert_eq(hf_time_drift_us(UINT64_MAX), UINT64_MAX / 1000 + 1);
}

Test(hf_time_common, is_what_both_hold_and_nothing_where_they_are_apart)
{
    struct hf_time_interval ret = of(7, 7);
    const struct hf_time_interval a = of(10, 20), b = of(20, 30), c = of(21, 30);
    cr_assert(hf_time_common(&a, &b, &ret));
    cr_assert(ret.low_us == 20 && ret.high_us == 20);
    ret = of(7, 7);
    cr_assert_not(hf_time_common(&a, &c, &ret));
    cr_assert_eq(ret.low_us, 7);
}

Test(hf_time_bound_us, moves_a_clock_to_the_nearer_end)
{
    const struct hf_time_interval i = of(10, 20);
    cr_assert_eq(hf_time_bound_us(&i, 0), 10);
    cr_assert_eq(hf_time_bound_us(&i, 13), 13);
    cr_assert_eq(hf_time_bound_us(&i, UINT64_MAX), 20);
    cr_assert_eq(hf_time_middle_us(&i), 15);
    cr_assert_eq(hf_time_radius_us(&i), 5);
}
