/* Reads tests/vectors/crypto.json back, as another implementation would, and
 * gets the same bytes. */
#include "crypto/key.h"
#include "crypto/quorum.h"
#include "crypto/suite.h"
#include "base/error.h"
#include "base/secret.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct hf_suite *const suite = &hf_suite_real;

enum { LEN_MAX = 1024 }; /* of any field here */

/* A field whose length the vector decides. */
struct field {
    uint8_t data[LEN_MAX];
    size_t len;
};

static struct field field(const json_t *row, const char *key)
{
    struct field f;
    struct hf_vectors_bytes b = hf_vectors_hex(row, key);

    cr_assert_leq(b.len, sizeof f.data);
    memcpy(f.data, b.data, b.len);
    f.len = b.len;
    free(b.data);
    return f;
}

static struct hf_bytes view(const struct field *f)
{
    return hf_bytes_of(f->data, f->len);
}

static void expect(const json_t *row, const char *key, const void *got, size_t len)
{
    struct field want = field(row, key);
    cr_assert_eq(want.len, len, "%s", key);
    cr_assert_eq(memcmp(want.data, got, len), 0, "%s", key);
}

static void expect_result(const json_t *row, int r)
{
    cr_assert_str_eq(hf_vectors_text(row, "result"), hf_error_name(r));
}

static struct hf_rng generator(const json_t *row)
{
    struct hf_rng rng;
    struct field seed = field(row, "seed");

    cr_assert_eq(seed.len, 32);
    hf_rng_init(&rng, seed.data);
    return rng;
}

static void for_each(const char *list, void (*check)(const json_t *row))
{
    json_t *row, *root = hf_vectors_own("crypto.json");
    size_t i;

    cr_assert_eq(hf_secret_init(4096, false), 0);
    json_array_foreach(hf_vectors_get(root, list), i, row) check(row);
    cr_assert_gt(i, 0);
    json_decref(root);
}

static void check_rng(const json_t *row)
{
    struct hf_rng rng = generator(row);
    uint8_t got[LEN_MAX];
    size_t len = field(row, "out").len;

    rng.drawn = hf_vectors_number(row, "drawn");
    suite->random(&rng, got, len);
    expect(row, "out", got, len);
    expect(row, "next_seed", rng.seed, sizeof rng.seed);
}

static void check_scalar(const json_t *row)
{
    struct hf_rng rng = generator(row);
    uint8_t got[32];

    suite->scalar_random(&rng, got);
    expect(row, "scalar", got, sizeof got);
}

static void check_hash(const json_t *row)
{
    const char *label = hf_vectors_text(row, "label");
    struct field data = field(row, "data"), key = field(row, "key");
    struct hf_hash hash;
    uint8_t got[64];

    suite->hash(label, view(&data), &hash);
    expect(row, "hash", hash.bytes, sizeof hash);
    suite->report_data(label, view(&data), got);
    expect(row, "report_data", got, 64);
    suite->mac(key.data, view(&data), got);
    expect(row, "mac", got, HF_MAC_LEN);
}

static void check_key(const json_t *row)
{
    struct field network = field(row, "network"), account = field(row, "account");
    struct field root = field(row, "root");
    const char *purpose = hf_vectors_text(row, "purpose"), *text = hf_vectors_text(row, "name");
    const struct hf_account owner = hf_account_of(account.data);
    struct hf_network_id id;
    memcpy(id.bytes, network.data, sizeof id);
    const struct hf_key_name name = {.network = &id,
                                     .account = &owner,
                                     .version = (uint32_t)hf_vectors_number(row, "version"),
                                     .purpose = hf_bytes_of(purpose, strlen(purpose)),
                                     .name = hf_bytes_of(text, strlen(text))};
    uint8_t got[HF_KDF_LEN_MAX];
    size_t len = field(row, "key").len;

    cr_assert_eq(hf_key_derive(suite, root.data, &name, got, len), 0);
    expect(row, "key", got, len);
}

