/* The model suite fails where the real one fails, and has its sizes. */
#include "suites/cost.h"
#include "suites/model.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct hf_suite *suite = &hf__suite_model;
static struct hf_rng rng = {.seed = {1, 2, 3}};

Test(hf_sim_model, any_k_shares_rebuild_the_secret_and_fewer_do_not)
{
    uint8_t secret[32], shares[16 * 32], commitments[16 * 32], rebuilt[32];
    for (uint8_t n = 1; n <= 16; n++) {
        uint8_t k = (uint8_t)(n / 2 + 1), indices[16], picked[16 * 32];
        uint32_t bad;
        suite->scalar_random(&rng, secret);
        cr_assert_eq(suite->deal(&rng, secret, (struct hf_sharing){k, n}, shares, commitments), 0);
        for (uint8_t i = 0; i < n; i++) {
            uint8_t from = (uint8_t)(n - 1 - i);
            indices[i] = (uint8_t)(from + 1);
            memcpy(picked + i * 32, shares + from * 32, 32);
            cr_assert_eq(suite->share_check(picked + i * 32, indices[i], k, commitments), 0);
        }
        cr_assert_eq(suite->combine(k, commitments, k, indices, picked, rebuilt, &bad), 0);
        cr_assert_arr_eq(rebuilt, secret, 32);
        cr_assert_eq(bad, 0);
        cr_assert_eq(suite->combine(k, commitments, k - 1u, indices, picked, rebuilt, &bad),
                     HF_EFEWSHARES);
        cr_assert_eq(suite->secret_check(secret, commitments), 0);
    }
}

Test(hf_sim_model, a_share_of_another_index_or_dealing_does_not_fit)
{
    uint8_t secret[32], shares[3 * 32], commitments[2 * 32], other[3 * 32], rebuilt[32];
    uint8_t indices[3] = {1, 2, 3}, dealt[2 * 32];
    uint32_t bad;
    suite->scalar_random(&rng, secret);
    cr_assert_eq(suite->deal(&rng, secret, (struct hf_sharing){2, 3}, shares, commitments), 0);
    cr_assert_eq(suite->deal(&rng, secret, (struct hf_sharing){2, 3}, other, dealt), 0);
    cr_assert_eq(suite->share_check(shares, 2, 2, commitments), HF_ESHARE);
    cr_assert_eq(suite->share_check(other, 1, 2, commitments), HF_ESHARE);
    memcpy(shares, other, 32);
    cr_assert_eq(suite->combine(2, commitments, 3, indices, shares, rebuilt, &bad), 0);
    cr_assert_eq(bad, 1);
    cr_assert_arr_eq(rebuilt, secret, 32);
    memset(shares, 0, 32);
    cr_assert_eq(suite->share_check(shares, 1, 2, commitments), HF_ESCALAR);
    memset(commitments, 0, 32);
    cr_assert_eq(suite->share_check(shares + 32, 2, 2, commitments), HF_EPOINT);
}

Test(hf_sim_model, a_proof_binds_share_and_context)
{
    uint8_t secret[32], shares[3 * 32], commitments[2 * 32], proof[64];
    struct hf_bytes context = hf_bytes_of("context", 7), another = hf_bytes_of("contexT", 7);
    suite->scalar_random(&rng, secret);
    cr_assert_eq(suite->deal(&rng, secret, (struct hf_sharing){2, 3}, shares, commitments), 0);
    cr_assert_eq(suite->prove(&rng, shares + 32, context, proof), 0);
    cr_assert_eq(suite->proof_check(proof, 2, 2, commitments, context), 0);
    cr_assert_eq(suite->proof_check(proof, 1, 2, commitments, context), HF_EPROOF);
    cr_assert_eq(suite->proof_check(proof, 2, 2, commitments, another), HF_EPROOF);
}

Test(hf_sim_model, signatures_fail_when_key_label_or_bytes_differ)
{
    uint8_t public_key[32], other_key[32], secret[64], other_secret[64], signature[64];
    struct hf_bytes data = hf_bytes_of("some bytes", 10), less = hf_bytes_of("some byte", 9);
    suite->sign_keypair(&rng, public_key, secret);
    suite->sign_keypair(&rng, other_key, other_secret);
    suite->sign(secret, "label", data, signature);
    cr_assert_eq(suite->verify(public_key, "label", data, signature), 0);
    cr_assert_eq(suite->verify(other_key, "label", data, signature), HF_ESIGNATURE);
    cr_assert_eq(suite->verify(public_key, "labeL", data, signature), HF_ESIGNATURE);
    cr_assert_eq(suite->verify(public_key, "label", less, signature), HF_ESIGNATURE);
    signature[63] ^= 1;
    cr_assert_eq(suite->verify(public_key, "label", data, signature), HF_ESIGNATURE);
}

