/* A lost share from k others: by the real suite and by the simulator's model of it. */
#include "suites/cost.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

enum { K = 5, N = 9 };

static const struct hf_suite *const suites[] = {&hf_suite_real, &hf__suite_model};
static const struct hf_hash transcript = {{7}};

/* A dealing, and what k honest helpers make for one of its shares. */
struct repaired {
    const struct hf_suite *suite;
    struct hf_repair repair;
    uint8_t shares[N][HF_SCALAR_LEN], commitments[K * HF_POINT_LEN];
    uint8_t parts[K][K][HF_SCALAR_LEN], points[K][K][HF_POINT_LEN]; /* by giver, by taker */
    uint8_t sums[K][HF_SCALAR_LEN];
};

/* The points for one helper, one after another. */
static const uint8_t *column(const struct repaired *d, size_t helper)
{
    static uint8_t points[K * HF_POINT_LEN];
    for (size_t i = 0; i < K; i++)
        memcpy(points + i * HF_POINT_LEN, d->points[i][helper], HF_POINT_LEN);
    return points;
}

static void sum_up(struct repaired *d, size_t helper)
{
    uint8_t parts[K * HF_SCALAR_LEN];
    for (size_t i = 0; i < K; i++)
        memcpy(parts + i * HF_SCALAR_LEN, d->parts[i][helper], HF_SCALAR_LEN);
    cr_assert_eq(d->suite->repair_sum(K, parts, d->sums[helper]), 0);
}

static void make(struct repaired *d, const struct hf_suite *suite, struct hf_repair repair)
{
    struct hf_rng rng = {.seed = {1}};
    uint8_t secret[HF_SCALAR_LEN];
    d->suite = suite;
    d->repair = repair;
    suite->scalar_random(&rng, secret);
    cr_assert_eq(suite->deal(&rng, secret, (struct hf_sharing){K, N}, d->shares[0], d->commitments),
                 0);
    for (size_t i = 0; i < K; i++) {
        uint8_t index = repair.helpers[i];
        cr_assert_eq(suite->repair_split(d->shares[index - 1], &d->repair, index, &transcript,
                                         d->parts[i][0], d->points[i][0]),
                     0);
        cr_assert_eq(suite->repair_split_check(d->points[i][0], &d->repair, index, d->commitments),
                     0);
    }
    for (size_t j = 0; j < K; j++) {
        for (size_t i = 0; i < K; i++)
            cr_assert_eq(suite->secret_check(d->parts[i][j], d->points[i][j]), 0);
        sum_up(d, j);
        cr_assert_eq(suite->repair_sum_check(d->sums[j], K, column(d, j)), 0);
    }
}

#define FIRST ((struct hf_repair){K, 3, {1, 2, 4, 5, 9}})

Test(repair, k_helpers_restore_exactly_the_lost_share)
{
    static const struct hf_repair repairs[] = {
        {K, 3, {1, 2, 4, 5, 9}}, {K, 1, {2, 3, 4, 5, 6}}, {K, 9, {1, 2, 3, 4, 5}},
        {K, 5, {1, 6, 7, 8, 9}}, {K, 2, {1, 4, 6, 8, 9}},
    };
    struct repaired d;
    uint8_t share[HF_SCALAR_LEN];
    for (size_t s = 0; s < HF_ARRAY_LEN(suites); s++)
        for (size_t i = 0; i < HF_ARRAY_LEN(repairs); i++) {
            make(&d, suites[s], repairs[i]);
            cr_assert_eq(d.suite->repair_sum(K, d.sums[0], share), 0);
            cr_assert_arr_eq(share, d.shares[repairs[i].target - 1], sizeof share);
            cr_assert_eq(d.suite->share_check(share, repairs[i].target, K, d.commitments), 0);
        }
}

