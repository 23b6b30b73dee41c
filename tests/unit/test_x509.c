/*
 * Our readers of certificates and revocation lists beside OpenSSL's, on every certificate and list
 * of the public vectors: the same fields, and a signature that verifies the same.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "cert.h"
#include "crl.h"
#include "p256.h"
#include "pem.h"
#include "vectors.h"

#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t unix_of(const ASN1_TIME *t)
{
    struct tm tm;
    cr_assert_eq(ASN1_TIME_to_tm(t, &tm), 1);
    return (uint64_t)timegm(&tm);
}

static void expect_bytes(struct hf_bytes have, const unsigned char *want, int want_len,
                         const char *what)
{
    cr_assert(hf_bytes_equal(have, hf_bytes_of(want, (size_t)want_len)), "%s", what);
}

static void expect_name(struct hf_bytes have, X509_NAME *name)
{
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(name, &der);
    expect_bytes(have, der, len, "name");
    OPENSSL_free(der);
}

static void expect_serial(struct hf_bytes have, const ASN1_INTEGER *serial)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
    unsigned char bytes[64];
    cr_assert_not_null(n);
    expect_bytes(have, bytes, BN_bn2bin(n, bytes), "serial");
    BN_free(n);
}

static void compare_certificate(struct hf_bytes der)
{
    struct hf__cert c;
    struct hf_fault fault;
    const unsigned char *p = der.data;
    unsigned char *key = NULL;
    cr_assert_eq(hf__cert_parse(der, &c, &fault), 0, "at %zu: %s", fault.offset, fault.expected);
    X509 *x = d2i_X509(NULL, &p, (long)der.len);
    cr_assert_not_null(x);
    expect_name(c.issuer, X509_get_issuer_name(x));
    expect_name(c.subject, X509_get_subject_name(x));
    expect_serial(c.serial, X509_get0_serialNumber(x));
    cr_assert_eq(c.not_before_s, unix_of(X509_get0_notBefore(x)));
    cr_assert_eq(c.not_after_s, unix_of(X509_get0_notAfter(x)));
    cr_assert_eq(c.is_ca, (X509_get_extension_flags(x) & EXFLAG_CA) != 0);
    cr_assert_eq(c.has_path_len ? (long)c.path_len : -1, X509_get_pathlen(x));
    uint32_t usage = X509_get_key_usage(x);
    cr_assert_eq(c.key_usage, usage & 0xff);
    size_t key_len = EVP_PKEY_get1_encoded_public_key(X509_get0_pubkey(x), &key);
    cr_assert_eq(key_len, 1 + HF_P256_KEY_LEN);
    cr_assert_arr_eq(c.key, key + 1, HF_P256_KEY_LEN);
    OPENSSL_free(key);
    if (hf_bytes_equal(c.issuer, c.subject)) {
        EVP_PKEY *own;
        cr_assert_eq(hf__p256_key(c.key, &own), 0);
        cr_assert(hf__p256_verify_der(own, c.tbs, c.signature));
        cr_assert_eq(X509_verify(x, X509_get0_pubkey(x)), 1);
        hf__p256_free(own);
    }
    X509_free(x);
}

static size_t compare_chain(struct hf_bytes pem)
{
    uint8_t *storage = malloc(pem.len + 3);
    struct hf_bytes der[HF_CHAIN_CERTS_MAX];
    size_t count;
    struct hf_fault fault;
    cr_assert_not_null(storage);
    cr_assert_eq(hf__pem_certificates(pem, storage, der, &count, &fault), 0);
    for (size_t i = 0; i < count; i++)
        compare_certificate(der[i]);
    free(storage);
    return count;
}

static struct hf_buf read_vector(const char *name)
{
    char path[4096];
    struct hf_buf b;
    snprintf(path, sizeof path, "dcap/%s", name);
    hf_vectors_path(path, path, sizeof path);
    hf_buf_init(&b, 1 << 20);
    cr_assert_eq(hf_file_read(path, &b), 0, "%s", path);
    return b;
}

Test(hf__cert_parse, reads_what_openssl_reads)
{
    json_t *cases = hf_vectors_public("dcap/cases.json");
    json_t *sets = hf_vectors_public("dcap/collateral/windows.json");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        struct hf_quote q;
        if (json_object_get(c, "facts") == NULL)
            continue;
        struct hf_buf quote = read_vector(hf_vectors_text(c, "quote"));
        cr_assert_eq(hf_quote_parse(hf_buf_bytes(&quote), &q, NULL), 0);
        count += compare_chain(q.certification);
        hf_buf_done(&quote);
    }
    const char *set;
    json_t *window;
    json_object_foreach(sets, set, window)
    {
        static const char *const names[] = {"tcb_signing_chain.pem", "pck_crl_issuer_chain.pem"};
        for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
            char name[256];
            snprintf(name, sizeof name, "collateral/%s/%s", set, names[i]);
            struct hf_buf pem = read_vector(name);
            count += compare_chain(hf_buf_bytes(&pem));
            hf_buf_done(&pem);
        }
    }
    cr_assert_gt(count, 200);
    json_decref(sets);
    json_decref(cases);
}

static void compare_list(struct hf_bytes der)
{
    struct hf__crl crl;
    struct hf_fault fault;
    const unsigned char *p = der.data;
    cr_assert_eq(hf__crl_parse(der, &crl, &fault), 0, "at %zu: %s", fault.offset, fault.expected);
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.len);
    cr_assert_not_null(x);
    expect_name(crl.issuer, X509_CRL_get_issuer(x));
    cr_assert_eq(crl.this_update_s, unix_of(X509_CRL_get0_lastUpdate(x)));
    cr_assert_eq(crl.next_update_s, unix_of(X509_CRL_get0_nextUpdate(x)));
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(x);
    int want = revoked != NULL ? sk_X509_REVOKED_num(revoked) : 0;
    cr_assert_eq(crl.serial_count, (size_t)want);
    for (int i = 0; i < want; i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(revoked, i);
        BIGNUM *n = ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(entry), NULL);
        unsigned char bytes[64];
        struct hf_bytes serial = hf_bytes_of(bytes, (size_t)BN_bn2bin(n, bytes));
        cr_assert(hf__crl_lists(&crl, serial));
        bytes[serial.len - 1] ^= 1;
        cr_assert_not(hf__crl_lists(&crl, serial));
        BN_free(n);
    }
    hf__crl_done(&crl);
    X509_CRL_free(x);
}

Test(hf__crl_parse, reads_what_openssl_reads)
{
    json_t *sets = hf_vectors_public("dcap/collateral/windows.json");
    const char *set;
    json_t *window;
    json_object_foreach(sets, set, window)
    {
        static const char *const names[] = {"pck_crl.der", "root_ca_crl.der"};
        for (size_t i = 0; i < HF_ARRAY_LEN(names); i++) {
            char name[256];
            snprintf(name, sizeof name, "collateral/%s/%s", set, names[i]);
            struct hf_buf der = read_vector(name);
            compare_list(hf_buf_bytes(&der));
            hf_buf_done(&der);
        }
    }
    json_decref(sets);
}
