/* Splitting: against chances that are known without any simulation, and against plain counting. */
#include "study/split.h"

#include "lib/random.h"
#include "scenario/churn.h"
#include "trial/trial.h"

#include "base/check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Machines that fail and come back, each by itself and without memory. */
struct machines {
    unsigned count, lost; /* lost: so many down at once */
    unsigned levels;
    double fails, mends; /* rates of one */
    double until;
    uint64_t seed;
    struct hf__stream r;
};

enum { STATES_MAX = 16 };

/*
 * The chance that so many are down at once by that time, from all up. By uniformization (Jensen
 * 1953): the process makes a Poisson number of steps of a discrete chain, which stays where it is
 * once enough are down. Nothing is simulated; the terms left out are below 1e-15 of their sum.
 */
static double known_chance(const struct machines *m)
{
    double at[STATES_MAX] = {1}, next[STATES_MAX];
    double rate = m->count * (m->fails + m->mends), mean = rate * m->until, chance = 0;
    double term = -mean, steps = mean + 12 * sqrt(mean) + 60;
    for (double step = 0; step < steps; step++) {
        chance += exp(term) * at[m->lost];
        term += log(mean) - log(step + 1);
        for (unsigned i = 0; i <= m->lost; i++)
            next[i] = i == m->lost ? at[i] : 0;
        for (unsigned i = 0; i < m->lost; i++) {
            double up = (m->count - i) * m->fails / rate, back = i * m->mends / rate;
            next[i + 1] += at[i] * up;
            next[i] += at[i] * (1 - up - back);
            if (i > 0)
                next[i - 1] += at[i] * back;
        }
        for (unsigned i = 0; i <= m->lost; i++)
            at[i] = next[i];
    }
    return chance;
}

static void renew(void *ctx, uint64_t name)
{
    struct machines *m = ctx;
    hf__stream_init(&m->r, m->seed ^ name, "machines", 0);
}

/* One path. The level is how many are down, up to the number of levels; s NULL: it has none.
 * Whether it came to a loss. */
static bool goes_down(struct machines *m, struct hf__split *s)
{
    unsigned down = 0;
    double now = 0;
    hf__stream_init(&m->r, m->seed, "machines", 0);
    for (;;) {
        double up = (m->count - down) * m->fails, rate = up + down * m->mends;
        now -= log(1 - hf__draw_unit(&m->r)) / rate;
        if (now > m->until)
            return false;
        down += hf__draw_unit(&m->r) * rate < up ? 1 : -1u;
        if (down == m->lost)
            return true;
        if (s != NULL)
            hf__split_level(s, down < m->levels ? down : m->levels);
    }
}

static void path(void *ctx, struct hf__split *s)
{
    if (goes_down(ctx, s))
        hf__split_hit(s);
}

static struct hf__sample roots_of(const struct machines *m, const struct hf__splits *splits,
                                  unsigned roots, struct hf__split_sums *ret_sums)
{
    struct hf__sample chances = {0};
    *ret_sums = (struct hf__split_sums){0};
    for (unsigned i = 0; i < roots; i++) {
        struct machines one = *m;
        struct hf__split_sums sums;
        one.seed = m->seed + i;
        one.levels = splits->levels;
        hf__split_root(splits, path, renew, &one, &sums);
        cr_assert_eq(sums.end, HF__SPLIT_WHOLE);
        hf__sample_add(&chances, sums.chance);
        ret_sums->hits += sums.hits;
    }
    return chances;
}

/* Within four standard errors, of which there must be few enough to say something. */
static void estimates(const struct hf__sample *found, double known, double error_max)
{
    double n = (double)found->count, error = sqrt(found->squares / (n - 1) / n);
    cr_assert(fabs(found->mean - known) < 4 * error, "%g, known is %g, error %g", found->mean,
              known, error);
    cr_assert(error < error_max * known, "%g: error %g", found->mean, error);
}

/* With three machines, one fails: 1 - exp(-3 fails until). */
Test(rare, the_known_chance_of_one_failure_is_exponential)
{
    struct machines m = {.count = 3, .lost = 1, .fails = 0.01, .mends = 5, .until = 2};
    cr_assert_float_eq(known_chance(&m), 1 - exp(-0.06), 1e-12);
}

