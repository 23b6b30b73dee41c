#include "dealing.h"

#include "base/error.h"

#include <criterion/criterion.h>

static const struct hf_suite *const suite = &hf_suite_real;

Test(hf_prove, convinces_for_every_index_and_threshold)
{
    for (uint8_t k = 1; k <= 5; k++) {
        struct dealing d;
        uint8_t proof[64];
        dealing_make(&d, 1, k, 5);
        for (uint8_t i = 1; i <= 5; i++) {
            cr_assert_eq(suite->prove(&d.rng, d.shares[i - 1], hf_bytes_of("context", 7), proof),
                         0);
            cr_assert_eq(suite->proof_check(proof, i, k, d.commitments, hf_bytes_of("context", 7)),
                         0);
            cr_assert_eq(suite->prove(&d.rng, d.shares[i - 1], hf_bytes_of(NULL, 0), proof), 0);
            cr_assert_eq(suite->proof_check(proof, i, k, d.commitments, hf_bytes_of(NULL, 0)), 0);
        }
    }
}

Test(hf_prove, refuses_shares_that_are_zero_or_not_canonical)
{
    struct dealing d;
    uint8_t share[32] = {0}, proof[64], untouched[64];

    dealing_make(&d, 2, 3, 5);
    memset(proof, 0xa5, sizeof proof);
    memset(untouched, 0xa5, sizeof untouched);
    cr_assert_eq(suite->prove(&d.rng, share, hf_bytes_of("c", 1), proof), HF_ESCALAR);
    memcpy(share, d.shares[0], 32);
    share[31] |= 0x80;
    cr_assert_eq(suite->prove(&d.rng, share, hf_bytes_of("c", 1), proof), HF_ESCALAR);
    cr_assert_arr_eq(proof, untouched, sizeof proof);
}

