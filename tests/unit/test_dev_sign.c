/* The dev platform's signatures against the vectors of RFC 6979, appendix A.2.5 (P-256, SHA-256),
 * and what follows from their having no nonce of chance. */
#include "dev_pki.h"
#include "base/error.h"
#include "base/hex.h"
#include "der.h"
#include "p256.h"

#include <criterion/criterion.h>

enum { NOW_S = 1760000000 };

static const char secret_text[] =
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

static EVP_PKEY *key_of(const char *hex)
{
    uint8_t secret[HF__DEV_SECRET_LEN];
    EVP_PKEY *key;
    cr_assert_eq(hf_hex_decode(hex, secret, sizeof secret), 0);
    cr_assert_eq(hf__dev_key_of_secret(secret, &key), 0);
    return key;
}

static void expect(const char *message, const char *signature)
{
    uint8_t have[HF__DEV_SIGNATURE_LEN], want[HF__DEV_SIGNATURE_LEN];
    EVP_PKEY *key = key_of(secret_text);
    cr_assert_eq(hf_hex_decode(signature, want, sizeof want), 0);
    cr_assert_eq(hf__dev_sign(key, hf_bytes_of(message, strlen(message)), have), 0);
    cr_assert_arr_eq(have, want, sizeof want);
    EVP_PKEY_free(key);
}

Test(hf__dev_sign, agrees_with_rfc_6979)
{
    expect("sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    expect("test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                   "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083");
}

Test(hf__dev_sign, verifies_whatever_key_and_message)
{
    uint8_t secret[HF__DEV_SECRET_LEN] = {1}, public_key[HF_DEV_ROOT_KEY_LEN];
    uint8_t message[200], signature[HF__DEV_SIGNATURE_LEN];
    for (size_t i = 0; i < sizeof message; i++) {
        EVP_PKEY *key, *verifier;
        secret[1 + i % 31] ^= (uint8_t)(i + 1);
        message[i] = (uint8_t)i;
        cr_assert_eq(hf__dev_key_of_secret(secret, &key), 0);
        cr_assert_eq(hf__dev_key_public(key, public_key), 0);
        cr_assert_eq(hf__p256_key(public_key, &verifier), 0);
        cr_assert_eq(hf__dev_sign(key, hf_bytes_of(message, i), signature), 0);
        cr_assert(hf__p256_verify(verifier, hf_bytes_of(message, i), signature), "message %zu", i);
        signature[i % sizeof signature] ^= 1;
        cr_assert_not(hf__p256_verify(verifier, hf_bytes_of(message, i), signature));
        hf__p256_free(verifier);
        EVP_PKEY_free(key);
    }
}

Test(hf__dev_resign, refuses_what_is_no_signed_structure)
{
    static const uint8_t odd[][4] = {{0x30, 0x00}, {0x02, 0x01, 0x05}, {0x30, 0x02, 0x30, 0x00}};
    EVP_PKEY *key = key_of(secret_text);
    struct hf_buf out;
    hf_buf_init(&out, 1024);
    for (size_t i = 0; i < HF_ARRAY_LEN(odd); i++)
        cr_assert_eq(hf__dev_resign(key, hf_bytes_of(odd[i], 2u + odd[i][1]), &out), HF_EMALFORMED);
    cr_assert_eq(out.len, 0);
    hf_buf_done(&out);
    EVP_PKEY_free(key);
}

/* Lengths of every form, as a revocation list may have. */
Test(hf__dev_put_header, writes_the_length_that_the_reader_reads)
{
    static const size_t lens[] = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x12345};
    for (size_t i = 0; i < HF_ARRAY_LEN(lens); i++) {
        struct hf_buf out;
        struct hf_fault fault = {0};
        struct hf_bytes content;
        hf_buf_init(&out, 1 << 20);
        hf__dev_put_header(&out, HF_DER_OCTET_STRING, lens[i]);
        for (size_t j = 0; j < lens[i]; j++)
            hf_buf_append_u8(&out, (uint8_t)j);
        struct hf_der r = hf__der_of(hf_buf_bytes(&out), &fault);
        cr_assert(hf__der_bytes(&r, HF_DER_OCTET_STRING, "octets", &content), "%zu", lens[i]);
        cr_assert_eq(content.len, lens[i]);
        cr_assert(hf__der_at_end(&r));
        hf_buf_done(&out);
    }
}

/* From a seed. */
static void make_all(const uint8_t *seed, struct hf_buf *ret_quote, struct hf_dev_collateral *ret)
{
    static const uint8_t report_data[64] = {0x5a}, revoked[2][HF_DEV_SERIAL_LEN] = {{0x42}, {0x43}};
    struct hf_dev_authority_spec spec;
    struct hf_dev_machine_spec machine_spec;
    struct hf_dev_collateral_spec collateral_spec;
    struct hf_dev_authority *a;
    struct hf_dev_machine *m;
    struct hf_dev_td td;
    hf_dev_authority_spec_init(&spec, NOW_S);
    spec.seed = seed;
    cr_assert_eq(hf_dev_authority_new(&spec, &a), 0);
    hf_dev_machine_spec_init(&machine_spec, hf_bytes_of("node-1", 6), NOW_S);
    machine_spec.seed = seed;
    cr_assert_eq(hf_dev_machine_new(a, &machine_spec, &m), 0);
    hf_dev_td_init(&td, "image");
    hf_buf_init(ret_quote, HF_QUOTE_MAX);
    cr_assert_eq(hf_dev_quote_make(m, &td, HF_DEV_QUOTE_V4, report_data, ret_quote), 0);
    hf_dev_collateral_spec_init(&collateral_spec, NOW_S, 86400);
    collateral_spec.pck_revoked = revoked;
    collateral_spec.pck_revoked_count = 2;
    cr_assert_eq(hf_dev_collateral_make(a, &collateral_spec, ret), 0);
    hf_dev_machine_free(m);
    hf_dev_authority_free(a);
}

Test(hf_dev_authority, one_seed_gives_the_same_quotes_and_collateral_to_the_byte)
{
    static const uint8_t seeds[3][HF_DEV_SEED_LEN] = {{1}, {1}, {2}};
    struct hf_buf quote[3];
    struct hf_dev_collateral c[3];
    for (int i = 0; i < 3; i++)
        make_all(seeds[i], &quote[i], &c[i]);
    for (int i = 1; i < 3; i++) {
        const struct hf_buf *const pairs[][2] = {
            {&quote[0], &quote[i]},
            {&c[0].tcb_info, &c[i].tcb_info},
            {&c[0].qe_identity, &c[i].qe_identity},
            {&c[0].tcb_signing_chain, &c[i].tcb_signing_chain},
            {&c[0].pck_crl, &c[i].pck_crl},
            {&c[0].root_ca_crl, &c[i].root_ca_crl},
            {&c[0].pck_crl_issuer_chain, &c[i].pck_crl_issuer_chain},
        };
        for (size_t p = 0; p < HF_ARRAY_LEN(pairs); p++)
            cr_assert_eq(hf_bytes_equal(hf_buf_bytes(pairs[p][0]), hf_buf_bytes(pairs[p][1])),
                         i == 1, "part %zu", p);
    }
    for (int i = 0; i < 3; i++) {
        hf_buf_done(&quote[i]);
        hf_dev_collateral_done(&c[i]);
    }
}