Test(rare, a_chance_of_one_in_a_thousand_is_the_same_counted_and_split)
{
    const struct machines m = {
        .count = 6, .lost = 4, .fails = 1, .mends = 30, .until = 1, .seed = 3500000000001};
    const struct hf__splits splits = {3, {2, 5, 7}};
    struct hf__split_sums sums;
    double known = known_chance(&m);
    cr_assert(known > 5e-4 && known < 5e-3, "%g", known);
    struct hf__sample counted = {0};
    for (unsigned i = 0; i < 100000; i++) {
        struct machines one = m;
        one.seed = m.seed + 1000000 + i;
        hf__sample_add(&counted, goes_down(&one, NULL));
    }
    struct hf__sample split = roots_of(&m, &splits, 200, &sums);
    estimates(&counted, known, 0.1);
    estimates(&split, known, 0.25);
}

Test(rare, a_chance_of_one_in_a_million_is_found)
{
    const struct machines m = {
        .count = 6, .lost = 4, .fails = 0.1, .mends = 20, .until = 1, .seed = 3500003000001};
    const struct hf__splits splits = {3, {40, 80, 120}};
    struct hf__split_sums sums;
    double known = known_chance(&m);
    cr_assert(known > 5e-7 && known < 5e-6, "%g", known);
    struct hf__sample found = roots_of(&m, &splits, 60, &sums);
    estimates(&found, known, 0.5);
    struct hf__interval i = hf__split_interval(&found, sums.hits);
    cr_assert(i.low > 0 && i.low < known && known < i.high, "%g to %g", i.low, i.high);
}

/* Copies decide the spread, never the mean. */
Test(rare, any_number_of_copies_gives_the_same_mean)
{
    static const struct hf__splits all[] = {{3, {1, 1, 6}}, {3, {4, 1, 1}}, {2, {2, 3}}};
    for (unsigned i = 0; i < HF_ARRAY_LEN(all); i++) {
        struct machines m = {.count = 5, .lost = 4, .fails = 0.5, .mends = 1, .until = 1};
        m.seed = 3500004000001 + i * 10000;
        struct hf__split_sums sums;
        struct hf__sample found = roots_of(&m, &all[i], 250, &sums);
        estimates(&found, known_chance(&m), 0.3);
    }
}

/* A jump over levels: a path that is lost at once stands for all of itself. */
static void jumps(void *ctx, struct hf__split *s)
{
    (void)ctx;
    hf__split_hit(s);
}

static void rises(void *ctx, struct hf__split *s)
{
    (void)ctx;
    hf__split_level(s, 3);
    hf__split_hit(s);
}

static void nothing(void *ctx, uint64_t name)
{
    (void)ctx;
    cr_assert_neq(name, 0);
}

Test(rare, what_happens_surely_has_the_chance_one)
{
    const struct hf__splits splits = {3, {2, 3, 5}};
    struct hf__split_sums sums;
    hf__split_root(&splits, jumps, nothing, NULL, &sums);
    cr_assert(sums.hits == 1 && sums.worlds == 1);
    cr_assert_float_eq(sums.chance, 1, 1e-12);
    hf__split_root(&splits, rises, nothing, NULL, &sums);
    cr_assert(sums.hits == 30 && sums.worlds == 30, "%lu", (unsigned long)sums.worlds);
    cr_assert_float_eq(sums.chance, 1, 1e-12);
    cr_assert(sums.entered[1] == 1 && sums.entered[2] == 2 && sums.entered[3] == 6);
}

static void dies(void *ctx, struct hf__split *s)
{
    hf__split_level(s, 2);
    if (*(int *)ctx == 9)
        abort();
    _exit(*(int *)ctx);
}

Test(rare, how_a_path_ended_is_known)
{
    const struct hf__splits splits = {2, {2, 2}};
    struct hf__split_sums sums;
    struct rlimit quiet = {0, 0};
    setrlimit(RLIMIT_CORE, &quiet);
    hf__split_root(&splits, dies, nothing, &(int){3}, &sums);
    cr_assert_eq(sums.end, HF__SPLIT_MEMORY);
    hf__split_root(&splits, dies, nothing, &(int){9}, &sums);
    cr_assert_eq(sums.end, HF__SPLIT_SIGNAL);
}