Test(hf_sim_model, what_is_sealed_opens_only_with_its_key_info_and_aad)
{
    uint8_t public_key[32], secret[32], other[32], ignored[32], sealed[100 + HF_SEAL_OVERHEAD];
    uint8_t plain[100], opened[100];
    struct hf_bytes info = hf_bytes_of("info", 4), aad = hf_bytes_of("aad", 3);
    struct hf_bytes all = hf_bytes_of(sealed, sizeof(sealed));
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)i;
    suite->seal_keypair(&rng, public_key, secret);
    suite->seal_keypair(&rng, ignored, other);
    cr_assert_eq(suite->seal(&rng, public_key, info, aad, hf_bytes_of(plain, 100), sealed), 0);
    cr_assert_eq(suite->open(secret, info, aad, all, opened), 0);
    cr_assert_arr_eq(opened, plain, 100);
    cr_assert_eq(suite->open(other, info, aad, all, opened), HF_ECRYPTO);
    cr_assert_eq(suite->open(secret, aad, aad, all, opened), HF_ECRYPTO);
    cr_assert_eq(suite->open(secret, info, info, all, opened), HF_ECRYPTO);
    for (size_t i = 0; i < sizeof(sealed); i += 7) {
        sealed[i] ^= 0x80;
        cr_assert_eq(suite->open(secret, info, aad, all, opened), HF_ECRYPTO);
        sealed[i] ^= 0x80;
    }
    cr_assert_eq(suite->open(secret, info, aad, hf_bytes_of(sealed, 47), opened), HF_ECRYPTO);
    cr_assert_eq(suite->open_gcm(secret, info, aad, all, opened), HF_ECRYPTO);
    cr_assert_eq(suite->seal_gcm(&rng, public_key, info, aad, hf_bytes_of(plain, 100), sealed), 0);
    cr_assert_eq(suite->open_gcm(secret, info, aad, all, opened), 0);
    cr_assert_arr_eq(opened, plain, 100);
    cr_assert_eq(suite->open(secret, info, aad, all, opened), HF_ECRYPTO);
}

Test(hf_sim_model, a_pair_agrees_and_nobody_else_does)
{
    static const uint8_t zeros[32];
    uint8_t a[32], secret_a[32], b[32], secret_b[32], c[32], secret_c[32], got[32], same[32];
    suite->seal_keypair(&rng, a, secret_a);
    suite->seal_keypair(&rng, b, secret_b);
    suite->seal_keypair(&rng, c, secret_c);
    cr_assert_eq(suite->agree(secret_a, b, got), 0);
    cr_assert_eq(suite->agree(secret_b, a, same), 0);
    cr_assert_arr_eq(got, same, 32);
    cr_assert_eq(suite->agree(secret_c, a, same), 0);
    cr_assert(memcmp(got, same, 32) != 0);
    cr_assert_eq(suite->agree(secret_a, zeros, got), HF_EPOINT);
}

Test(hf_sim_model, what_is_wrapped_opens_only_with_its_key_and_aad)
{
    uint8_t key[32] = {1}, other[32] = {2}, wrapped[32 + HF_WRAP_OVERHEAD], opened[32];
    const uint8_t plain[32] = "thirty-two bytes that are wrapp";
    struct hf_bytes aad = hf_bytes_of("aad", 3), all = hf_bytes_of(wrapped, sizeof(wrapped));
    suite->wrap(&rng, key, aad, hf_bytes_of(plain, 32), wrapped);
    cr_assert_eq(suite->unwrap(key, aad, all, opened), 0);
    cr_assert_arr_eq(opened, plain, 32);
    cr_assert_eq(suite->unwrap(other, aad, all, opened), HF_ECRYPTO);
    cr_assert_eq(suite->unwrap(key, hf_bytes_of("bad", 3), all, opened), HF_ECRYPTO);
    cr_assert_eq(suite->unwrap(key, aad, hf_bytes_of(wrapped, 39), opened), HF_ECRYPTO);
}

Test(hf_sim_model, operations_have_a_stated_cost)
{
    struct hf_hash hash;
    hf__cost_ns = 0;
    suite->hash("label", hf_bytes_of("abc", 3), &hash);
    cr_assert_eq(hf__cost_ns, 303);
}
