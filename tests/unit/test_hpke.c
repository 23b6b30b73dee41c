#include "crypto/hpke.h"
#include "crypto/suite.h"
#include "crypto/x25519.h"
#include "base/error.h"
#include "base/secret.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void setup(void)
{
    cr_assert_eq(hf_secret_init(64 * 1024, false), 0);
}

static size_t number_in_order(size_t i, struct hf_vectors_bytes aad)
{
    /* The vectors' associated data is "Count-N": N says which messages of the context are shown. */
    cr_assert_gt(aad.len, 6);
    size_t n = 0;
    for (size_t c = 6; c < aad.len; c++)
        n = 10 * n + (size_t)(aad.data[c] - '0');
    cr_assert_geq(n, i);
    return n;
}

static size_t check_messages(const json_t *vector, struct hf_hpke *sender, struct hf_hpke *receiver)
{
    json_t *row;
    size_t i;

    json_array_foreach(hf_vectors_get(vector, "encryptions"), i, row)
    {
        struct hf_vectors_bytes aad = hf_vectors_hex(row, "aad");
        struct hf_vectors_bytes plain = hf_vectors_hex(row, "pt");
        struct hf_vectors_bytes sealed = hf_vectors_hex(row, "ct");
        uint8_t *got = calloc(1, sealed.len);

        cr_assert_not_null(got);
        size_t n = number_in_order(i, aad);
        sender->sequence = receiver->sequence = n;
        cr_assert_eq(hf_hpke_seal(sender, hf_vectors_view(aad), hf_vectors_view(plain), got), 0);
        cr_assert_arr_eq(got, sealed.data, sealed.len, "message %zu", n);
        memset(got, 0, sealed.len);
        cr_assert_eq(hf_hpke_open(receiver, hf_vectors_view(aad), hf_vectors_view(sealed), got), 0);
        cr_assert_arr_eq(got, plain.data, plain.len, "message %zu", n);
        cr_assert_eq(sender->sequence, n + 1);
        cr_assert_eq(receiver->sequence, n + 1);
        free(got);
        free(aad.data);
        free(plain.data);
        free(sealed.data);
    }
    return i;
}

static size_t check_vector(const json_t *vector)
{
    const enum hf_aead aead = (enum hf_aead)hf_vectors_number(vector, "aead_id");
    struct hf_vectors_bytes info = hf_vectors_hex(vector, "info");
    uint8_t ikm[32], public_key[32], secret_key[32], encapsulated[32], want[32], got[32];
    struct hf_hpke sender, receiver;

    cr_assert_eq(hf_vectors_number(vector, "mode"), 0);
    hf_vectors_fixed(vector, "ikmR", ikm, 32);
    hf_hpke_derive_keypair(hf_bytes_of(ikm, 32), public_key, secret_key);
    hf_vectors_fixed(vector, "pkRm", want, 32);
    cr_assert_arr_eq(public_key, want, 32);
    hf_vectors_fixed(vector, "skRm", want, 32);
    cr_assert_arr_eq(secret_key, want, 32);

    hf_vectors_fixed(vector, "ikmE", ikm, 32);
    cr_assert_eq(hf_hpke_init_sender(&sender, aead, public_key, hf_vectors_view(info), ikm, got),
                 0);
    hf_vectors_fixed(vector, "enc", encapsulated, 32);
    cr_assert_arr_eq(got, encapsulated, 32);
    hf_vectors_fixed(vector, "key", want, 32);
    cr_assert_arr_eq(sender.key, want, 32);
    hf_vectors_fixed(vector, "base_nonce", want, HF_AEAD_NONCE_LEN);
    cr_assert_arr_eq(sender.base_nonce, want, HF_AEAD_NONCE_LEN);

    cr_assert_eq(
        hf_hpke_init_receiver(&receiver, aead, secret_key, encapsulated, hf_vectors_view(info)), 0);
    cr_assert_arr_eq(receiver.key, sender.key, 32);
    cr_assert_arr_eq(receiver.base_nonce, sender.base_nonce, HF_AEAD_NONCE_LEN);
    size_t n = check_messages(vector, &sender, &receiver);
    hf_hpke_done(&sender);
    hf_hpke_done(&receiver);
    free(info.data);
    return n;
}

Test(hf_hpke, agrees_with_rfc_9180, .init = setup)
{
    json_t *root = hf_vectors_public("crypto/hpke_rfc9180_base_x25519_hkdfsha256.json");
    json_t *vector;
    size_t i, messages = 0, vectors = 0;

    json_array_foreach(root, i, vector)
    {
        size_t aead = hf_vectors_number(vector, "aead_id");
        if (aead == HF_AEAD_CHACHA20POLY1305 ||
            (aead == HF_AEAD_AES256GCM && hf_aead_available(HF_AEAD_AES256GCM))) {
            messages += check_vector(vector);
            vectors++;
        } else {
            fprintf(stderr, "skipped: HPKE vector of AEAD %zu, which is not here\n", aead);
        }
    }
    cr_assert_geq(vectors, 1);
    cr_assert_geq(messages, 5);
    json_decref(root);
}