Test(hf_proof_check, does_not_transfer_between_contexts)
{
    struct dealing d;
    uint8_t proof[64], context[12] = "transcript";

    dealing_make(&d, 3, 3, 5);
    cr_assert_eq(suite->prove(&d.rng, d.shares[1], hf_bytes_of(context, sizeof context), proof), 0);
    for (size_t bit = 0; bit < 8 * sizeof context; bit++) {
        context[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(
            suite->proof_check(proof, 2, 3, d.commitments, hf_bytes_of(context, sizeof context)),
            HF_EPROOF);
        context[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof context; len++)
        cr_assert_eq(suite->proof_check(proof, 2, 3, d.commitments, hf_bytes_of(context, len)),
                     HF_EPROOF);
}

Test(hf_proof_check, does_not_transfer_between_indices)
{
    struct dealing d;
    uint8_t proof[64];

    dealing_make(&d, 4, 3, 5);
    for (uint8_t i = 1; i <= 5; i++) {
        cr_assert_eq(suite->prove(&d.rng, d.shares[i - 1], hf_bytes_of("c", 1), proof), 0);
        for (uint8_t j = 1; j <= 16; j++)
            cr_assert_eq(suite->proof_check(proof, j, 3, d.commitments, hf_bytes_of("c", 1)),
                         i == j ? 0 : HF_EPROOF);
    }
}

Test(hf_proof_check, does_not_transfer_between_generations)
{
    struct dealing d;
    uint8_t proof[64], shares[5 * 32], commitments[3 * 32];

    dealing_make(&d, 5, 3, 5);
    cr_assert_eq(
        suite->deal(&d.rng, d.secret, (struct hf_sharing){.k = 3, .n = 5}, shares, commitments), 0);
    for (uint8_t i = 1; i <= 5; i++) {
        cr_assert_eq(suite->prove(&d.rng, d.shares[i - 1], hf_bytes_of("c", 1), proof), 0);
        cr_assert_eq(suite->proof_check(proof, i, 3, d.commitments, hf_bytes_of("c", 1)), 0);
        cr_assert_eq(suite->proof_check(proof, i, 3, commitments, hf_bytes_of("c", 1)), HF_EPROOF);
    }
}

Test(hf_proof_check, with_a_threshold_of_one_leaves_indices_to_the_context)
{
    /* All shares are the secret then: what the contract of prove says about k = 1 is seen here. */
    struct dealing d;
    uint8_t proof[64];

    dealing_make(&d, 6, 1, 2);
    cr_assert_eq(suite->prove(&d.rng, d.shares[0], hf_bytes_of("index 1", 7), proof), 0);
    cr_assert_eq(suite->proof_check(proof, 2, 1, d.commitments, hf_bytes_of("index 1", 7)), 0);
    cr_assert_eq(suite->proof_check(proof, 2, 1, d.commitments, hf_bytes_of("index 2", 7)),
                 HF_EPROOF);
}

Test(hf_proof_check, refuses_every_changed_bit)
{
    struct dealing d;
    uint8_t proof[64];

    dealing_make(&d, 7, 3, 5);
    cr_assert_eq(suite->prove(&d.rng, d.shares[0], hf_bytes_of("c", 1), proof), 0);
    for (size_t bit = 0; bit < 8 * sizeof proof; bit++) {
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(suite->proof_check(proof, 1, 3, d.commitments, hf_bytes_of("c", 1)),
                     HF_EPROOF);
        proof[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(hf_proof_check, refuses_halves_that_are_zero_or_not_reduced)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    struct dealing d;
    uint8_t proof[64], changed[64];

    dealing_make(&d, 8, 3, 5);
    cr_assert_eq(suite->prove(&d.rng, d.shares[0], hf_bytes_of("c", 1), proof), 0);
    for (size_t half = 0; half < 2; half++) {
        memcpy(changed, proof, sizeof changed);
        unsigned carry = 0;
        for (size_t i = 0; i < 32; i++) {
            carry += (unsigned)proof[half * 32 + i] + order[i];
            changed[half * 32 + i] = (uint8_t)carry;
            carry >>= 8;
        }
        cr_assert_eq(suite->proof_check(changed, 1, 3, d.commitments, hf_bytes_of("c", 1)),
                     HF_EPROOF);
        memset(changed + half * 32, 0, 32);
        cr_assert_eq(suite->proof_check(changed, 1, 3, d.commitments, hf_bytes_of("c", 1)),
                     HF_EPROOF);
    }
    memset(changed, 0, sizeof changed);
    cr_assert_eq(suite->proof_check(changed, 1, 3, d.commitments, hf_bytes_of("c", 1)), HF_EPROOF);
}

Test(hf_proof_check, refuses_indices_and_thresholds_out_of_range)
{
    struct dealing d;
    uint8_t proof[64] = {0};

    dealing_make(&d, 9, 3, 5);
    cr_assert_eq(suite->proof_check(proof, 0, 3, d.commitments, hf_bytes_of("c", 1)), HF_EINVAL);
    cr_assert_eq(suite->proof_check(proof, 17, 3, d.commitments, hf_bytes_of("c", 1)), HF_EINVAL);
    cr_assert_eq(suite->proof_check(proof, 1, 0, d.commitments, hf_bytes_of("c", 1)), HF_EINVAL);
    cr_assert_eq(suite->proof_check(proof, 1, 17, d.commitments, hf_bytes_of("c", 1)), HF_EINVAL);
}

Test(hf_prove, does_not_reuse_its_nonce_when_the_generator_repeats_itself)
{
    /*
     * Two proofs from two copies of one generator. With one nonce, z - z' = (c - c') * share, and
     * the share would be public. Equal inputs give the equal proof, which tells nothing new; other
     * contexts must give other nonces: then the proof for one never is the other's with another
     * challenge.
     */
    struct dealing d;
    struct hf_rng twin;
    uint8_t a[64], b[64], again[64];

    dealing_make(&d, 10, 3, 5);
    twin = d.rng;
    struct hf_rng third = d.rng;
    cr_assert_eq(suite->prove(&d.rng, d.shares[0], hf_bytes_of("a", 1), a), 0);
    cr_assert_eq(suite->prove(&twin, d.shares[0], hf_bytes_of("b", 1), b), 0);
    cr_assert_eq(suite->prove(&third, d.shares[0], hf_bytes_of("a", 1), again), 0);
    cr_assert_arr_eq(a, again, sizeof a);
    cr_assert_neq(memcmp(a, b, 32), 0);
    cr_assert_neq(memcmp(a + 32, b + 32, 32), 0);
}
