#include "dev_pki.h"
#include "base/error.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* 9999-12-31T23:59:59Z, the last date of ASN.1's GeneralizedTime. */
static const uint64_t date_s_max = 253402300799;

bool hf__dev_window_ok(struct hf_dev_window window)
{
    return window.from_s <= window.to_s && window.to_s <= date_s_max;
}

/* Every name of the development PKI says that it is one. */
static int name_set(X509_NAME *name, const char *common)
{
    const struct {
        const char *field, *value;
    } parts[] = {{"CN", common}, {"O", "Holdfast Development"}, {"C", "XX"}};
    for (size_t i = 0; i < HF_ARRAY_LEN(parts); i++) {
        const unsigned char *value = (const unsigned char *)parts[i].value;
        if (X509_NAME_add_entry_by_txt(name, parts[i].field, MBSTRING_UTF8, value, -1, -1, 0) != 1)
            return HF_EINTERNAL;
    }
    return 0;
}

/* Intel's serials are the key identifiers; so are these. The top bit is cleared: serials are
 * positive. */
static int serial_set(X509 *cert, const EVP_PKEY *key)
{
    uint8_t point[HF_DEV_ROOT_KEY_LEN], digest[SHA256_DIGEST_LENGTH];
    int r = hf__dev_key_public(key, point);
    if (r != 0)
        return r;
    SHA256(point, sizeof point, digest);
    digest[0] = (uint8_t)((digest[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(digest, HF_DEV_SERIAL_LEN, NULL);
    ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
    r = serial != NULL && X509_set_serialNumber(cert, serial) == 1 ? 0 : HF_EINTERNAL;
    ASN1_INTEGER_free(serial);
    BN_free(number);
    return r;
}

static int dates_set(X509 *cert, struct hf_dev_window window)
{
    if (!hf__dev_window_ok(window))
        return HF_EINVAL;
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)window.from_s) != NULL &&
                   ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)window.to_s) != NULL
               ? 0
               : HF_EINTERNAL;
}

static int extension_add(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    int r = extension != NULL && X509_add_ext(cert, extension, -1) == 1 ? 0 : HF_EINTERNAL;
    X509_EXTENSION_free(extension);
    return r;
}

/* In the order of Intel's certificates. */
static int extensions_add(X509 *cert, X509 *issuer, const struct hf__dev_cert_spec *spec)
{
    char point[128], constraints[48] = "critical,CA:FALSE";
    bool is_ca = spec->path_len >= 0;
    snprintf(point, sizeof point, "URI:https://collateral.invalid/%s", spec->crl_name);
    if (is_ca)
        snprintf(constraints, sizeof constraints, "critical,CA:TRUE,pathlen:%d", spec->path_len);
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    const struct {
        int nid;
        const char *value;
    } list[] = {
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
        {NID_crl_distribution_points, point},
        {NID_key_usage,
         is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,nonRepudiation"},
        {NID_basic_constraints, constraints},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(list); i++) {
        int r = extension_add(cert, &ctx, list[i].nid, list[i].value);
        if (r != 0)
            return r;
    }
    if (spec->extra != NULL && X509_add_ext(cert, spec->extra, -1) != 1)
        return HF_EINTERNAL;
    return 0;
}

/* Signs; the certificate is replaced by one whose signature follows from key and content. */
static int cert_sign(X509 **cert, EVP_PKEY *signer)
{
    unsigned char *der = NULL;
    struct hf_buf whole;
    int len = X509_sign(*cert, signer, EVP_sha256()) > 0 ? i2d_X509(*cert, &der) : 0;
    if (len <= 0)
        return HF_EINTERNAL;
    hf_buf_init(&whole, HF__DEV_PEM_MAX);
    int r = hf__dev_resign(signer, hf_bytes_of(der, (size_t)len), &whole);
    const unsigned char *p = whole.data;
    X509 *other = r == 0 ? d2i_X509(NULL, &p, (long)whole.len) : NULL;
    if (r == 0 && other == NULL)
        r = HF_ENOMEM;
    if (r == 0) {
        X509_free(*cert);
        *cert = other;
    }
    hf_buf_done(&whole);
    OPENSSL_free(der);
    return r;
}

int hf__dev_cert_new(const struct hf__dev_cert_spec *spec, X509 **ret)
{
    X509 *cert = X509_new();
    if (cert == NULL)
        return HF_ENOMEM;
    X509 *issuer = spec->issuer != NULL ? spec->issuer : cert;
    EVP_PKEY *signer = spec->issuer != NULL ? spec->issuer_key : spec->key;
    int r = X509_set_version(cert, X509_VERSION_3) == 1 ? 0 : HF_EINTERNAL;
    if (r == 0)
        r = serial_set(cert, spec->key);
    if (r == 0)
        r = name_set(X509_get_subject_name(cert), spec->name);
    if (r == 0 && X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1)
        r = HF_EINTERNAL;
    if (r == 0)
        r = dates_set(cert, spec->window);
    if (r == 0 && X509_set_pubkey(cert, spec->key) != 1)
        r = HF_EINTERNAL;
    if (r == 0)
        r = extensions_add(cert, issuer, spec);
    if (r == 0)
        r = cert_sign(&cert, signer);
    if (r != 0) {
        X509_free(cert);
        return r;
    }
    *ret = cert;
    return 0;
}

int hf__dev_cert_serial(const X509 *cert, uint8_t ret[static HF_DEV_SERIAL_LEN])
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    int ok = number != NULL && BN_bn2binpad(number, ret, HF_DEV_SERIAL_LEN) == HF_DEV_SERIAL_LEN;
    BN_free(number);
    return ok ? 0 : HF_EMALFORMED;
}

static int pem_take(BIO *bio, int written, struct hf_buf *ret)
{
    char *text = NULL;
    long len = written == 1 ? BIO_get_mem_data(bio, &text) : 0;
    if (len > 0)
        hf_buf_append(ret, text, (size_t)len);
    BIO_free(bio);
    return len > 0 ? ret->error : HF_EINTERNAL;
}

int hf__dev_pem_cert(const X509 *cert, struct hf_buf *ret)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return bio == NULL ? HF_ENOMEM : pem_take(bio, PEM_write_bio_X509(bio, cert), ret);
}

int hf__dev_pem_key(EVP_PKEY *key, struct hf_buf *ret)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL)
        return HF_ENOMEM;
    return pem_take(bio, PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), ret);
}

int hf__dev_path(const char *folder, const char *file, char *ret)
{
    int len = snprintf(ret, PATH_MAX, "%s/%s", folder, file);
    return len > 0 && len < PATH_MAX ? 0 : HF_ETOOBIG;
}