static void check_sign(const json_t *row)
{
    struct hf_rng rng = generator(row);
    const char *label = hf_vectors_text(row, "label");
    struct field data = field(row, "data");
    uint8_t public_key[32], secret[64], signature[64];

    suite->sign_keypair(&rng, public_key, secret);
    expect(row, "public_key", public_key, sizeof public_key);
    expect(row, "secret_key", secret, sizeof secret);
    suite->sign(secret, label, view(&data), signature);
    expect(row, "signature", signature, sizeof signature);
    cr_assert_eq(suite->verify(public_key, label, view(&data), signature), 0);
}

static void check_seal(const json_t *row)
{
    struct hf_rng rng = generator(row);
    struct field info = field(row, "info"), aad = field(row, "aad");
    struct field plain = field(row, "plain"), sealed = field(row, "sealed");
    uint8_t public_key[32], secret[32], got[LEN_MAX];

    suite->seal_keypair(&rng, public_key, secret);
    expect(row, "public_key", public_key, sizeof public_key);
    expect(row, "secret_key", secret, sizeof secret);
    cr_assert_eq(suite->seal(&rng, public_key, view(&info), view(&aad), view(&plain), got), 0);
    expect(row, "sealed", got, plain.len + HF_SEAL_OVERHEAD);
    cr_assert_eq(suite->open(secret, view(&info), view(&aad), view(&sealed), got), 0);
    expect(row, "plain", got, plain.len);
}

static void check_agree(const json_t *row)
{
    struct field secret = field(row, "secret_key"), public_key = field(row, "public_key");
    uint8_t got[32];

    int r = suite->agree(secret.data, public_key.data, got);
    expect_result(row, r);
    if (r == 0)
        expect(row, "shared", got, sizeof got);
}

static void check_wrap(const json_t *row)
{
    struct hf_rng rng = generator(row);
    struct field key = field(row, "key"), aad = field(row, "aad");
    struct field plain = field(row, "plain"), wrapped = field(row, "wrapped");
    uint8_t got[LEN_MAX];

    suite->wrap(&rng, key.data, view(&aad), view(&plain), got);
    expect(row, "wrapped", got, plain.len + HF_WRAP_OVERHEAD);
    cr_assert_eq(suite->unwrap(key.data, view(&aad), view(&wrapped), got), 0);
    expect(row, "plain", got, plain.len);
}

static void check_deal(const json_t *row)
{
    struct hf_rng rng = generator(row);
    struct field secret = field(row, "secret");
    const struct hf_sharing sharing = {.k = (uint8_t)hf_vectors_number(row, "k"),
                                       .n = (uint8_t)hf_vectors_number(row, "n")};
    uint8_t shares[HF_SHARES_MAX * 32], commitments[HF_SHARES_MAX * 32];

    cr_assert_eq(suite->deal(&rng, secret.data, sharing, shares, commitments), 0);
    expect(row, "shares", shares, sharing.n * 32u);
    expect(row, "commitments", commitments, sharing.k * 32u);
}

static uint8_t threshold(const struct field *commitments)
{
    return (uint8_t)(commitments->len / 32);
}

static void check_combine(const json_t *row)
{
    struct field commitments = field(row, "commitments"), indices = field(row, "indices");
    struct field shares = field(row, "shares");
    uint8_t got[32];
    uint32_t bad = 0;

    cr_assert_eq(shares.len, indices.len * 32);
    int r = suite->combine(threshold(&commitments), commitments.data, indices.len, indices.data,
                           shares.data, got, &bad);
    expect_result(row, r);
    cr_assert_eq(bad, hf_vectors_number(row, "bad"));
    expect(row, "secret", got, r == 0 ? sizeof got : 0);
}

static void check_share(const json_t *row)
{
    struct field commitments = field(row, "commitments"), share = field(row, "share");

    expect_result(row, suite->share_check(share.data, (uint8_t)hf_vectors_number(row, "index"),
                                          threshold(&commitments), commitments.data));
}

