/* Intervals of studies: against published values, and against what they promise. */
#include "study/interval.h"

#include "lib/random.h"
#include "figure/chance.h"
#include "trial/series.h"

#include <criterion/criterion.h>
#include <math.h>

static struct hf__sample chance(unsigned yes, unsigned all)
{
    struct hf__sample s = {0};
    for (unsigned i = 0; i < all; i++)
        hf__sample_add(&s, i < yes);
    return s;
}

static void near(double found, double wanted, double within)
{
    cr_assert(fabs(found - wanted) <= within, "%f is not %f", found, wanted);
}

/* Newcombe, Statistics in Medicine 17 (1998), table I, method 3. */
Test(study, an_interval_of_a_chance_is_wilson_s)
{
    static const struct {
        unsigned yes, all;
        double low, high;
    } published[] = {
        {81, 263, 0.2553, 0.3662},
        {15, 148, 0.0624, 0.1605},
        {0, 20, 0, 0.1611},
        {1, 29, 0.0061, 0.1718},
    };
    for (unsigned i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        struct hf__sample s = chance(published[i].yes, published[i].all);
        struct hf__interval found = hf__interval_chance(&s);
        near(found.low, published[i].low, 5e-5);
        near(found.high, published[i].high, 5e-5);
    }
    struct hf__sample none = {0}, all = chance(40, 40);
    struct hf__interval nothing = hf__interval_chance(&none), sure = hf__interval_chance(&all);
    cr_assert(nothing.low <= 0 && nothing.high >= 1);
    cr_assert(sure.high >= 1 && sure.low > 0.91 && sure.low < 0.92);
}

Test(study, an_interval_of_a_mean_is_student_s)
{
    struct hf__sample s = {0};
    hf__sample_add(&s, 1);
    cr_assert(isinf(hf__interval_mean(&s).low) && isinf(hf__interval_mean(&s).high));
    for (unsigned i = 2; i <= 5; i++)
        hf__sample_add(&s, i);
    near(s.mean, 3, 1e-12);
    near(s.least, 1, 0);
    near(s.most, 5, 0);
    near(hf__interval_mean(&s).low, 3 - 2.776445 * sqrt(0.5), 1e-4);
    near(hf__interval_mean(&s).high, 3 + 2.776445 * sqrt(0.5), 1e-4);
}

/* t of 11, 30 and 1000 degrees of freedom: 2.200985, 2.042272, 1.962339. */
Test(study, a_mean_of_many_samples_has_the_right_t)
{
    static const double published[][2] = {{11, 2.200985}, {30, 2.042272}, {1000, 1.962339}};
    for (unsigned i = 0; i < 3; i++) {
        struct hf__sample s = {0};
        double n = published[i][0] + 1;
        for (unsigned j = 0; j < n; j++)
            hf__sample_add(&s, j % 2 == 0 ? 1 : -1);
        double spread = sqrt(s.squares / (n - 1) / n);
        near((hf__interval_mean(&s).high - s.mean) / spread, published[i][1], 2e-4);
    }
}

/* Of 2000 studies of 30 runs each, about 95 of 100 hold the chance of which they were drawn. */
Test(study, intervals_hold_the_truth_as_often_as_they_say)
{
    static const double truths[] = {0.05, 0.3, 0.5, 0.9};
    for (unsigned t = 0; t < 4; t++) {
        struct hf__stream r;
        unsigned held = 0;
        hf__stream_init(&r, 4711, "coverage", t);
        for (unsigned i = 0; i < 2000; i++) {
            struct hf__sample s = {0};
            for (unsigned j = 0; j < 30; j++)
                hf__sample_add(&s, hf__draw_chance(&r, truths[t]));
            struct hf__interval found = hf__interval_chance(&s);
            held += found.low <= truths[t] && truths[t] <= found.high;
        }
        cr_assert(held > 1840 && held < 1990, "%u of 2000", held);
    }
}

Test(study, the_binomial_has_its_known_values_and_all_of_the_chance)
{
    cr_assert_float_eq(hf__binomial(4, 0.5, 2), 0.375, 1e-12);
    cr_assert_float_eq(hf__binomial(10, 0.1, 0), 0.3486784401, 1e-9);
    cr_assert_eq(hf__binomial(3, 0.5, 4), 0);
    cr_assert_eq(hf__binomial(3, 0, 0), 1);
    cr_assert_eq(hf__binomial(3, 1, 2), 0);
    double all = 0;
    for (uint64_t i = 0; i <= 1000; i++)
        all += hf__binomial(1000, 0.005, i);
    cr_assert_float_eq(all, 1, 1e-9);
    cr_assert_eq(hf__binomial_quantile(4, 0.5, 0.5), 2);
    cr_assert_eq(hf__binomial_quantile(4, 0.5, 0.05), 0);
    cr_assert_eq(hf__binomial_quantile(4, 0.5, 1), 4);
    cr_assert_eq(hf__binomial_quantile(20, 0, 0.975), 0);
}

Test(study, spans_of_a_series_are_round_and_some_two_hundred)
{
    cr_assert_eq(hf__series_span(0), 1);
    cr_assert_eq(hf__series_span(300000000), 2000000);
    for (uint64_t us = 1000; us < UINT64_C(1) << 60; us += us / 3) {
        uint64_t span = hf__series_span(us), parts = us / span;
        cr_assert(parts <= 200 && parts >= (us < 100000 ? 4 : 79), "%llu", (unsigned long long)us);
    }
}
