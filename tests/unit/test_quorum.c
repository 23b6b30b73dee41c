#include "crypto/quorum.h"
#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>

static const struct hf_suite *const suite = &hf_suite_real;
static const uint8_t identity[32];

enum { M = 3, N = 5 };

/* A dealt quorum key, and something sealed to it. */
struct world {
    struct hf_rng rng;
    uint8_t shares[N][32];
    uint8_t commitments[M * 32];
    uint8_t plain[32], c1[32], body[32 + HF_QUORUM_OVERHEAD], r[32];
};

static const struct hf_bytes context = {.data = (const uint8_t *)"statement", .len = 9};
static const struct hf_bytes request = {.data = (const uint8_t *)"request", .len = 7};

static void make(struct world *w, uint8_t seed)
{
    const uint8_t bytes[32] = {seed};
    uint8_t key[32];

    hf_rng_init(&w->rng, bytes);
    suite->scalar_random(&w->rng, key);
    cr_assert_eq(suite->deal(&w->rng, key, (struct hf_sharing){.k = M, .n = N}, w->shares[0],
                             w->commitments),
                 0);
    hf_rng_draw(&w->rng, w->plain, sizeof w->plain);
    cr_assert_eq(hf_quorum_seal(&w->rng, w->commitments, context, hf_bytes_of(w->plain, 32), w->c1,
                                w->body, w->r),
                 0);
}

static void partial(struct world *w, uint8_t index, uint8_t ret[static HF_PARTIAL_LEN])
{
    cr_assert_eq(hf_quorum_partial(&w->rng, w->shares[index - 1], w->c1, request, ret), 0);
}

static int open_with(const struct world *w, uint8_t k, const uint8_t *indices,
                     const uint8_t *partials, uint8_t ret[static 32])
{
    return hf_quorum_open(k, indices, partials, w->c1, context,
                          hf_bytes_of(w->body, sizeof w->body), ret);
}

Test(hf_quorum_open, opens_with_every_choice_of_m_holders_in_any_order)
{
    struct world w;
    uint8_t all[N][HF_PARTIAL_LEN], got[32];
    unsigned opened = 0;

    make(&w, 1);
    for (uint8_t i = 1; i <= N; i++) {
        partial(&w, i, all[i - 1]);
        cr_assert_eq(hf_quorum_partial_check(all[i - 1], i, M, w.commitments, w.c1, request), 0);
    }
    for (uint8_t a = 1; a <= N; a++)
        for (uint8_t b = 1; b <= N; b++)
            for (uint8_t c = 1; c <= N; c++) {
                const uint8_t indices[M] = {a, b, c};
                uint8_t partials[M][HF_PARTIAL_LEN];
                const bool distinct = a != b && b != c && a != c;
                for (size_t i = 0; i < M; i++)
                    memcpy(partials[i], all[indices[i] - 1], HF_PARTIAL_LEN);
                cr_assert_eq(open_with(&w, M, indices, partials[0], got), distinct ? 0 : HF_EINVAL);
                if (distinct) {
                    cr_assert_arr_eq(got, w.plain, 32);
                    opened++;
                }
            }
    cr_assert_eq(opened, N * (N - 1) * (N - 2));
}

Test(hf_quorum_open, needs_m_holders)
{
    struct world w;
    const uint8_t indices[M] = {1, 4, 5};
    uint8_t partials[M][HF_PARTIAL_LEN], got[32] = {0};

    make(&w, 2);
    for (size_t i = 0; i < M; i++)
        partial(&w, indices[i], partials[i]);
    cr_assert_eq(open_with(&w, 0, indices, partials[0], got), HF_EINVAL);
    cr_assert_eq(open_with(&w, 1, indices, partials[0], got), HF_ECRYPTO);
    cr_assert_eq(open_with(&w, 2, indices, partials[0], got), HF_ECRYPTO);
    cr_assert_arr_eq(got, identity, 32, "ret is untouched");
    cr_assert_eq(open_with(&w, 3, indices, partials[0], got), 0);
}

