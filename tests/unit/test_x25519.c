#include "crypto/x25519.h"
#include "base/error.h"
#include "vectors.h"

#include <criterion/criterion.h>

/* "Acceptable" there are points of the twist and encodings that are not reduced: RFC 7748 takes
 * them. */
Test(hf_x25519, agrees_with_wycheproof_and_refuses_small_order)
{
    json_t *root = hf_vectors_public("crypto/wycheproof_x25519_test.json");
    json_t *group, *test, *flag;
    size_t g, t, f, seen = 0, small = 0;

    json_array_foreach(hf_vectors_get(root, "testGroups"), g, group)
    {
        json_array_foreach(hf_vectors_get(group, "tests"), t, test)
        {
            uint8_t public_key[32], secret[32], shared[32], got[32];
            bool zero = false;

            json_array_foreach(hf_vectors_get(test, "flags"), f, flag)
            {
                if (strcmp(json_string_value(flag), "ZeroSharedSecret") == 0)
                    zero = true;
            }
            hf_vectors_fixed(test, "public", public_key, 32);
            hf_vectors_fixed(test, "private", secret, 32);
            hf_vectors_fixed(test, "shared", shared, 32);
            memset(got, 0xa5, sizeof got);
            int r = hf_x25519(secret, public_key, got);
            if (zero) {
                cr_assert_eq(r, HF_EPOINT, "case %zu", hf_vectors_number(test, "tcId"));
                for (size_t i = 0; i < sizeof got; i++)
                    cr_assert_eq(got[i], 0xa5);
                small++;
            } else {
                cr_assert_eq(r, 0);
                cr_assert_arr_eq(got, shared, 32, "case %zu", hf_vectors_number(test, "tcId"));
            }
            seen++;
        }
    }
    cr_assert_gt(seen, 500);
    cr_assert_gt(small, 20);
    json_decref(root);
}

Test(hf_x25519, gives_both_sides_the_same)
{
    uint8_t a[32] = {1, 2, 3}, b[32] = {4, 5, 6}, pa[32], pb[32], sa[32], sb[32];

    hf_x25519_public(a, pa);
    hf_x25519_public(b, pb);
    cr_assert_eq(hf_x25519(a, pb, sa), 0);
    cr_assert_eq(hf_x25519(b, pa, sb), 0);
    cr_assert_arr_eq(sa, sb, 32);
}

Test(hf_x25519_check, takes_one_encoding_of_a_key_and_none_of_small_order)
{
    uint8_t secret[32] = {7}, key[32];

    hf_x25519_public(secret, key);
    cr_assert_eq(hf_x25519_check(key), 0);
    key[31] |= 0x80;
    cr_assert_eq(hf_x25519_check(key), HF_EPOINT, "the same key once more");
    memset(key, 0xff, sizeof key);
    key[31] = 0x7f;
    for (unsigned low = 0; low <= 0xff; low++) {
        key[0] = (uint8_t)low;
        /* p - 1 has small order, and from p = ..ed on a smaller number is the same. */
        cr_assert_eq(hf_x25519_check(key), low < 0xec ? 0 : HF_EPOINT, "%x", low);
    }
    for (uint8_t small = 0; small <= 1; small++) {
        memset(key, 0, sizeof key);
        key[0] = small;
        cr_assert_eq(hf_x25519_check(key), HF_EPOINT);
    }
}