Test(repair, every_threshold_and_every_lost_share_of_sixteen)
{
    for (uint8_t k = 1; k < 16; k++)
        for (uint8_t lost = 1; lost <= 16; lost++) {
            const struct hf_suite *suite = &hf__suite_model;
            uint8_t shares[16][32], commitments[16 * 32], parts[16][16][32], points[16 * 32];
            uint8_t column[16 * 32], sums[16 * 32], secret[32];
            struct hf_rng rng = {.seed = {k, lost}};
            struct hf_repair repair = {.k = k, .target = lost};
            for (uint8_t i = 0; i < k; i++)
                repair.helpers[i] = (uint8_t)(i + 1 + (i + 1 >= lost));
            suite->scalar_random(&rng, secret);
            cr_assert_eq(
                suite->deal(&rng, secret, (struct hf_sharing){k, 16}, shares[0], commitments), 0);
            for (uint8_t i = 0; i < k; i++) {
                uint8_t index = repair.helpers[i];
                cr_assert_eq(suite->repair_split(shares[index - 1], &repair, index, &transcript,
                                                 parts[i][0], points),
                             0);
                cr_assert_eq(suite->repair_split_check(points, &repair, index, commitments), 0);
            }
            for (uint8_t j = 0; j < k; j++) {
                for (uint8_t i = 0; i < k; i++)
                    memcpy(column + i * 32, parts[i][j], 32);
                cr_assert_eq(suite->repair_sum(k, column, sums + j * 32), 0);
            }
            cr_assert_eq(suite->repair_sum(k, sums, secret), 0);
            cr_assert_arr_eq(secret, shares[lost - 1], 32);
        }
}

Test(repair, one_share_and_transcript_give_the_same_parts_and_another_gives_others)
{
    struct repaired d;
    struct hf_hash other = {{8}};
    uint8_t parts[K * HF_SCALAR_LEN], points[K * HF_POINT_LEN];
    for (size_t s = 0; s < HF_ARRAY_LEN(suites); s++) {
        make(&d, suites[s], FIRST);
        cr_assert_eq(d.suite->repair_split(d.shares[0], &d.repair, 1, &transcript, parts, points),
                     0);
        cr_assert_arr_eq(parts, d.parts[0], sizeof parts);
        cr_assert_arr_eq(points, d.points[0], sizeof points);
        cr_assert_eq(d.suite->repair_split(d.shares[0], &d.repair, 1, &other, parts, points), 0);
        for (size_t i = 0; i < K; i++)
            cr_assert(memcmp(parts + i * HF_SCALAR_LEN, d.parts[0][i], HF_SCALAR_LEN) != 0);
    }
}

Test(repair, each_cheat_is_found_at_its_step_and_at_the_last)
{
    struct repaired d;
    uint8_t parts[K * HF_SCALAR_LEN], points[K * HF_POINT_LEN], share[HF_SCALAR_LEN];
    for (size_t s = 0; s < HF_ARRAY_LEN(suites); s++) {
        /* Parts of another share: what is published does not add up. */
        make(&d, suites[s], FIRST);
        cr_assert_eq(d.suite->repair_split(d.shares[6], &d.repair, 4, &transcript, parts, points),
                     0);
        cr_assert_eq(d.suite->repair_split_check(points, &d.repair, 4, d.commitments), HF_ESHARE);
        memcpy(d.parts[2], parts, sizeof parts);
        for (size_t j = 0; j < K; j++)
            sum_up(&d, j);
        cr_assert_eq(d.suite->repair_sum(K, d.sums[0], share), 0);
        cr_assert_eq(d.suite->share_check(share, 3, K, d.commitments), HF_ESHARE);
        /* Another part is sent than was published. */
        make(&d, suites[s], FIRST);
        memcpy(d.parts[2][1], d.parts[2][0], HF_SCALAR_LEN);
        cr_assert_eq(d.suite->secret_check(d.parts[2][1], d.points[2][1]), HF_ESHARE);
        sum_up(&d, 1);
        /* Its taker adds it all the same, as one does that sends another sum. */
        cr_assert_eq(d.suite->repair_sum_check(d.sums[1], K, column(&d, 1)), HF_ESHARE);
        cr_assert_eq(d.suite->repair_sum(K, d.sums[0], share), 0);
        cr_assert_eq(d.suite->share_check(share, 3, K, d.commitments), HF_ESHARE);
    }
}

Test(repair, points_of_another_helper_or_repair_or_dealing_are_refused)
{
    struct repaired d;
    struct hf_repair other = FIRST;
    uint8_t commitments[K * HF_POINT_LEN];
    for (size_t s = 0; s < HF_ARRAY_LEN(suites); s++) {
        make(&d, suites[s], FIRST);
        const struct hf_suite *suite = d.suite;
        cr_assert_eq(suite->repair_split_check(d.points[0][0], &d.repair, 2, d.commitments),
                     HF_ESHARE);
        other = FIRST;
        other.target = 6;
        cr_assert_eq(suite->repair_split_check(d.points[0][0], &other, 1, d.commitments),
                     HF_ESHARE);
        other = FIRST;
        other.helpers[1] = 3;
        other.target = 2;
        cr_assert_eq(suite->repair_split_check(d.points[0][0], &other, 1, d.commitments),
                     HF_ESHARE);
        memcpy(commitments, d.commitments, sizeof commitments);
        memcpy(commitments, d.commitments + HF_POINT_LEN, HF_POINT_LEN);
        cr_assert_eq(suite->repair_split_check(d.points[0][0], &d.repair, 1, commitments),
                     HF_ESHARE);
    }
}