Test(hf_quorum_open, a_wrong_partial_decryption_opens_nothing)
{
    struct world w;
    const uint8_t indices[M] = {1, 2, 3}, moved[M] = {1, 2, 4}, out[M] = {1, 2, HF_SHARES_MAX + 1};
    uint8_t partials[M][HF_PARTIAL_LEN], got[32];

    make(&w, 3);
    for (size_t i = 0; i < M; i++)
        partial(&w, indices[i], partials[i]);
    cr_assert_eq(open_with(&w, M, moved, partials[0], got), HF_ECRYPTO);
    cr_assert_eq(open_with(&w, M, out, partials[0], got), HF_EINVAL);
    memcpy(partials[2], w.commitments, 32);
    cr_assert_eq(open_with(&w, M, indices, partials[0], got), HF_ECRYPTO);
    memset(partials[2], 0, 32);
    cr_assert_eq(open_with(&w, M, indices, partials[0], got), HF_EPOINT);
}

Test(hf_quorum_open, is_bound_to_context_and_body)
{
    struct world w;
    const uint8_t indices[M] = {2, 3, 5};
    uint8_t partials[M][HF_PARTIAL_LEN], got[32];

    make(&w, 4);
    for (size_t i = 0; i < M; i++)
        partial(&w, indices[i], partials[i]);
    cr_assert_eq(hf_quorum_open(M, indices, partials[0], w.c1, hf_bytes_of("statemenu", 9),
                                hf_bytes_of(w.body, sizeof w.body), got),
                 HF_ECRYPTO);
    for (size_t bit = 0; bit < 8 * sizeof w.body; bit++) {
        w.body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(open_with(&w, M, indices, partials[0], got), HF_ECRYPTO);
        w.body[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof w.body; len++)
        cr_assert_eq(
            hf_quorum_open(M, indices, partials[0], w.c1, context, hf_bytes_of(w.body, len), got),
            HF_ECRYPTO);
}

Test(hf_quorum_partial_check, refuses_every_changed_bit)
{
    struct world w;
    uint8_t p[HF_PARTIAL_LEN];

    make(&w, 5);
    partial(&w, 2, p);
    cr_assert_eq(hf_quorum_partial_check(p, 2, M, w.commitments, w.c1, request), 0);
    for (size_t bit = 0; bit < 8 * sizeof p; bit++) {
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int r = hf_quorum_partial_check(p, 2, M, w.commitments, w.c1, request);
        cr_assert(r == HF_EPROOF || r == HF_EPOINT, "bit %zu", bit);
        p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(hf_quorum_partial_check, does_not_transfer)
{
    struct world w, other;
    uint8_t p[HF_PARTIAL_LEN];

    make(&w, 6);
    make(&other, 7);
    partial(&w, 2, p);
    for (uint8_t i = 0; i <= HF_SHARES_MAX + 1; i++) /* to another holder */
        cr_assert_eq(hf_quorum_partial_check(p, i, M, w.commitments, w.c1, request),
                     i == 2                        ? 0
                     : i == 0 || i > HF_SHARES_MAX ? HF_EINVAL
                                                   : HF_EPROOF);
    cr_assert_eq(hf_quorum_partial_check(p, 2, M, w.commitments, other.c1, request), HF_EPROOF);
    cr_assert_eq(hf_quorum_partial_check(p, 2, M, other.commitments, w.c1, request), HF_EPROOF);
    cr_assert_eq(hf_quorum_partial_check(p, 2, M, w.commitments, w.c1, context), HF_EPROOF);
    cr_assert_eq(hf_quorum_partial_check(p, 2, M, w.commitments, w.c1, (struct hf_bytes){0}),
                 HF_EPROOF);
}

Test(hf_quorum_partial_check, a_share_that_is_not_the_committed_one_convinces_nobody)
{
    struct world w;
    uint8_t share[32], p[HF_PARTIAL_LEN];

    make(&w, 8);
    suite->scalar_random(&w.rng, share);
    cr_assert_eq(hf_quorum_partial(&w.rng, share, w.c1, request, p), 0);
    cr_assert_eq(hf_quorum_partial_check(p, 2, M, w.commitments, w.c1, request), HF_EPROOF);
}

/* Identity, not canonical, highest bit, no such point. */
static void bad_points(uint8_t ret[static 4][32])
{
    memset(ret, 0, 4 * 32);
    memset(ret[1], 0xff, 32);
    ret[2][31] = 0x80;
    ret[3][0] = 1;
}

Test(hf_quorum, refuses_points_that_are_none_and_the_identity)
{
    struct world w;
    uint8_t bad[4][32], p[HF_PARTIAL_LEN], c1[32], body[64], r[32];

    make(&w, 9);
    bad_points(bad);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        cr_assert_eq(hf_quorum_seal(&w.rng, bad[i], context, hf_bytes_of(w.plain, 32), c1, body, r),
                     HF_EPOINT);
        cr_assert_eq(hf_quorum_partial(&w.rng, w.shares[0], bad[i], request, p), HF_EPOINT);
        partial(&w, 1, p);
        cr_assert_eq(hf_quorum_partial_check(p, 1, M, w.commitments, bad[i], request), HF_EPOINT);
        memcpy(p, bad[i], 32);
        cr_assert_eq(hf_quorum_partial_check(p, 1, M, w.commitments, w.c1, request), HF_EPOINT);
    }
}

Test(hf_quorum_partial, refuses_shares_that_are_zero_or_not_canonical)
{
    struct world w;
    uint8_t p[HF_PARTIAL_LEN], share[32];

    make(&w, 10);
    cr_assert_eq(hf_quorum_partial(&w.rng, identity, w.c1, request, p), HF_ESCALAR);
    memcpy(share, w.shares[0], 32);
    share[31] |= 0x80;
    cr_assert_eq(hf_quorum_partial(&w.rng, share, w.c1, request, p), HF_ESCALAR);
}

Test(hf_quorum_partial_check, a_holder_whose_public_share_is_the_identity_proves_nothing)
{
    /* A polynomial with its root at 1, as a lying ceremony could deal: C, and its inverse. */
    struct world w;
    uint8_t p[HF_PARTIAL_LEN], share[32];

    make(&w, 11);
    suite->scalar_random(&w.rng, share);
    uint8_t commitments[2 * 32], shares[2 * 32];
    cr_assert_eq(
        suite->deal(&w.rng, share, (struct hf_sharing){.k = 1, .n = 1}, shares, commitments), 0);
    /* The order less one takes a point to its inverse. */
    static const uint8_t minus_one[32] = {0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                          0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                          0,    0,    0,    0,    0,    0,    0,    0,
                                          0,    0,    0,    0,    0,    0,    0,    0x10};
    uint8_t negative[HF_PARTIAL_LEN];
    cr_assert_eq(hf_quorum_partial(&w.rng, minus_one, commitments, request, negative), 0);
    memcpy(commitments + 32, negative, 32);
    partial(&w, 1, p);
    cr_assert_eq(hf_quorum_partial_check(p, 1, 2, commitments, w.c1, request), HF_EPROOF);
}

Test(hf_quorum_seal, is_known_by_its_randomness_alone)
{
    struct world w;
    uint8_t proof[HF_PROOF_LEN], other[32];

    make(&w, 12);
    cr_assert_eq(suite->prove(&w.rng, w.r, context, proof), 0);
    cr_assert_eq(suite->proof_check(proof, 1, 1, w.c1, context), 0);
    cr_assert_eq(suite->proof_check(proof, 1, 1, w.c1, request), HF_EPROOF);
    suite->scalar_random(&w.rng, other);
    cr_assert_eq(suite->prove(&w.rng, other, context, proof), 0);
    cr_assert_eq(suite->proof_check(proof, 1, 1, w.c1, context), HF_EPROOF);
}

Test(hf_quorum_seal, never_repeats_itself)
{
    struct world w;
    uint8_t c1[32], body[sizeof w.body], r[32];

    make(&w, 13);
    cr_assert_eq(
        hf_quorum_seal(&w.rng, w.commitments, context, hf_bytes_of(w.plain, 32), c1, body, r), 0);
    cr_assert_neq(memcmp(c1, w.c1, 32), 0);
    cr_assert_neq(memcmp(body, w.body, sizeof body), 0);
}
