#include "dev_pki.h"
#include "base/error.h"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

static int revoked_add(X509_CRL *crl, const uint8_t serial[static HF_DEV_SERIAL_LEN], time_t at)
{
    int r = HF_EINTERNAL;
    BIGNUM *number = BN_bin2bn(serial, HF_DEV_SERIAL_LEN, NULL);
    ASN1_INTEGER *value = BN_to_ASN1_INTEGER(number, NULL);
    ASN1_TIME *when = ASN1_TIME_set(NULL, at);
    ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
    X509_REVOKED *entry = X509_REVOKED_new();
    if (value != NULL && when != NULL && reason != NULL && entry != NULL &&
        ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE) == 1 &&
        X509_REVOKED_set_serialNumber(entry, value) == 1 &&
        X509_REVOKED_set_revocationDate(entry, when) == 1 &&
        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1 &&
        X509_CRL_add0_revoked(crl, entry) == 1) {
        entry = NULL;
        r = 0;
    }
    X509_REVOKED_free(entry);
    ASN1_ENUMERATED_free(reason);
    ASN1_TIME_free(when);
    ASN1_INTEGER_free(value);
    BN_free(number);
    return r;
}

static int extensions_add(X509_CRL *crl, X509 *issuer)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
    X509_EXTENSION *key_id =
        X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    int ok = key_id != NULL && number != NULL && ASN1_INTEGER_set(number, 1) == 1 &&
             X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1 &&
             X509_CRL_add_ext(crl, key_id, -1) == 1;
    ASN1_INTEGER_free(number);
    X509_EXTENSION_free(key_id);
    return ok ? 0 : HF_EINTERNAL;
}

static int fill(X509_CRL *crl, const struct hf__dev_crl_spec *spec)
{
    int r = HF_EINTERNAL;
    ASN1_TIME *last = ASN1_TIME_set(NULL, (time_t)spec->window.from_s);
    ASN1_TIME *next = ASN1_TIME_set(NULL, (time_t)spec->window.to_s);
    if (last != NULL && next != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(spec->issuer)) == 1 &&
        X509_CRL_set1_lastUpdate(crl, last) == 1 && X509_CRL_set1_nextUpdate(crl, next) == 1)
        r = 0;
    ASN1_TIME_free(last);
    ASN1_TIME_free(next);
    for (size_t i = 0; i < spec->revoked_count && r == 0; i++)
        r = revoked_add(crl, spec->revoked[i], (time_t)spec->window.from_s);
    return r != 0 ? r : extensions_add(crl, spec->issuer);
}

int hf__dev_crl_make(const struct hf__dev_crl_spec *spec, struct hf_buf *ret)
{
    if (!hf__dev_window_ok(spec->window))
        return HF_EINVAL;
    X509_CRL *crl = X509_CRL_new();
    if (crl == NULL)
        return HF_ENOMEM;
    unsigned char *der = NULL;
    int len = 0;
    int r = fill(crl, spec);
    if (r == 0 &&
        (X509_CRL_sort(crl) != 1 || X509_CRL_sign(crl, spec->issuer_key, EVP_sha256()) == 0))
        r = HF_EINTERNAL;
    if (r == 0 && (len = i2d_X509_CRL(crl, &der)) <= 0)
        r = HF_EINTERNAL;
    if (r == 0)
        r = hf__dev_resign(spec->issuer_key, hf_bytes_of(der, (size_t)len), ret);
    OPENSSL_free(der);
    X509_CRL_free(crl);
    return r;
}