static void check_proof(const json_t *row)
{
    struct hf_rng rng = generator(row);
    struct field commitments = field(row, "commitments"), share = field(row, "share");
    struct field context = field(row, "context"), proof = field(row, "proof");
    uint8_t got[HF_PROOF_LEN];

    cr_assert_eq(suite->prove(&rng, share.data, view(&context), got), 0);
    expect(row, "proof", got, sizeof got);
    cr_assert_eq(suite->proof_check(proof.data, (uint8_t)hf_vectors_number(row, "index"),
                                    threshold(&commitments), commitments.data, view(&context)),
                 0);
}

static void check_quorum_seal(const json_t *row)
{
    struct hf_rng rng = generator(row);
    struct field key = field(row, "key"), context = field(row, "context");
    struct field plain = field(row, "plain");
    uint8_t c1[32], body[LEN_MAX], r[32];

    cr_assert_eq(hf_quorum_seal(&rng, key.data, view(&context), view(&plain), c1, body, r), 0);
    expect(row, "c1", c1, sizeof c1);
    expect(row, "body", body, plain.len + HF_QUORUM_OVERHEAD);
    expect(row, "r", r, sizeof r);
}

static void check_partial(const json_t *row)
{
    struct hf_rng rng = generator(row);
    struct field share = field(row, "share"), c1 = field(row, "c1");
    struct field context = field(row, "context");
    uint8_t got[HF_PARTIAL_LEN];

    cr_assert_eq(hf_quorum_partial(&rng, share.data, c1.data, view(&context), got), 0);
    expect(row, "partial", got, sizeof got);
}

static void check_partial_check(const json_t *row)
{
    struct field partial = field(row, "partial"), commitments = field(row, "commitments");
    struct field c1 = field(row, "c1"), context = field(row, "context");

    expect_result(row, hf_quorum_partial_check(
                           partial.data, (uint8_t)hf_vectors_number(row, "index"),
                           threshold(&commitments), commitments.data, c1.data, view(&context)));
}

static void check_quorum_open(const json_t *row)
{
    struct field indices = field(row, "indices"), partials = field(row, "partials");
    struct field c1 = field(row, "c1"), context = field(row, "context"), body = field(row, "body");
    uint8_t got[LEN_MAX];

    int r = hf_quorum_open((uint8_t)indices.len, indices.data, partials.data, c1.data,
                           view(&context), view(&body), got);
    expect_result(row, r);
    expect(row, "plain", got, r == 0 ? body.len - HF_QUORUM_OVERHEAD : 0);
}

Test(crypto_vectors, of_the_quorum_key)
{
    for_each("quorum_deal", check_deal);
    for_each("quorum_seal", check_quorum_seal);
    for_each("partial", check_partial);
    for_each("partial_check", check_partial_check);
    for_each("quorum_open", check_quorum_open);
}

Test(crypto_vectors, of_the_generator)
{
    for_each("rng", check_rng);
    for_each("scalar", check_scalar);
}

Test(crypto_vectors, of_hashes_and_macs)
{
    for_each("hash", check_hash);
}

Test(crypto_vectors, of_keys_from_a_root_secret)
{
    for_each("keys", check_key);
}

Test(crypto_vectors, of_signatures)
{
    for_each("sign", check_sign);
}

Test(crypto_vectors, of_sealing)
{
    for_each("seal", check_seal);
}

Test(crypto_vectors, of_what_a_pair_agrees_on)
{
    for_each("agree", check_agree);
}

Test(crypto_vectors, of_wrapping)
{
    for_each("wrap", check_wrap);
}

Test(crypto_vectors, of_sharing)
{
    for_each("deal", check_deal);
    for_each("share_check", check_share);
    for_each("combine", check_combine);
}

Test(crypto_vectors, of_proofs)
{
    for_each("proof", check_proof);
}
