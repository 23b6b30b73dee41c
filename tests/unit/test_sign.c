#include "crypto/ed25519.h"
#include "crypto/suite.h"
#include "base/error.h"
#include "base/hex.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct hf_suite *const suite = &hf_suite_real;

Test(hf_ed25519_verify, agrees_with_wycheproof)
{
    json_t *root = hf_vectors_public("crypto/wycheproof_ed25519_test.json");
    json_t *group, *test;
    size_t g, t, seen = 0, malformed = 0;

    json_array_foreach(hf_vectors_get(root, "testGroups"), g, group)
    {
        uint8_t public_key[32];
        hf_vectors_fixed(hf_vectors_get(group, "publicKey"), "pk", public_key, 32);
        json_array_foreach(hf_vectors_get(group, "tests"), t, test)
        {
            struct hf_vectors_bytes message = hf_vectors_hex(test, "msg");
            struct hf_vectors_bytes signature = hf_vectors_hex(test, "sig");
            bool valid = strcmp(hf_vectors_text(test, "result"), "valid") == 0;

            /* A signature of another length cannot be passed at all. */
            if (signature.len == 64) {
                int r = hf_ed25519_verify(public_key, hf_vectors_view(message), signature.data);
                cr_assert_eq(r, valid ? 0 : HF_ESIGNATURE, "case %zu",
                             hf_vectors_number(test, "tcId"));
                seen++;
            } else {
                cr_assert(!valid);
                malformed++;
            }
            free(message.data);
            free(signature.data);
        }
    }
    cr_assert_gt(seen, 120);
    cr_assert_eq(seen + malformed, hf_vectors_number(root, "numberOfTests"));
    json_decref(root);
}

/*
 * Signatures of "holdfast" that hold by the equation alone: the public key has small order, so no
 * secret is needed. All eight points of small order, then their encodings that are not canonical.
 */
static const char *const forged[][2] = {
    {"0100000000000000000000000000000000000000000000000000000000000000",
     "c9a3f86aae465f0e56513864510f3997561fa2c9e85ea21dc2292309f3cd6022"
     "0200000000000000000000000000000000000000000000000000000000000000"},
    {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
     "d4b4f5784868c3020403246717ec169ff79e26608ea126a1ab69ee77d1b16712"
     "0300000000000000000000000000000000000000000000000000000000000000"},
    {"0000000000000000000000000000000000000000000000000000000000000080",
     "f47e49f9d07ad2c1606b4d94067c41f9777d4ffda709b71da1d88628fce34d85"
     "0600000000000000000000000000000000000000000000000000000000000000"},
    {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
     "edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df"
     "0500000000000000000000000000000000000000000000000000000000000000"},
    {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
     "c9a3f86aae465f0e56513864510f3997561fa2c9e85ea21dc2292309f3cd6022"
     "0200000000000000000000000000000000000000000000000000000000000000"},
    {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
     "f47e49f9d07ad2c1606b4d94067c41f9777d4ffda709b71da1d88628fce34d85"
     "0600000000000000000000000000000000000000000000000000000000000000"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "2c7be86ab07488ba43e8e03d85a67625cfbf98c8544de4c877241b7aaafc7fe3"
     "0a00000000000000000000000000000000000000000000000000000000000000"},
    {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
     "5866666666666666666666666666666666666666666666666666666666666666"
     "0100000000000000000000000000000000000000000000000000000000000000"},
    {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
     "b4b937fca95b2f1e93e41e62fc3c78818ff38a66096fad6e7973e5c90006d321"
     "0800000000000000000000000000000000000000000000000000000000000000"},
    {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "b862409fb5c4c4123df2abf7462b88f041ad36dd6864ce872fd5472be363c5b1"
     "0700000000000000000000000000000000000000000000000000000000000000"},
    {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
     "b9551d690261fe83305f433f8230182ef45cd6ddb65b7c2247435ad9935a183f"
     "1300000000000000000000000000000000000000000000000000000000000000"},
    {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "2f1132ca61ab38dff00f2fea3228f24c6c71d58085b80e47e19515cb27e8d047"
     "0400000000000000000000000000000000000000000000000000000000000000"},
    {"0100000000000000000000000000000000000000000000000000000000000080",
     "f47e49f9d07ad2c1606b4d94067c41f9777d4ffda709b71da1d88628fce34d85"
     "0600000000000000000000000000000000000000000000000000000000000000"},
    {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df"
     "0500000000000000000000000000000000000000000000000000000000000000"},
};

