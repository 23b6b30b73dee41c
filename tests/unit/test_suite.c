#include "crypto/aead.h"
#include "crypto/suite.h"
#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>

/* What the engine does with the table in one recovery, from end to end. */
Test(hf_suite_real, carries_a_root_secret_through_dealing_sealing_and_rebuilding)
{
    const struct hf_suite *s = &hf_suite_real;
    struct hf_rng rng;
    uint8_t root[32], shares[5 * 32], commitments[3 * 32];
    uint8_t rebuilt[32], got[3 * 32];
    const uint8_t indices[3] = {5, 2, 4};
    uint32_t bad = 0;

    cr_assert_eq(hf_secret_init(64 * 1024, false), 0);
    hf_rng_init(&rng, (const uint8_t[32]){7});
    s->scalar_random(&rng, root);
    cr_assert_eq(s->deal(&rng, root, (struct hf_sharing){.k = 3, .n = 5}, shares, commitments), 0);
    for (size_t i = 0; i < 3; i++) {
        uint8_t public_key[32], secret_key[32], sealed[32 + HF_SEAL_OVERHEAD];
        const struct hf_bytes info = hf_bytes_of("info", 4), aad = hf_bytes_of("aad", 3);
        s->seal_keypair(&rng, public_key, secret_key);
        cr_assert_eq(s->seal(&rng, public_key, info, aad,
                             hf_bytes_of(shares + (indices[i] - 1) * 32, 32), sealed),
                     0);
        cr_assert_eq(
            s->open(secret_key, info, aad, hf_bytes_of(sealed, sizeof sealed), got + i * 32), 0);
        cr_assert_eq(s->share_check(got + i * 32, indices[i], 3, commitments), 0);
    }
    cr_assert_eq(s->combine(3, commitments, 3, indices, got, rebuilt, &bad), 0);
    cr_assert_eq(bad, 0);
    cr_assert_arr_eq(rebuilt, root, 32);
    cr_assert_eq(s->secret_check(rebuilt, commitments), 0);
}

/* Two suites of one key pair have nothing in common: what one sealed the other does not open. */
Test(hf_suite_real, seals_with_either_cipher_and_never_takes_one_for_the_other)
{
    const struct hf_suite *s = &hf_suite_real;
    const struct hf_bytes info = hf_bytes_of("info", 4), aad = hf_bytes_of("aad", 3);
    struct hf_rng rng;
    uint8_t public_key[32], secret_key[32], sealed[4 + HF_SEAL_OVERHEAD], got[4];
    hf_rng_init(&rng, (const uint8_t[32]){7});
    s->seal_keypair(&rng, public_key, secret_key);
    int r = s->seal_gcm(&rng, public_key, info, aad, hf_bytes_of("data", 4), sealed);
    if (!hf_aead_available(HF_AEAD_AES256GCM)) {
        cr_assert_eq(r, HF_EUNSUPPORTED);
        return;
    }
    struct hf_bytes whole = hf_bytes_of(sealed, sizeof sealed);
    cr_assert_eq(r, 0);
    cr_assert_eq(s->open_gcm(secret_key, info, aad, whole, got), 0);
    cr_assert_arr_eq(got, "data", 4);
    cr_assert_eq(s->open(secret_key, info, aad, whole, got), HF_ECRYPTO);
    cr_assert_eq(s->open_gcm(secret_key, aad, aad, whole, got), HF_ECRYPTO);
    cr_assert_eq(s->open_gcm(secret_key, info, aad, hf_bytes_of(sealed, 47), got), HF_ECRYPTO);
    cr_assert_eq(s->seal(&rng, public_key, info, aad, hf_bytes_of("data", 4), sealed), 0);
    cr_assert_eq(s->open_gcm(secret_key, info, aad, whole, got), HF_ECRYPTO);
    cr_assert_eq(s->seal_gcm(&rng, (const uint8_t[32]){0}, info, aad, info, sealed), HF_EPOINT);
}