Test(hf_hpke, agrees_with_rfc_9180_over_256_messages, .init = setup)
{
    /* The 257th nonce, where the sequence's second byte begins, must come from counting, not from
     * being set. */
    uint8_t ikm[32] = {1}, public_key[32], secret_key[32], encapsulated[32], sealed[17], got[1];
    struct hf_hpke sender, receiver;
    const struct hf_bytes none = hf_bytes_of(NULL, 0);

    hf_hpke_derive_keypair(hf_bytes_of(ikm, 32), public_key, secret_key);
    cr_assert_eq(
        hf_hpke_init_sender(&sender, HF_AEAD_CHACHA20POLY1305, public_key, none, ikm, encapsulated),
        0);
    cr_assert_eq(
        hf_hpke_init_receiver(&receiver, HF_AEAD_CHACHA20POLY1305, secret_key, encapsulated, none),
        0);
    for (unsigned i = 0; i < 300; i++) {
        uint8_t plain = (uint8_t)i;
        cr_assert_eq(hf_hpke_seal(&sender, none, hf_bytes_of(&plain, 1), sealed), 0);
        cr_assert_eq(hf_hpke_open(&receiver, none, hf_bytes_of(sealed, 17), got), 0);
        cr_assert_eq(got[0], plain);
    }
    cr_assert_eq(sender.sequence, 300);
    uint8_t nonce[12];
    memcpy(nonce, sender.base_nonce, 12);
    nonce[11] ^= 300 & 0xff;
    nonce[10] ^= 300 >> 8;
    uint8_t want[17];
    hf_aead_seal(HF_AEAD_CHACHA20POLY1305, sender.key, nonce, none, hf_bytes_of("x", 1), want);
    cr_assert_eq(hf_hpke_seal(&sender, none, hf_bytes_of("x", 1), sealed), 0);
    cr_assert_arr_eq(sealed, want, 17);
}

Test(hf_hpke, keeps_its_place_when_a_message_does_not_open, .init = setup)
{
    uint8_t ikm[32] = {1}, public_key[32], secret_key[32], encapsulated[32];
    uint8_t first[17], second[17], got[1] = {0xa5};
    struct hf_hpke sender, receiver;
    const struct hf_bytes none = hf_bytes_of(NULL, 0);

    hf_hpke_derive_keypair(hf_bytes_of(ikm, 32), public_key, secret_key);
    cr_assert_eq(
        hf_hpke_init_sender(&sender, HF_AEAD_CHACHA20POLY1305, public_key, none, ikm, encapsulated),
        0);
    cr_assert_eq(
        hf_hpke_init_receiver(&receiver, HF_AEAD_CHACHA20POLY1305, secret_key, encapsulated, none),
        0);
    cr_assert_eq(hf_hpke_seal(&sender, none, hf_bytes_of("1", 1), first), 0);
    cr_assert_eq(hf_hpke_seal(&sender, none, hf_bytes_of("2", 1), second), 0);
    cr_assert_eq(hf_hpke_open(&receiver, none, hf_bytes_of(second, 17), got), HF_ECRYPTO);
    cr_assert_eq(got[0], 0xa5);
    cr_assert_eq(hf_hpke_open(&receiver, none, hf_bytes_of(first, 17), got), 0);
    cr_assert_eq(hf_hpke_open(&receiver, none, hf_bytes_of(first, 17), got), HF_ECRYPTO);
    cr_assert_eq(hf_hpke_open(&receiver, none, hf_bytes_of(second, 17), got), 0);
    cr_assert_eq(got[0], '2');

    sender.sequence = receiver.sequence = UINT64_MAX;
    cr_assert_eq(hf_hpke_seal(&sender, none, hf_bytes_of("3", 1), first), HF_ETOOBIG);
    cr_assert_eq(hf_hpke_open(&receiver, none, hf_bytes_of(second, 17), got), HF_ETOOBIG);
}

Test(hf_hpke, refuses_aeads_that_it_does_not_use, .init = setup)
{
    uint8_t ikm[32] = {1}, public_key[32], secret_key[32], encapsulated[32];
    struct hf_hpke hpke;

    hf_hpke_derive_keypair(hf_bytes_of(ikm, 32), public_key, secret_key);
    const enum hf_aead aeads[] = {HF_AEAD_XCHACHA20POLY1305, (enum hf_aead)1, (enum hf_aead)0xffff};
    for (size_t i = 0; i < HF_ARRAY_LEN(aeads); i++) {
        cr_assert_eq(hf_hpke_init_sender(&hpke, aeads[i], public_key, hf_bytes_of(NULL, 0), ikm,
                                         encapsulated),
                     HF_EUNSUPPORTED);
        cr_assert_eq(
            hf_hpke_init_receiver(&hpke, aeads[i], secret_key, public_key, hf_bytes_of(NULL, 0)),
            HF_EUNSUPPORTED);
    }
}

