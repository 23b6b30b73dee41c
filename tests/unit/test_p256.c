/* The verifier's one signature algorithm against Wycheproof, and its keys
 * against what is no point. */
#include "p256.h"
#include "base/error.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Runs a file of vectors; raw: signatures are r and s, else DER. Returns how many were run. */
static size_t run(const char *file, bool raw)
{
    json_t *root = hf_vectors_public(file);
    const json_t *groups = hf_vectors_get(root, "testGroups");
    size_t count = 0;
    for (size_t g = 0; g < json_array_size(groups); g++) {
        const json_t *group = json_array_get(groups, g);
        const json_t *tests = hf_vectors_get(group, "tests");
        uint8_t point[1 + HF_P256_KEY_LEN];
        EVP_PKEY *key;
        hf_vectors_fixed(hf_vectors_get(group, "publicKey"), "uncompressed", point, sizeof point);
        cr_assert_eq(hf__p256_key(point + 1, &key), 0);
        for (size_t i = 0; i < json_array_size(tests); i++, count++) {
            const json_t *t = json_array_get(tests, i);
            struct hf_vectors_bytes msg = hf_vectors_hex(t, "msg"), sig = hf_vectors_hex(t, "sig");
            const char *want = hf_vectors_text(t, "result");
            bool good;
            if (raw)
                good = sig.len == HF_P256_SIGNATURE_LEN &&
                       hf__p256_verify(key, hf_vectors_view(msg), sig.data);
            else
                good = hf__p256_verify_der(key, hf_vectors_view(msg), hf_vectors_view(sig));
            if (strcmp(want, "acceptable") != 0)
                cr_assert_eq(good, strcmp(want, "valid") == 0, "case %zu: %s",
                             hf_vectors_number(t, "tcId"), hf_vectors_text(t, "comment"));
            free(msg.data);
            free(sig.data);
        }
        hf__p256_free(key);
    }
    json_decref(root);
    return count;
}

Test(hf__p256_verify, agrees_with_wycheproof)
{
    cr_assert_gt(run("crypto/wycheproof_ecdsa_secp256r1_sha256_p1363_test.json", true), 200);
}

Test(hf__p256_verify_der, agrees_with_wycheproof)
{
    cr_assert_gt(run("crypto/wycheproof_ecdsa_secp256r1_sha256_test.json", false), 400);
}

Test(hf__p256_key, refuses_what_is_no_point_of_the_curve)
{
    /* x of the generator; its y with the last bit changed; both too large; infinity. */
    static const uint8_t x[32] = {0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
                                  0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
                                  0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96};
    static const uint8_t y[32] = {0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
                                  0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
                                  0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
    uint8_t key[HF_P256_KEY_LEN];
    EVP_PKEY *decoded;
    memcpy(key, x, 32);
    memcpy(key + 32, y, 32);
    cr_assert_eq(hf__p256_key(key, &decoded), 0);
    hf__p256_free(decoded);
    key[63] ^= 1;
    cr_assert_eq(hf__p256_key(key, &decoded), HF_EPOINT);
    memset(key, 0xff, sizeof key);
    cr_assert_eq(hf__p256_key(key, &decoded), HF_EPOINT);
    memset(key, 0, sizeof key);
    cr_assert_eq(hf__p256_key(key, &decoded), HF_EPOINT);
}
