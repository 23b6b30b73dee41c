#include "crypto/kdf.h"
#include "crypto/key.h"
#include "base/error.h"
#include "base/secret.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(hf_hkdf, agrees_with_wycheproof)
{
    json_t *root = hf_vectors_public("crypto/wycheproof_hkdf_sha256_test.json");
    json_t *group, *test;
    size_t g, t, seen = 0, refused = 0;

    json_array_foreach(hf_vectors_get(root, "testGroups"), g, group)
    {
        json_array_foreach(hf_vectors_get(group, "tests"), t, test)
        {
            struct hf_vectors_bytes ikm = hf_vectors_hex(test, "ikm");
            struct hf_vectors_bytes salt = hf_vectors_hex(test, "salt");
            struct hf_vectors_bytes info = hf_vectors_hex(test, "info");
            struct hf_vectors_bytes okm = hf_vectors_hex(test, "okm");
            const struct hf_bytes ikm_piece = hf_vectors_view(ikm);
            const struct hf_bytes info_piece = hf_vectors_view(info);
            size_t size = hf_vectors_number(test, "size");
            uint8_t prk[HF_HMAC_LEN], *got = calloc(1, size + 1);

            cr_assert_not_null(got);
            hf_hkdf_extract(hf_vectors_view(salt), 1, &ikm_piece, prk);
            int r = hf_hkdf_expand(prk, 1, &info_piece, got, size);
            if (strcmp(hf_vectors_text(test, "result"), "valid") == 0) {
                cr_assert_eq(r, 0);
                cr_assert_eq(okm.len, size);
                cr_assert_arr_eq(got, okm.data, size, "case %zu", hf_vectors_number(test, "tcId"));
            } else {
                cr_assert_eq(r, HF_ETOOBIG);
                for (size_t i = 0; i < size; i++)
                    cr_assert_eq(got[i], 0);
                refused++;
            }
            seen++;
            free(got);
            free(ikm.data);
            free(salt.data);
            free(info.data);
            free(okm.data);
        }
    }
    cr_assert_gt(seen, 80);
    cr_assert_gt(refused, 0);
    json_decref(root);
}

Test(hf_hkdf, pieces_count_as_one)
{
    const struct hf_bytes whole = hf_bytes_of("abcdef", 6);
    const struct hf_bytes parts[] = {hf_bytes_of("ab", 2), hf_bytes_of(NULL, 0),
                                     hf_bytes_of("c", 1), hf_bytes_of("def", 3)};
    uint8_t a[HF_HMAC_LEN], b[HF_HMAC_LEN], x[100], y[100];

    hf_hkdf_extract(hf_bytes_of("salt", 4), 1, &whole, a);
    hf_hkdf_extract(hf_bytes_of("salt", 4), HF_ARRAY_LEN(parts), parts, b);
    cr_assert_arr_eq(a, b, sizeof a);
    cr_assert_eq(hf_hkdf_expand(a, 1, &whole, x, sizeof x), 0);
    cr_assert_eq(hf_hkdf_expand(a, HF_ARRAY_LEN(parts), parts, y, sizeof y), 0);
    cr_assert_arr_eq(x, y, sizeof x);
}

Test(hf_hmac, agrees_with_wycheproof)
{
    json_t *root = hf_vectors_public("crypto/wycheproof_hmac_sha256_test.json");
    json_t *group, *test;
    size_t g, t, seen = 0;

    json_array_foreach(hf_vectors_get(root, "testGroups"), g, group)
    {
        /* Half of the file is of tags cut to 16 bytes, which are compared here
         * as far as they go. */
        size_t tag_len = hf_vectors_number(group, "tagSize") / 8;
        json_array_foreach(hf_vectors_get(group, "tests"), t, test)
        {
            struct hf_vectors_bytes key = hf_vectors_hex(test, "key");
            struct hf_vectors_bytes message = hf_vectors_hex(test, "msg");
            uint8_t tag[HF_HMAC_LEN], got[HF_HMAC_LEN];
            const struct hf_bytes piece = hf_vectors_view(message);
            bool valid = strcmp(hf_vectors_text(test, "result"), "valid") == 0;

            cr_assert_leq(tag_len, sizeof tag);
            hf_vectors_fixed(test, "tag", tag, tag_len);
            hf_hmac(hf_vectors_view(key), 1, &piece, got);
            cr_assert_eq(memcmp(got, tag, tag_len) == 0, valid, "case %zu",
                         hf_vectors_number(test, "tcId"));
            seen++;
            free(key.data);
            free(message.data);
        }
    }
    cr_assert_gt(seen, 170);
    json_decref(root);
}

