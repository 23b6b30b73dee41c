#include "crypto/suite.h"
#include "base/error.h"
#include "base/hex.h"

#include <criterion/criterion.h>

static const struct hf_suite *const suite = &hf_suite_real;

/* The order of ristretto255. */
static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

struct dealing {
    struct hf_rng rng;
    uint8_t k, n;
    uint8_t secret[32];
    uint8_t shares[16 * 32];
    uint8_t commitments[16 * 32];
    uint8_t indices[16];
};

static void deal(struct dealing *d, uint8_t seed, uint8_t k, uint8_t n)
{
    const uint8_t bytes[32] = {seed, k, n};

    hf_rng_init(&d->rng, bytes);
    d->k = k;
    d->n = n;
    suite->scalar_random(&d->rng, d->secret);
    cr_assert_eq(suite->deal(&d->rng, d->secret, (struct hf_sharing){.k = k, .n = n}, d->shares,
                             d->commitments),
                 0);
    for (uint8_t i = 0; i < n; i++)
        d->indices[i] = (uint8_t)(i + 1);
}

/* a + b as integers of 256 bits, for encodings that are to lie outside the group's
 * order or just beside a share. */
static void add(uint8_t *a, const uint8_t *b)
{
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)a[i] + b[i];
        a[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void add_small(uint8_t *a, uint8_t v)
{
    const uint8_t b[32] = {v};
    add(a, b);
}

Test(hf_deal, refuses_impossible_numbers_and_secrets)
{
    struct hf_rng rng;
    uint8_t secret[32] = {1}, shares[17 * 32], commitments[17 * 32], untouched[17 * 32];
    const struct hf_sharing impossible[] = {{0, 0},  {0, 5},   {6, 5},    {1, 0},
                                            {1, 17}, {17, 17}, {255, 255}};
    const struct hf_sharing good = {.k = 3, .n = 5};

    hf_rng_init(&rng, secret);
    memset(shares, 0xa5, sizeof shares);
    memset(commitments, 0xa5, sizeof commitments);
    memset(untouched, 0xa5, sizeof untouched);
    for (size_t i = 0; i < HF_ARRAY_LEN(impossible); i++)
        cr_assert_eq(suite->deal(&rng, secret, impossible[i], shares, commitments), HF_EINVAL);
    memset(secret, 0, sizeof secret);
    cr_assert_eq(suite->deal(&rng, secret, good, shares, commitments), HF_ESCALAR);
    memcpy(secret, order, sizeof secret);
    cr_assert_eq(suite->deal(&rng, secret, good, shares, commitments), HF_ESCALAR);
    add_small(secret, 1);
    cr_assert_eq(suite->deal(&rng, secret, good, shares, commitments), HF_ESCALAR);
    memset(secret, 0xff, sizeof secret);
    cr_assert_eq(suite->deal(&rng, secret, good, shares, commitments), HF_ESCALAR);
    /* The top bit alone: the multiplication would not see it. */
    memset(secret, 0, sizeof secret);
    secret[0] = 1;
    secret[31] = 0x80;
    cr_assert_eq(suite->deal(&rng, secret, good, shares, commitments), HF_ESCALAR);
    cr_assert_arr_eq(shares, untouched, sizeof shares);
    cr_assert_arr_eq(commitments, untouched, sizeof commitments);
}

Test(hf_deal, takes_the_greatest_secret)
{
    struct hf_rng rng;
    uint8_t secret[32], shares[5 * 32], commitments[3 * 32], got[32];
    const uint8_t indices[] = {1, 2, 3, 4, 5};
    uint32_t bad;

    memcpy(secret, order, sizeof secret);
    secret[0]--;
    hf_rng_init(&rng, secret);
    cr_assert_eq(
        suite->deal(&rng, secret, (struct hf_sharing){.k = 3, .n = 5}, shares, commitments), 0);
    cr_assert_eq(suite->combine(3, commitments, 5, indices, shares, got, &bad), 0);
    cr_assert_arr_eq(got, secret, 32);
}

Test(hf_deal, commits_to_the_secret_and_to_every_share)
{
    for (uint8_t n = 1; n <= 8; n++) {
        for (uint8_t k = 1; k <= n; k++) {
            struct dealing d;
            deal(&d, 1, k, n);
            cr_assert_eq(suite->secret_check(d.secret, d.commitments), 0);
            for (uint8_t i = 0; i < n; i++)
                for (uint8_t index = 1; index <= n; index++) {
                    int r = suite->share_check(d.shares + i * 32, index, k, d.commitments);
                    /* At k = 1 every share is the secret itself. */
                    cr_assert_eq(r, index == i + 1 || k == 1 ? 0 : HF_ESHARE);
                }
        }
    }
}

Test(hf_deal, draws_a_fresh_polynomial_each_time)
{
    struct dealing d;
    uint8_t shares[5 * 32], commitments[3 * 32];

    deal(&d, 1, 3, 5);
    cr_assert_eq(
        suite->deal(&d.rng, d.secret, (struct hf_sharing){.k = 3, .n = 5}, shares, commitments), 0);
    cr_assert_arr_eq(commitments, d.commitments, 32);
    for (size_t j = 1; j < 3; j++)
        cr_assert_neq(memcmp(commitments + j * 32, d.commitments + j * 32, 32), 0);
    for (uint8_t i = 0; i < 5; i++) {
        cr_assert_neq(memcmp(shares + i * 32, d.shares + i * 32, 32), 0);
        cr_assert_eq(suite->share_check(shares + i * 32, (uint8_t)(i + 1), 3, d.commitments),
                     HF_ESHARE);
    }
}

Test(hf_deal, draws_every_coefficient_by_itself)
{
    /* Degree k - 1 and no less: k - 1 shares with the secret's commitment alone
     * determine nothing. */
    struct dealing d;
    deal(&d, 9, 16, 16);
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(memcmp(d.commitments + i * 32, d.commitments + j * 32, 32), 0);
}

Test(hf_share_check, refuses_shares_that_are_zero_or_not_canonical)
{
    struct dealing d;
    uint8_t share[32] = {0};

    deal(&d, 2, 3, 5);
    cr_assert_eq(suite->share_check(share, 1, 3, d.commitments), HF_ESCALAR);
    memcpy(share, order, 32);
    cr_assert_eq(suite->share_check(share, 1, 3, d.commitments), HF_ESCALAR);
    memcpy(share, d.shares, 32);
    add(share, order);
    cr_assert_eq(suite->share_check(share, 1, 3, d.commitments), HF_ESCALAR);
    memcpy(share, d.shares, 32);
    share[31] |= 0x80;
    cr_assert_eq(suite->share_check(share, 1, 3, d.commitments), HF_ESCALAR);
}

Test(hf_share_check, refuses_indices_and_thresholds_out_of_range)
{
    struct dealing d;
    uint8_t commitments[17 * 32] = {0};

    deal(&d, 2, 3, 5);
    memcpy(commitments, d.commitments, 3 * 32);
    cr_assert_eq(suite->share_check(d.shares, 0, 3, commitments), HF_EINVAL);
    cr_assert_eq(suite->share_check(d.shares, 17, 3, commitments), HF_EINVAL);
    cr_assert_eq(suite->share_check(d.shares, 255, 3, commitments), HF_EINVAL);
    cr_assert_eq(suite->share_check(d.shares, 1, 0, commitments), HF_EINVAL);
    cr_assert_eq(suite->share_check(d.shares, 1, 17, commitments), HF_EINVAL);
}

Test(hf_share_check, refuses_every_changed_bit)
{
    struct dealing d;
    uint8_t share[32];

    deal(&d, 3, 2, 2);
    for (size_t bit = 0; bit < 256; bit++) {
        memcpy(share, d.shares + 32, 32);
        share[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int r = suite->share_check(share, 2, 2, d.commitments);
        cr_assert(r == HF_ESHARE || (r == HF_ESCALAR && bit >= 252));
    }
    for (size_t bit = 0; bit < 2 * 256; bit++) {
        d.commitments[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int r = suite->share_check(d.shares + 32, 2, 2, d.commitments);
        cr_assert(r == HF_ESHARE || r == HF_EPOINT);
        d.commitments[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* Encodings that no point has, by kind: RFC 9496, A.2. Then the identity, which
 * commits to nothing. */
static const char *const bad_points[] = {
    /* not reduced */
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* negative */
    "0100000000000000000000000000000000000000000000000000000000000000",
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
    "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
    "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
    "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
    "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
    "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
    /* no square root */
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad87",
    "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
    "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
    "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
    "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
    "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
    /* negative product of coordinates */
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
    "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
    "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
    "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
    "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
    "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
    "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
    /* y = 0 */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* the identity */
    "0000000000000000000000000000000000000000000000000000000000000000",
};

Test(hf_share_check, refuses_bad_commitments_wherever_they_stand)
{
    struct dealing d;
    uint8_t commitments[3 * 32], secret[32], proof[64];
    uint32_t bad;

    deal(&d, 4, 3, 3);
    cr_assert_eq(suite->prove(&d.rng, d.shares, hf_bytes_of("c", 1), proof), 0);
    for (size_t p = 0; p < HF_ARRAY_LEN(bad_points); p++) {
        for (size_t j = 0; j < 3; j++) {
            memcpy(commitments, d.commitments, sizeof commitments);
            cr_assert_eq(hf_hex_decode(bad_points[p], commitments + j * 32, 32), 0);
            for (uint8_t k = (uint8_t)(j + 1); k <= 3; k++) {
                for (uint8_t index = 1; index <= 3; index++)
                    cr_assert_eq(
                        suite->share_check(d.shares + (index - 1) * 32, index, k, commitments),
                        HF_EPOINT, "%s at %zu", bad_points[p], j);
                cr_assert_eq(suite->combine(k, commitments, 3, d.indices, d.shares, secret, &bad),
                             HF_EPOINT);
                cr_assert_eq(suite->combine(k, commitments, 0, NULL, NULL, secret, &bad),
                             HF_EPOINT);
                cr_assert_eq(suite->proof_check(proof, 1, k, commitments, hf_bytes_of("c", 1)),
                             HF_EPOINT);
            }
        }
        uint8_t point[32];
        cr_assert_eq(hf_hex_decode(bad_points[p], point, 32), 0);
        cr_assert_eq(suite->secret_check(d.secret, point), HF_ESHARE);
    }
}

Test(hf_share_check, refuses_a_commitment_whose_highest_bit_is_set)
{
    /* A decoder that drops this bit would take two encodings for one point. */
    struct dealing d;
    uint8_t commitments[3 * 32];

    deal(&d, 14, 3, 3);
    for (size_t j = 0; j < 3; j++) {
        memcpy(commitments, d.commitments, sizeof commitments);
        commitments[j * 32 + 31] |= 0x80;
        for (uint8_t index = 1; index <= 3; index++)
            cr_assert_eq(suite->share_check(d.shares + (index - 1) * 32, index, 3, commitments),
                         HF_EPOINT);
    }
    d.commitments[31] |= 0x80;
    cr_assert_eq(suite->secret_check(d.secret, d.commitments), HF_ESHARE);
}

Test(hf_share_check, stands_commitments_that_cancel_out_on_the_way)
{
    /* Sums on the way that are the identity lead to an answer,
     * never to a crash or another error. */
    struct dealing d;
    uint8_t secret[32], shares[32], commitments[2 * 32], proof[64] = {1};

    proof[32] = 1;
    deal(&d, 15, 2, 2);
    for (uint8_t index = 1; index <= 16; index++) {
        /* C_1 = B and C_0 = (L - index) B: the public share of this index is the identity. */
        memset(secret, 0, sizeof secret);
        secret[0] = 1;
        cr_assert_eq(
            suite->deal(&d.rng, secret, (struct hf_sharing){1, 1}, shares, commitments + 32), 0);
        memcpy(secret, order, sizeof secret);
        secret[0] = (uint8_t)(secret[0] - index);
        cr_assert_eq(suite->deal(&d.rng, secret, (struct hf_sharing){1, 1}, shares, commitments),
                     0);
        cr_assert_eq(suite->share_check(d.shares, index, 2, commitments), HF_ESHARE);
        cr_assert_eq(suite->proof_check(proof, index, 2, commitments, hf_bytes_of("c", 1)),
                     HF_EPROOF);

        /* With another commitment in front, the identity comes up midway: Y = C_0 alone. */
        uint8_t three[3 * 32];
        memcpy(three, d.commitments, 32);
        memcpy(three + 32, commitments, 64);
        cr_assert_eq(suite->share_check(d.secret, index, 3, three), 0);
    }
}

Test(hf_secret_check, refuses_every_other_secret)
{
    struct dealing d;
    uint8_t secret[32];

    deal(&d, 5, 2, 3);
    memcpy(secret, d.secret, 32);
    add_small(secret, 1);
    cr_assert_eq(suite->secret_check(secret, d.commitments), HF_ESHARE);
    /* The same scalar, not reduced: it would derive other keys. */
    memcpy(secret, d.secret, 32);
    add(secret, order);
    cr_assert_eq(suite->secret_check(secret, d.commitments), HF_ESHARE);
    memset(secret, 0, 32);
    cr_assert_eq(suite->secret_check(secret, d.commitments), HF_ESHARE);
    cr_assert_eq(suite->secret_check(d.secret, d.commitments + 32), HF_ESHARE);
}

Test(hf_scalar_random, gives_canonical_scalars_of_full_size)
{
    struct hf_rng rng;
    uint8_t scalar[32], seen_ones[32] = {0}, shares[32], commitments[32];

    hf_rng_init(&rng, order);
    for (size_t i = 0; i < 500; i++) {
        suite->scalar_random(&rng, scalar);
        /* deal refuses what is zero or not canonical. */
        cr_assert_eq(suite->deal(&rng, scalar, (struct hf_sharing){1, 1}, shares, commitments), 0);
        for (size_t b = 0; b < 32; b++)
            seen_ones[b] |= scalar[b];
    }
    for (size_t b = 0; b < 31; b++)
        cr_assert_eq(seen_ones[b], 0xff);
    cr_assert_eq(seen_ones[31] & 0xf0, 0);
}