Test(repair, the_identity_and_what_is_no_point_are_refused)
{
    struct repaired d;
    for (size_t s = 0; s < HF_ARRAY_LEN(suites); s++)
        for (uint8_t fill = 0, round = 0; round < 2; round++, fill = 0xff) {
            make(&d, suites[s], FIRST);
            memset(d.points[0][K - 1], fill, HF_POINT_LEN);
            cr_assert_eq(d.suite->repair_split_check(d.points[0][0], &d.repair, 1, d.commitments),
                         HF_EPOINT);
            cr_assert_eq(d.suite->repair_sum_check(d.sums[K - 1], K, column(&d, K - 1)), HF_EPOINT);
            make(&d, suites[s], FIRST);
            memset(d.commitments + HF_POINT_LEN, fill, HF_POINT_LEN);
            cr_assert_eq(d.suite->repair_split_check(d.points[0][0], &d.repair, 1, d.commitments),
                         HF_EPOINT);
        }
}

Test(repair, zero_and_what_is_no_scalar_are_refused)
{
    struct repaired d;
    uint8_t parts[K * HF_SCALAR_LEN], points[K * HF_POINT_LEN], scalar[HF_SCALAR_LEN];
    for (size_t s = 0; s < HF_ARRAY_LEN(suites); s++)
        for (uint8_t fill = 0, round = 0; round < 2; round++, fill = 0xff) {
            make(&d, suites[s], FIRST);
            memset(scalar, fill, sizeof scalar);
            cr_assert_eq(d.suite->repair_split(scalar, &d.repair, 1, &transcript, parts, points),
                         HF_ESCALAR);
            cr_assert_eq(d.suite->repair_sum_check(scalar, K, column(&d, 0)), HF_ESCALAR);
            memcpy(d.sums[K - 1], scalar, sizeof scalar);
            cr_assert_eq(d.suite->repair_sum(K, d.sums[0], scalar), HF_ESCALAR);
        }
}

Test(repair, helpers_out_of_order_or_range_or_with_the_target_are_refused)
{
    static const struct hf_repair wrong[] = {
        {0, 3, {1}},
        {HF_SHARES_MAX + 1, 3, {1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
        {K, 0, {1, 2, 4, 5, 9}},
        {K, HF_SHARES_MAX + 1, {1, 2, 4, 5, 9}},
        {K, 4, {1, 2, 4, 5, 9}},
        {K, 3, {0, 1, 4, 5, 9}},
        {K, 3, {1, 2, 4, 5, HF_SHARES_MAX + 1}},
        {K, 3, {1, 2, 2, 5, 9}},
        {K, 3, {2, 1, 4, 5, 9}},
    };
    struct repaired d;
    uint8_t parts[HF_SHARES_MAX * HF_SCALAR_LEN], points[HF_SHARES_MAX * HF_POINT_LEN];
    for (size_t s = 0; s < HF_ARRAY_LEN(suites); s++) {
        make(&d, suites[s], FIRST);
        for (size_t i = 0; i < HF_ARRAY_LEN(wrong); i++) {
            cr_assert_eq(
                d.suite->repair_split(d.shares[0], &wrong[i], 1, &transcript, parts, points),
                HF_EINVAL);
            cr_assert_eq(d.suite->repair_split_check(d.points[0][0], &wrong[i], 1, d.commitments),
                         HF_EINVAL);
        }
        cr_assert_eq(d.suite->repair_split(d.shares[5], &d.repair, 6, &transcript, parts, points),
                     HF_EINVAL);
        cr_assert_eq(d.suite->repair_split_check(d.points[0][0], &d.repair, 6, d.commitments),
                     HF_EINVAL);
        cr_assert_eq(d.suite->repair_sum(0, d.sums[0], parts), HF_EINVAL);
        cr_assert_eq(d.suite->repair_sum(HF_SHARES_MAX + 1, d.sums[0], parts), HF_EINVAL);
        cr_assert_eq(d.suite->repair_sum_check(d.sums[0], 0, d.points[0][0]), HF_EINVAL);
    }
}
