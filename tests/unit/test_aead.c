#include "crypto/aead.h"
#include "crypto/suite.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/secret.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* libsodium looks for the processor's AES instructions when it starts. */
static void setup(void)
{
    cr_assert_eq(hf_secret_init(64 * 1024, false), 0);
}

Test(hf_aead, agrees_with_wycheproof_on_chacha20_poly1305, .init = setup)
{
    json_t *root = hf_vectors_public("crypto/wycheproof_chacha20_poly1305_test.json");
    json_t *group, *test;
    size_t g, t, seen = 0, malformed = 0;

    json_array_foreach(hf_vectors_get(root, "testGroups"), g, group)
    {
        bool shaped = hf_vectors_number(group, "ivSize") == 8 * HF_AEAD_NONCE_LEN;
        json_array_foreach(hf_vectors_get(group, "tests"), t, test)
        {
            if (!shaped) { /* a nonce of another length cannot be passed at all */
                cr_assert_str_eq(hf_vectors_text(test, "result"), "invalid");
                malformed++;
                continue;
            }
            struct hf_vectors_bytes aad = hf_vectors_hex(test, "aad");
            struct hf_vectors_bytes plain = hf_vectors_hex(test, "msg");
            struct hf_vectors_bytes cipher = hf_vectors_hex(test, "ct");
            uint8_t key[32], nonce[12], *sealed = calloc(1, plain.len + HF_AEAD_TAG_LEN);
            uint8_t *got = calloc(1, plain.len + 1);
            bool valid = strcmp(hf_vectors_text(test, "result"), "valid") == 0;

            cr_assert(sealed != NULL && got != NULL);
            cr_assert_eq(cipher.len, plain.len);
            hf_vectors_fixed(test, "key", key, sizeof key);
            hf_vectors_fixed(test, "iv", nonce, sizeof nonce);
            memcpy(sealed, cipher.data, cipher.len);
            hf_vectors_fixed(test, "tag", sealed + cipher.len, HF_AEAD_TAG_LEN);
            const struct hf_bytes bytes = hf_bytes_of(sealed, cipher.len + HF_AEAD_TAG_LEN);
            int r = hf_aead_open(HF_AEAD_CHACHA20POLY1305, key, nonce, hf_vectors_view(aad), bytes,
                                 got);
            cr_assert_eq(r, valid ? 0 : HF_ECRYPTO, "case %zu", hf_vectors_number(test, "tcId"));
            uint8_t *again = calloc(1, bytes.len);
            cr_assert_not_null(again);
            hf_aead_seal(HF_AEAD_CHACHA20POLY1305, key, nonce, hf_vectors_view(aad),
                         hf_vectors_view(plain), again);
            cr_assert_eq(memcmp(again, sealed, bytes.len) == 0, valid);
            if (valid)
                cr_assert_eq(memcmp(got, plain.data, plain.len), 0);
            seen++;
            free(again);
            free(got);
            free(sealed);
            free(aad.data);
            free(plain.data);
            free(cipher.data);
        }
    }
    cr_assert_gt(seen, 300);
    cr_assert_eq(seen + malformed, hf_vectors_number(root, "numberOfTests"));
    json_decref(root);
}

static const enum hf_aead all[] = {HF_AEAD_AES256GCM, HF_AEAD_CHACHA20POLY1305,
                                   HF_AEAD_XCHACHA20POLY1305};

Test(hf_aead, opens_what_it_sealed_at_every_length, .init = setup)
{
    uint8_t key[32] = {1}, nonce[24] = {2}, plain[80], sealed[sizeof plain + HF_AEAD_TAG_LEN];
    uint8_t got[sizeof plain + 1];

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(3 * i);
    for (size_t a = 0; a < HF_ARRAY_LEN(all); a++) {
        if (!hf_aead_available(all[a]))
            continue;
        for (size_t len = 0; len <= sizeof plain; len++) {
            const struct hf_bytes aad = hf_bytes_of(plain, len % 5);
            hf_aead_seal(all[a], key, nonce, aad, hf_bytes_of(plain, len), sealed);
            memset(got, 0xa5, sizeof got);
            cr_assert_eq(hf_aead_open(all[a], key, nonce, aad,
                                      hf_bytes_of(sealed, len + HF_AEAD_TAG_LEN), got),
                         0);
            cr_assert_eq(memcmp(got, plain, len), 0);
            cr_assert_eq(got[len], 0xa5);
        }
    }
}