Test(hf_ed25519_verify, refuses_public_keys_of_small_order_and_not_canonical)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(forged); i++) {
        uint8_t public_key[32], signature[64];
        cr_assert_eq(hf_hex_decode(forged[i][0], public_key, 32), 0);
        cr_assert_eq(hf_hex_decode(forged[i][1], signature, 64), 0);
        cr_assert_eq(hf_ed25519_verify(public_key, hf_bytes_of("holdfast", 8), signature),
                     HF_ESIGNATURE, "%s", forged[i][0]);
    }
}

Test(hf_ed25519_verify, refuses_an_r_of_small_order)
{
    /* Made with the secret key: R is the identity, S the challenge times the secret. The equation
     * holds. */
    uint8_t public_key[32], signature[64];
    cr_assert_eq(hf_hex_decode("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
                               public_key, 32),
                 0);
    cr_assert_eq(hf_hex_decode("0100000000000000000000000000000000000000000000000000000000000000"
                               "c9850045112a005e98efe0c3f142da0a7ba70b79d74f83fe976e83f63487a204",
                               signature, 64),
                 0);
    cr_assert_eq(hf_ed25519_verify(public_key, hf_bytes_of("holdfast", 8), signature),
                 HF_ESIGNATURE);
}

static const uint8_t group_order[32] = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

static void keys(uint8_t seed, uint8_t *ret_public, uint8_t *ret_secret)
{
    struct hf_rng rng;
    const uint8_t bytes[32] = {seed};

    hf_rng_init(&rng, bytes);
    suite->sign_keypair(&rng, ret_public, ret_secret);
}

Test(hf_suite_verify, refuses_an_s_that_is_not_reduced)
{
    uint8_t public_key[32], secret[64], signature[64];
    const struct hf_bytes data = hf_bytes_of("data", 4);

    keys(1, public_key, secret);
    suite->sign(secret, "label", data, signature);
    cr_assert_eq(suite->verify(public_key, "label", data, signature), 0);
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + group_order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    cr_assert_eq(carry, 0);
    cr_assert_eq(suite->verify(public_key, "label", data, signature), HF_ESIGNATURE);
}

Test(hf_suite_verify, refuses_every_changed_bit)
{
    uint8_t public_key[32], secret[64], signature[64];
    uint8_t data[8] = "message";

    keys(2, public_key, secret);
    suite->sign(secret, "label", hf_bytes_of(data, sizeof data), signature);
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(suite->verify(public_key, "label", hf_bytes_of(data, sizeof data), signature),
                     HF_ESIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(suite->verify(public_key, "label", hf_bytes_of(data, sizeof data), signature),
                     HF_ESIGNATURE);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

Test(hf_suite_verify, keeps_labels_data_and_signers_apart)
{
    uint8_t public_key[32], secret[64], other[32], other_secret[64], signature[64];

    keys(3, public_key, secret);
    keys(4, other, other_secret);
    suite->sign(secret, "ab", hf_bytes_of("c", 1), signature);
    cr_assert_eq(suite->verify(public_key, "ab", hf_bytes_of("c", 1), signature), 0);
    cr_assert_eq(suite->verify(public_key, "a", hf_bytes_of("bc", 2), signature), HF_ESIGNATURE);
    cr_assert_eq(suite->verify(public_key, "abc", hf_bytes_of(NULL, 0), signature), HF_ESIGNATURE);
    cr_assert_eq(suite->verify(other, "ab", hf_bytes_of("c", 1), signature), HF_ESIGNATURE);
}