Test(rare, an_estimate_without_a_hit_is_bounded_by_its_roots)
{
    struct hf__sample none = {0};
    for (unsigned i = 0; i < 1000; i++)
        hf__sample_add(&none, 0);
    struct hf__interval i = hf__split_interval(&none, 0);
    cr_assert(i.low <= 0 && i.high > 0.003 && i.high < 0.004, "%g", i.high);
}

/* Mean and spread of the times between faults, and what is left of one that has lasted. */
Test(churn, times_are_weibull_s_and_what_is_left_is_too)
{
    static const double shapes[] = {0.5, 1, 3};
    enum { DRAWS = 40000 };
    for (unsigned i = 0; i < 3; i++) {
        struct hf__churn row = {.mean_us = 1000000000, .shape = shapes[i]};
        struct hf__sample whole = {0}, left = {0};
        struct hf__stream r;
        uint64_t beyond = 0, longer = 0;
        hf__stream_init(&r, 3500000300001, "weibull", i);
        for (unsigned j = 0; j < DRAWS; j++) {
            uint64_t us = hf__churn_draw(&r, &row, 0);
            hf__sample_add(&whole, (double)us);
            beyond += us > 700000000;
            longer += us > 1100000000;
            hf__sample_add(&left, hf__churn_draw(&r, &row, 700000000) > 400000000);
        }
        double spread = sqrt(whole.squares / DRAWS / DRAWS);
        cr_assert(fabs(whole.mean - 1e9) < 4 * spread, "%g", whole.mean);
        /* P(T > 1100 | T > 700), counted among whole draws. */
        double known = (double)longer / (double)beyond;
        double error = sqrt(known * (1 - known) * (1.0 / DRAWS + 1.0 / (double)beyond));
        cr_assert(fabs(left.mean - known) < 4 * error, "%g, %g", left.mean, known);
    }
}

/* Six hold shares of each other, three of which suffice: four are down when a key is lost. */
Test(rare, a_world_knows_how_many_failures_it_is_from_a_loss)
{
    struct hf_world_settings settings;
    struct hf_world *w;
    hf_world_settings_init(&settings);
    settings.policy.n = 5;
    settings.policy.k = 3;
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 6);
    cr_assert_eq(hf__until_loss(w), UINT32_MAX, "nobody has a key yet");
    cr_assert_eq(hf_world_bring_up(w, 60000), 0);
    for (uint32_t node = 0; node < 4; node++) {
        cr_assert_eq(hf__until_loss(w), 4 - node);
        hf_world_crash(w, node);
    }
    cr_assert_eq(hf__until_loss(w), 0);
    hf_world_start(w, 0);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf__until_loss(w), 0, "two cannot bring it back");
    hf_world_free(w);
}

struct lived {
    uint32_t deaths, joins;
    uint64_t hash;
};

static void counted_fault(void *ctx, struct hf_world *w, const struct hf__action *a, bool begins,
                          const uint32_t *targets, size_t count)
{
    struct lived *l = ctx;
    (void)w;
    (void)begins;
    (void)targets;
    l->deaths += a->kind == HF__ACTION_CRASH && count == 1;
    l->joins += a->kind == HF__ACTION_JOIN;
}

static struct lived live(const struct hf__churn *rows, size_t count)
{
    struct hf_world_settings settings;
    struct hf_world *w;
    struct lived l = {0};
    hf_world_settings_init(&settings);
    settings.seed = 3500000310001;
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 10);
    struct hf__churning *c = hf__churn_new(w, rows, count, counted_fault, &l);
    hf_world_start_all(w);
    hf_world_run_for(w, 3600000);
    struct hf_world_totals totals;
    hf_world_totals(w, &totals);
    l.hash = totals.trace_hash;
    hf_world_free(w);
    hf__churn_free(c);
    return l;
}

Test(churn, befalls_each_node_as_often_as_it_says)
{
    /* Up for 100 s and down for 20 on average: in an hour each of ten dies 30 times. */
    const struct hf__churn rows[] = {
        {.kind = HF__ACTION_CRASH, .mean_us = 100000000, .shape = 1, .for_us = 20000000},
        {.kind = HF__ACTION_JOIN, .mean_us = 900000000, .shape = 1},
    };
    struct lived alone = live(rows, 1), again = live(rows, 1), both = live(rows, 2);
    cr_assert(alone.deaths > 300 - 70 && alone.deaths < 300 + 70, "%u", alone.deaths);
    cr_assert_eq(alone.hash, again.hash);
    cr_assert(both.joins > 0 && both.deaths > alone.deaths, "who joined dies too");
}