static const struct hf_suite *const suite = &hf_suite_real;

Test(hf_suite_kdf, is_extract_then_expand)
{
    const uint8_t salt[32] = {1};
    const struct hf_bytes secret = hf_bytes_of("secret", 6), info = hf_bytes_of("info", 4);
    uint8_t prk[HF_HMAC_LEN], want[HF_KDF_LEN_MAX], got[HF_KDF_LEN_MAX + 1];

    hf_hkdf_extract(hf_bytes_of(salt, sizeof salt), 1, &secret, prk);
    for (size_t len = 1; len <= HF_KDF_LEN_MAX; len++) {
        memset(got, 0xa5, sizeof got);
        cr_assert_eq(hf_hkdf_expand(prk, 1, &info, want, len), 0);
        suite->kdf(salt, secret, info, got, len);
        cr_assert_arr_eq(got, want, len);
        cr_assert_eq(got[len], 0xa5);
    }
}

static struct hf_key_name key_name(void)
{
    static const struct hf_network_id network = {{1}};
    static const struct hf_account account = {{2}};
    return (struct hf_key_name){.network = &network,
                                .account = &account,
                                .version = 0x01020304,
                                .purpose = hf_bytes_of("application", 11),
                                .name = hf_bytes_of("tss-db", 6)};
}

static const uint8_t root_secret[32] = {9};

Test(hf_key_derive, lays_its_info_out_as_specified)
{
    const struct hf_key_name name = key_name();
    uint8_t info[32 + 4 + 1 + 11 + 1 + 6] = {2};
    uint8_t want[32], got[32];

    memcpy(info + 32,
           "\x01\x02\x03\x04\x0b"
           "application\x06tss-db",
           sizeof info - 32);
    suite->kdf(name.network->bytes, hf_bytes_of(root_secret, 32), hf_bytes_of(info, sizeof info),
               want, sizeof want);
    cr_assert_eq(hf_key_derive(suite, root_secret, &name, got, sizeof got), 0);
    cr_assert_arr_eq(got, want, sizeof got);
}

Test(hf_key_derive, gives_another_key_when_any_part_changes)
{
    uint8_t keys[8][32];
    const struct hf_network_id other_network = {{77}};
    const struct hf_account other_account = {{77}};
    struct hf_key_name names[8];

    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++)
        names[i] = key_name();
    names[1].network = &other_network;
    names[2].account = &other_account;
    names[3].version++;
    names[4].purpose = hf_bytes_of("vault", 5);
    names[5].name = hf_bytes_of("tss-dc", 6);
    names[6].name = hf_bytes_of(NULL, 0);
    /* The same letters, parted elsewhere. */
    names[7].purpose = hf_bytes_of("applicationt", 12);
    names[7].name = hf_bytes_of("ss-db", 5);
    for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
        cr_assert_eq(hf_key_derive(suite, root_secret, &names[i], keys[i], 32), 0);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(memcmp(keys[i], keys[j], 32), 0);
    }
    cr_assert_eq(hf_key_derive(suite, other_account.bytes, &names[0], keys[1], 32), 0);
    cr_assert_neq(memcmp(keys[0], keys[1], 32), 0);
}

Test(hf_key_derive, refuses_texts_outside_their_bounds)
{
    uint8_t text[HF_KEY_TEXT_LEN_MAX + 1] = {0}, got[32] = {0};
    const uint8_t untouched[32] = {0};
    struct hf_key_name name = key_name();

    name.purpose = name.name = hf_bytes_of(text, HF_KEY_TEXT_LEN_MAX);
    cr_assert_eq(hf_key_derive(suite, root_secret, &name, got, sizeof got), 0);
    memset(got, 0, sizeof got);
    name.purpose.len++;
    cr_assert_eq(hf_key_derive(suite, root_secret, &name, got, sizeof got), HF_EINVAL);
    name.purpose.len = 0;
    cr_assert_eq(hf_key_derive(suite, root_secret, &name, got, sizeof got), HF_EINVAL);
    name.purpose.len = 1;
    name.name.len++;
    cr_assert_eq(hf_key_derive(suite, root_secret, &name, got, sizeof got), HF_EINVAL);
    cr_assert_arr_eq(got, untouched, sizeof got);
}
