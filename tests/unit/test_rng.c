#include "crypto/suite.h"
#include "base/hex.h"

#include <criterion/criterion.h>

Test(hf_rng_draw, is_chacha20_under_a_key_that_it_replaces)
{
    /* Key stream of ChaCha20 under the zero key and nonce, blocks 0 and 1 (RFC 8439, A.1, vectors 1
     * and 2). */
    uint8_t stream[128], got[96];
    struct hf_rng rng;

    cr_assert_eq(hf_hex_decode("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
                               "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
                               "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
                               "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
                               stream, sizeof stream),
                 0);
    hf_rng_init(&rng, (const uint8_t[32]){0});
    hf_rng_draw(&rng, got, sizeof got);
    cr_assert_arr_eq(got, stream + 32, 96);
    cr_assert_arr_eq(rng.seed, stream, 32);
    cr_assert_eq(rng.drawn, 1);
}

Test(hf_rng_draw, gives_a_prefix_when_less_is_asked)
{
    uint8_t longest[200], got[201];
    const uint8_t seed[32] = {3};
    struct hf_rng rng, after, start;

    hf_rng_init(&start, seed);
    rng = start;
    hf_rng_draw(&rng, longest, sizeof longest);
    for (size_t len = 0; len <= sizeof longest; len++) {
        memset(got, 0xa5, sizeof got);
        after = start;
        hf_rng_draw(&after, got, len);
        cr_assert_eq(memcmp(got, longest, len), 0);
        cr_assert_eq(got[len], 0xa5);
        cr_assert_arr_eq(after.seed, rng.seed, 32);
    }
}

Test(hf_rng_draw, repeats_for_a_seed_and_never_within_one)
{
    uint8_t seen[300][32], again[32];
    const uint8_t seed[32] = {4};
    struct hf_rng rng;

    hf_rng_init(&rng, seed);
    for (size_t i = 0; i < HF_ARRAY_LEN(seen); i++) {
        hf_rng_draw(&rng, seen[i], 32);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(memcmp(seen[i], seen[j], 32), 0);
        cr_assert_neq(memcmp(seen[i], rng.seed, 32), 0);
    }
    hf_rng_init(&rng, seed);
    for (size_t i = 0; i < HF_ARRAY_LEN(seen); i++) {
        hf_rng_draw(&rng, again, 32);
        cr_assert_arr_eq(again, seen[i], 32);
    }
}

Test(hf_suite_hash, keeps_label_and_data_apart)
{
    const struct hf_suite *s = &hf_suite_real;
    struct hf_hash a, b, c;
    uint8_t wide[64];

    s->hash("ab", hf_bytes_of("c", 1), &a);
    s->hash("a", hf_bytes_of("bc", 2), &b);
    s->hash("", hf_bytes_of(NULL, 0), &c);
    s->report_data("ab", hf_bytes_of("c", 1), wide);
    cr_assert_not(hf_hash_equal(&a, &b));
    cr_assert_not(hf_hash_equal(&a, &c));
    /* The length of its result is part of BLAKE2b: neither hash is a piece of the other. */
    cr_assert_neq(memcmp(a.bytes, wide, 32), 0);
    cr_assert_neq(memcmp(a.bytes, wide + 32, 32), 0);
}

Test(hf_suite_mac, depends_on_every_bit_of_key_and_data)
{
    const struct hf_suite *s = &hf_suite_real;
    uint8_t key[32] = {1}, data[20] = {2}, want[HF_MAC_LEN], got[HF_MAC_LEN];

    s->mac(key, hf_bytes_of(data, sizeof data), want);
    for (size_t bit = 0; bit < 8 * sizeof key; bit++) {
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        s->mac(key, hf_bytes_of(data, sizeof data), got);
        cr_assert_neq(memcmp(got, want, sizeof got), 0);
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        s->mac(key, hf_bytes_of(data, sizeof data), got);
        cr_assert_neq(memcmp(got, want, sizeof got), 0);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
