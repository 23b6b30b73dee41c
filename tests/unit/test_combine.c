#include "dealing.h"

#include "base/error.h"

#include <criterion/criterion.h>

static const struct hf_suite *const suite = &hf_suite_real;

static int bits(unsigned mask)
{
    return __builtin_popcount(mask);
}

static void add_small(uint8_t *scalar, uint8_t v)
{
    unsigned carry = v;
    for (size_t i = 0; i < 32; i++) {
        carry += scalar[i];
        scalar[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* What a list of shares is answered with: all of it is checked each time. */
static void expect(uint8_t k, const struct dealing *d, size_t count, const uint8_t *indices,
                   uint8_t shares[][32], int want, uint32_t want_bad)
{
    uint8_t secret[32], untouched[32];
    uint32_t bad = 0xa5a5a5a5;

    memset(secret, 0xa5, sizeof secret);
    memset(untouched, 0xa5, sizeof untouched);
    cr_assert_eq(suite->combine(k, d->commitments, count, indices, shares[0], secret, &bad), want);
    cr_assert_eq(bad, want_bad, "%08x, not %08x", bad, want_bad);
    cr_assert_arr_eq(secret, want == 0 ? d->secret : untouched, 32);
}

Test(hf_combine, rebuilds_from_every_subset_of_at_least_k_and_from_no_smaller_one)
{
    for (uint8_t n = 1; n <= 7; n++) {
        for (uint8_t k = 1; k <= n; k++) {
            struct dealing d;
            dealing_make(&d, 1, k, n);
            for (unsigned subset = 0; subset < 1u << n; subset++) {
                uint8_t indices[7], shares[7][32];
                size_t count = 0;
                for (uint8_t i = 0; i < n; i++) {
                    if ((subset & 1u << i) == 0)
                        continue;
                    indices[count] = (uint8_t)(i + 1);
                    memcpy(shares[count++], d.shares[i], 32);
                }
                expect(k, &d, count, indices, shares, count >= k ? 0 : HF_EFEWSHARES, 0);
            }
        }
    }
}

Test(hf_combine, rebuilds_with_the_largest_numbers)
{
    for (uint8_t k = 1; k <= 16; k++) {
        struct dealing d;
        uint8_t indices[16], shares[16][32];
        dealing_make(&d, 2, k, 16);
        /* The last k, in falling order. */
        for (uint8_t i = 0; i < k; i++) {
            indices[i] = (uint8_t)(16 - i);
            memcpy(shares[i], d.shares[15 - i], 32);
        }
        expect(k, &d, k, indices, shares, 0, 0);
    }
}

enum wrong {
    BIT,
    PLUS_ONE,
    ZERO,
    NOT_REDUCED,
    ANOTHERS,
    OLDER,
    RANDOM,
    BAD_INDEX_0,
    BAD_INDEX_17,
    WRONGS
};

static void spoil(struct dealing *d, const struct dealing *older, enum wrong how, size_t i,
                  uint8_t *index, uint8_t *share)
{
    switch (how) {
    case BIT:
        share[i] ^= 4;
        break;
    case PLUS_ONE:
        add_small(share, 1);
        break;
    case ZERO:
        memset(share, 0, 32);
        break;
    case NOT_REDUCED:
        share[31] |= 0x80;
        break;
    case ANOTHERS:
        memcpy(share, d->shares[(i + 1) % 5], 32);
        break;
    case OLDER:
        memcpy(share, older->shares[i], 32);
        break;
    case RANDOM:
        suite->scalar_random(&d->rng, share);
        break;
    case BAD_INDEX_0:
        *index = 0;
        break;
    case BAD_INDEX_17:
        *index = 17;
        break;
    case WRONGS:
        break;
    }
}

Test(hf_combine, names_every_wrong_share_and_rebuilds_from_the_rest)
{
    for (int how = 0; how < WRONGS; how++) {
        for (unsigned wrong = 0; wrong < 1u << 5; wrong++) {
            struct dealing d, older;
            uint8_t indices[5], shares[5][32];
            dealing_make(&d, 3, 3, 5);
            dealing_make(&older, 4, 3, 5);
            for (uint8_t i = 0; i < 5; i++) {
                indices[i] = (uint8_t)(i + 1);
                memcpy(shares[i], d.shares[i], 32);
                if ((wrong & 1u << i) != 0)
                    spoil(&d, &older, (enum wrong)how, i, &indices[i], shares[i]);
            }
            expect(3, &d, 5, indices, shares, bits(wrong) <= 2 ? 0 : HF_EFEWSHARES, wrong);
        }
    }
}

Test(hf_combine, is_not_fooled_by_errors_that_cancel_out)
{
    /* From indices 1 and 2 the secret is 2 * share 1 - share 2: errors of 1 and 2 leave it as it
     * was. */
    struct dealing d;
    uint8_t indices[] = {1, 2, 3, 4}, shares[4][32];

    dealing_make(&d, 5, 2, 4);
    memcpy(shares, d.shares, sizeof shares);
    add_small(shares[0], 1);
    add_small(shares[1], 2);
    expect(2, &d, 2, indices, shares, HF_EFEWSHARES, 3);
    expect(2, &d, 3, indices, shares, HF_EFEWSHARES, 3);
    expect(2, &d, 4, indices, shares, 0, 3);
}

Test(hf_combine, refuses_another_generation_even_when_all_its_shares_agree)
{
    struct dealing d, older;
    uint8_t indices[] = {1, 2, 3, 4, 5};

    dealing_make(&d, 6, 3, 5);
    older = d;
    cr_assert_eq(suite->deal(&d.rng, d.secret, (struct hf_sharing){.k = 3, .n = 5}, older.shares[0],
                             older.commitments),
                 0);
    expect(3, &d, 5, indices, older.shares, HF_EFEWSHARES, 31);
    expect(3, &older, 5, indices, older.shares, 0, 0);
}

Test(hf_combine, counts_an_index_once)
{
    struct dealing d;
    uint8_t shares[4][32];

    dealing_make(&d, 7, 3, 5);
    for (size_t i = 0; i < 4; i++)
        memcpy(shares[i], d.shares[i / 2], 32);
    /* Two of index 1 and two of index 2: all of them right, and yet too few. */
    expect(3, &d, 4, (uint8_t[]){1, 1, 2, 2}, shares, HF_EFEWSHARES, 0);
    memcpy(shares[3], d.shares[4], 32);
    expect(3, &d, 4, (uint8_t[]){1, 1, 2, 5}, shares, 0, 0);
}

Test(hf_combine, lets_no_wrong_share_displace_a_right_one_of_the_same_index)
{
    for (size_t first = 0; first < 2; first++) {
        struct dealing d;
        uint8_t shares[4][32];
        dealing_make(&d, 8, 3, 3);
        memcpy(shares[0], d.shares[0], 32);
        memcpy(shares[1], d.shares[0], 32);
        memcpy(shares[2], d.shares[1], 32);
        memcpy(shares[3], d.shares[2], 32);
        add_small(shares[first], 1);
        expect(3, &d, 4, (uint8_t[]){1, 1, 2, 3}, shares, 0, UINT32_C(1) << first);
    }
}

Test(hf_combine, does_not_depend_on_the_order)
{
    struct dealing d;
    dealing_make(&d, 9, 3, 5);
    for (unsigned seed = 0; seed < 200; seed++) {
        uint8_t indices[] = {1, 2, 3, 4, 5}, shares[5][32], random[8];
        uint32_t wrong = 0;
        suite->random(&d.rng, random, sizeof random);
        for (size_t i = 4; i > 0; i--) {
            size_t j = random[i] % (i + 1);
            uint8_t t = indices[i];
            indices[i] = indices[j];
            indices[j] = t;
        }
        for (size_t i = 0; i < 5; i++) {
            memcpy(shares[i], d.shares[indices[i] - 1], 32);
            if (i == random[5] % 5u || i == random[6] % 5u) {
                add_small(shares[i], 7);
                wrong |= UINT32_C(1) << i;
            }
        }
        expect(3, &d, 5, indices, shares, 0, wrong);
    }
}

Test(hf_combine, takes_32_shares_and_no_more)
{
    struct dealing d;
    uint8_t indices[33], shares[33][32];

    dealing_make(&d, 10, 3, 16);
    for (size_t i = 0; i < 33; i++) {
        indices[i] = (uint8_t)(i % 16 + 1);
        memcpy(shares[i], d.shares[i % 16], 32);
    }
    add_small(shares[31], 1);
    expect(3, &d, 32, indices, shares, 0, UINT32_C(1) << 31);
    add_small(shares[0], 1);
    expect(3, &d, 32, indices, shares, 0, UINT32_C(1) << 31 | 1);
    expect(3, &d, 33, indices, shares, HF_EINVAL, 0xa5a5a5a5);
}

Test(hf_combine, refuses_thresholds_out_of_range)
{
    struct dealing d;
    uint8_t indices[17];
    uint8_t shares[17][32] = {{0}};

    dealing_make(&d, 11, 3, 16);
    for (uint8_t i = 0; i < 17; i++)
        indices[i] = (uint8_t)(i + 1);
    expect(0, &d, 3, indices, d.shares, HF_EINVAL, 0xa5a5a5a5);
    expect(17, &d, 17, indices, shares, HF_EINVAL, 0xa5a5a5a5);
}

Test(hf_combine, refuses_a_threshold_below_the_dealt_one)
{
    /* With fewer commitments than were made, no share fits: no sender lowers k by cutting the
     * list. */
    struct dealing d;
    uint8_t indices[] = {1, 2, 3, 4, 5};

    dealing_make(&d, 12, 3, 5);
    expect(2, &d, 5, indices, d.shares, HF_EFEWSHARES, 31);
    expect(1, &d, 5, indices, d.shares, HF_EFEWSHARES, 31);
}