Test(hf_aead, refuses_every_changed_bit_and_leaves_the_output_alone, .init = setup)
{
    const uint8_t plain[] = "nothing to see", aad[] = "aad";
    uint8_t key[32] = {1}, nonce[24] = {2}, sealed[sizeof plain + HF_AEAD_TAG_LEN];
    uint8_t got[sizeof plain], untouched[sizeof plain];

    memset(got, 0xa5, sizeof got);
    memset(untouched, 0xa5, sizeof untouched);
    for (size_t a = 0; a < HF_ARRAY_LEN(all); a++) {
        if (!hf_aead_available(all[a]))
            continue;
        hf_aead_seal(all[a], key, nonce, hf_bytes_of(aad, 3), hf_bytes_of(plain, sizeof plain),
                     sealed);
        for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
            sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert_eq(hf_aead_open(all[a], key, nonce, hf_bytes_of(aad, 3),
                                      hf_bytes_of(sealed, sizeof sealed), got),
                         HF_ECRYPTO);
            sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t len = 0; len < sizeof sealed; len++)
            cr_assert_eq(hf_aead_open(all[a], key, nonce, hf_bytes_of(aad, 3),
                                      hf_bytes_of(sealed, len), got),
                         HF_ECRYPTO);
        cr_assert_eq(hf_aead_open(all[a], key, nonce, hf_bytes_of(aad, 2),
                                  hf_bytes_of(sealed, sizeof sealed), got),
                     HF_ECRYPTO);
        key[31] ^= 1;
        cr_assert_eq(hf_aead_open(all[a], key, nonce, hf_bytes_of(aad, 3),
                                  hf_bytes_of(sealed, sizeof sealed), got),
                     HF_ECRYPTO);
        key[31] ^= 1;
        cr_assert_arr_eq(got, untouched, sizeof got);
    }
}

static const struct hf_suite *const suite = &hf_suite_real;

Test(hf_suite_wrap, is_nonce_then_xchacha20_poly1305)
{
    struct hf_rng rng, twin;
    uint8_t key[32] = {5}, wrapped[4 + HF_WRAP_OVERHEAD], want[4 + HF_WRAP_OVERHEAD];

    hf_rng_init(&rng, key);
    twin = rng;
    suite->wrap(&rng, key, hf_bytes_of("aad", 3), hf_bytes_of("data", 4), wrapped);
    suite->random(&twin, want, HF_AEAD_XNONCE_LEN);
    hf_aead_seal(HF_AEAD_XCHACHA20POLY1305, key, want, hf_bytes_of("aad", 3),
                 hf_bytes_of("data", 4), want + HF_AEAD_XNONCE_LEN);
    cr_assert_arr_eq(wrapped, want, sizeof want);
}

Test(hf_suite_unwrap, refuses_every_changed_bit_another_aad_and_every_shorter_length)
{
    struct hf_rng rng;
    uint8_t key[32] = {5}, wrapped[4 + HF_WRAP_OVERHEAD], got[4];

    hf_rng_init(&rng, key);
    suite->wrap(&rng, key, hf_bytes_of("aad", 3), hf_bytes_of("data", 4), wrapped);
    cr_assert_eq(
        suite->unwrap(key, hf_bytes_of("aad", 3), hf_bytes_of(wrapped, sizeof wrapped), got), 0);
    cr_assert_arr_eq(got, "data", 4);
    for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(
            suite->unwrap(key, hf_bytes_of("aad", 3), hf_bytes_of(wrapped, sizeof wrapped), got),
            HF_ECRYPTO);
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof wrapped; len++)
        cr_assert_eq(suite->unwrap(key, hf_bytes_of("aad", 3), hf_bytes_of(wrapped, len), got),
                     HF_ECRYPTO);
    cr_assert_eq(
        suite->unwrap(key, hf_bytes_of("aae", 3), hf_bytes_of(wrapped, sizeof wrapped), got),
        HF_ECRYPTO);
    cr_assert_arr_eq(got, "data", 4);
}

Test(hf_suite_wrap, never_repeats_itself)
{
    struct hf_rng rng;
    uint8_t key[32] = {5}, a[4 + HF_WRAP_OVERHEAD], b[4 + HF_WRAP_OVERHEAD];

    hf_rng_init(&rng, key);
    suite->wrap(&rng, key, hf_bytes_of(NULL, 0), hf_bytes_of("data", 4), a);
    suite->wrap(&rng, key, hf_bytes_of(NULL, 0), hf_bytes_of("data", 4), b);
    cr_assert_neq(memcmp(a, b, HF_AEAD_XNONCE_LEN), 0);
    cr_assert_neq(memcmp(a + HF_AEAD_XNONCE_LEN, b + HF_AEAD_XNONCE_LEN, 20), 0);
}