Test(hf_hpke, a_receiver_that_seals_is_our_own_mistake, .init = setup, .signal = SIGABRT)
{
    struct hf_hpke hpke;
    uint8_t secret_key[32] = {1}, public_key[32], sealed[17];

    hf_x25519_public(secret_key, public_key);
    cr_assert_eq(hf_hpke_init_receiver(&hpke, HF_AEAD_CHACHA20POLY1305, secret_key, public_key,
                                       hf_bytes_of(NULL, 0)),
                 0);
    int r = hf_hpke_seal(&hpke, hf_bytes_of(NULL, 0), hf_bytes_of("x", 1), sealed);
    cr_assert_fail("it returned %d", r);
}

static const struct hf_suite *const suite = &hf_suite_real;

/* The points of small order of Curve25519 and its twist, and what reduces to them (RFC 7748, 7). */
static const uint8_t small_order[][32] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

Test(hf_suite_seal, refuses_points_of_small_order_on_both_sides)
{
    struct hf_rng rng;
    const uint8_t seed[32] = {1};
    uint8_t public_key[32], secret_key[32], key[32], got[4], untouched[4];
    uint8_t sealed[4 + HF_SEAL_OVERHEAD];

    hf_rng_init(&rng, seed);
    suite->seal_keypair(&rng, public_key, secret_key);
    memset(got, 0xa5, sizeof got);
    memset(untouched, 0xa5, sizeof untouched);
    for (size_t i = 0; i < 2 * HF_ARRAY_LEN(small_order); i++) {
        /* The top bit of an encoding does not count. */
        memcpy(key, small_order[i / 2], 32);
        key[31] |= (uint8_t)(i % 2 << 7);
        memset(sealed, 0xa5, sizeof sealed);
        cr_assert_eq(suite->seal(&rng, key, hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0),
                                 hf_bytes_of("data", 4), sealed),
                     HF_EPOINT);
        for (size_t j = 0; j < sizeof sealed; j++)
            cr_assert_eq(sealed[j], 0xa5);
        memcpy(sealed, key, 32);
        cr_assert_eq(suite->open(secret_key, hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0),
                                 hf_bytes_of(sealed, sizeof sealed), got),
                     HF_EPOINT);
        cr_assert_arr_eq(got, untouched, sizeof got);
    }
}

Test(hf_suite_open, refuses_every_changed_bit_and_every_other_info_aad_key_and_length)
{
    struct hf_rng rng;
    const uint8_t seed[32] = {2};
    uint8_t public_key[32], secret_key[32], other_public[32], other_secret[32];
    uint8_t sealed[4 + HF_SEAL_OVERHEAD], got[4] = {0};
    const struct hf_bytes info = hf_bytes_of("info", 4), aad = hf_bytes_of("aad", 3);
    const struct hf_bytes whole = hf_bytes_of(sealed, sizeof sealed);

    hf_rng_init(&rng, seed);
    suite->seal_keypair(&rng, public_key, secret_key);
    suite->seal_keypair(&rng, other_public, other_secret);
    cr_assert_eq(suite->seal(&rng, public_key, info, aad, hf_bytes_of("data", 4), sealed), 0);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_lt(suite->open(secret_key, info, aad, whole, got), 0, "bit %zu", bit);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof sealed; len++)
        cr_assert_eq(suite->open(secret_key, info, aad, hf_bytes_of(sealed, len), got), HF_ECRYPTO);
    cr_assert_eq(suite->open(secret_key, aad, aad, whole, got), HF_ECRYPTO);
    cr_assert_eq(suite->open(secret_key, info, info, whole, got), HF_ECRYPTO);
    cr_assert_eq(suite->open(other_secret, info, aad, whole, got), HF_ECRYPTO);
    cr_assert_eq(suite->open(secret_key, info, aad, whole, got), 0);
    cr_assert_arr_eq(got, "data", 4);
}

Test(hf_suite_seal, is_what_the_context_would_have_sealed)
{
    struct hf_rng rng, twin;
    const uint8_t seed[32] = {3};
    uint8_t public_key[32], secret_key[32], ephemeral[32];
    uint8_t sealed[4 + HF_SEAL_OVERHEAD], want[4 + HF_SEAL_OVERHEAD];
    struct hf_hpke hpke;

    hf_rng_init(&rng, seed);
    suite->seal_keypair(&rng, public_key, secret_key);
    twin = rng;
    cr_assert_eq(suite->seal(&rng, public_key, hf_bytes_of("i", 1), hf_bytes_of("a", 1),
                             hf_bytes_of("data", 4), sealed),
                 0);
    suite->random(&twin, ephemeral, sizeof ephemeral);
    cr_assert_eq(hf_hpke_init_sender(&hpke, HF_AEAD_CHACHA20POLY1305, public_key,
                                     hf_bytes_of("i", 1), ephemeral, want),
                 0);
    cr_assert_eq(hf_hpke_seal(&hpke, hf_bytes_of("a", 1), hf_bytes_of("data", 4), want + 32), 0);
    cr_assert_arr_eq(sealed, want, sizeof want);
}