Test(churn, whoever_goes_for_good_is_replaced)
{
    const struct hf__churn row = {.kind = HF__ACTION_REMOVE,
                                  .mean_us = 7200000000,
                                  .shape = 1,
                                  .from_us = 60000000,
                                  .replace_us = 1000000};
    struct lived l = live(&row, 1);
    cr_assert(l.joins > 0 && l.joins < 15, "%u", l.joins);
}

/* How much longer the first that went down is down, in a copy of this name. */
static uint64_t still_down_us(uint64_t name)
{
    const struct hf__churn row = {
        .kind = HF__ACTION_CRASH, .mean_us = 50000000, .shape = 1, .for_us = 400000000};
    struct hf_world_settings settings;
    struct hf_world *w;
    hf_world_settings_init(&settings);
    settings.seed = 3500000320001;
    cr_assert_eq(hf_world_new(&settings, &w), 0);
    hf_world_add_many(w, 4);
    struct hf__churning *c = hf__churn_new(w, &row, 1, NULL, NULL);
    hf_world_start_all(w);
    while (hf_world_running(w, 0))
        hf_world_run_for(w, 1000);
    hf__renew(w, name);
    hf__churn_renew(c);
    uint64_t from_us = w->now_us;
    while (!hf_world_running(w, 0))
        hf_world_run_for(w, 1000);
    uint64_t us = w->now_us - from_us;
    hf_world_free(w);
    hf__churn_free(c);
    return us;
}

/* Or all copies of a world would share what decides whether it comes to a loss. */
Test(churn, each_copy_draws_how_long_a_node_stays_down)
{
    struct hf__sample left = {0};
    for (uint64_t name = 1; name <= 60; name++)
        hf__sample_add(&left, (double)still_down_us(name));
    double error = 400e6 / sqrt(60);
    cr_assert(fabs(left.mean - 400e6) < 4 * error, "%g", left.mean);
    cr_assert(left.most - left.least > 800e6, "%g to %g", left.least, left.most);
}

/* Garwood's for a count (1936), as chi-squared tables give it. */
Test(rare, an_interval_of_equal_parts_is_that_of_a_count)
{
    static const struct {
        unsigned hits;
        double low, high;
    } known[] = {{1, 0.02532, 5.57164}, {10, 4.79539, 18.39036}, {1100, 1035.95, 1166.98}};
    for (unsigned i = 0; i < HF_ARRAY_LEN(known); i++) {
        struct hf__sample s = {0};
        for (unsigned j = 0; j < 100000; j++)
            hf__sample_add(&s, j < known[i].hits);
        struct hf__interval found = hf__interval_parts(&s);
        cr_assert(fabs(found.low * 1e5 - known[i].low) < 1e-4 * known[i].low, "%g", found.low);
        cr_assert(fabs(found.high * 1e5 - known[i].high) < 1e-4 * known[i].high, "%g", found.high);
    }
}

/* Few roots have a part, of sizes that differ: Student's interval misses the mean far too often. */
Test(rare, an_interval_of_few_unequal_parts_holds_the_chance)
{
    enum { STUDIES = 2000, ROOTS = 60 };
    const double known = 0.08;
    unsigned held = 0, student = 0;
    struct hf__stream r;
    hf__stream_init(&r, 3500000330001, "parts", 0);
    for (unsigned i = 0; i < STUDIES; i++) {
        struct hf__sample s = {0};
        for (unsigned j = 0; j < ROOTS; j++) {
            bool has = hf__draw_unit(&r) < known;
            hf__sample_add(&s, has ? -log(1 - hf__draw_unit(&r)) : 0);
        }
        struct hf__interval parts = hf__split_interval(&s, s.mean > 0);
        struct hf__interval mean = hf__interval_mean(&s);
        held += parts.low <= known && known <= parts.high;
        student += mean.low <= known && known <= mean.high;
    }
    cr_assert(held >= STUDIES * 94 / 100, "%u of %d", held, STUDIES);
    cr_assert(held <= STUDIES * 98 / 100, "%u of %d: wider than need be", held, STUDIES);
    cr_assert(student < STUDIES * 88 / 100, "%u of %d", student, STUDIES);
}
