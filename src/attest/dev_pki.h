/* What the dev platform's authority, machines and collateral are made of: P-256 keys, certificates,
 * lists. */
#ifndef HF_ATTEST_DEV_PKI_H
#define HF_ATTEST_DEV_PKI_H

#include "attest/dev.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum {
    HF__DEV_SECRET_LEN = 32,    /* a P-256 scalar */
    HF__DEV_SIGNATURE_LEN = 64, /* r and s, big-endian */
    HF__DEV_PEM_MAX = 65536,    /* bytes of any PEM file or chain */
};

/* The key of a scalar. HF_EINVAL: zero, or not below the group's order. */
HF_MUST_USE int hf__dev_key_of_secret(const uint8_t secret[static HF__DEV_SECRET_LEN],
                                      EVP_PKEY **ret);
/* The key that follows from a seed and a label of at most 64 characters; a fresh one where seed is
 * NULL. */
HF_MUST_USE int hf__dev_key_new(const uint8_t *seed, const char *label, EVP_PKEY **ret);
/* x and y. */
HF_MUST_USE int hf__dev_key_public(const EVP_PKEY *key, uint8_t ret[static HF_DEV_ROOT_KEY_LEN]);
/*
 * ECDSA over the SHA-256 of the message, with the nonce of RFC 6979: the same key and message give
 * the same signature. Thread-safe for one key.
 */
HF_MUST_USE int hf__dev_sign(EVP_PKEY *key, struct hf_bytes message,
                             uint8_t ret[static HF__DEV_SIGNATURE_LEN]);
/*
 * A certificate or revocation list in DER, signed anew by hf__dev_sign: OpenSSL signs with a nonce
 * of its own. ret: appended to. HF_EMALFORMED: not SEQUENCE { signed part, algorithm, signature }.
 */
HF_MUST_USE int hf__dev_resign(EVP_PKEY *key, struct hf_bytes der, struct hf_buf *ret);
/* P-256, for the life of the process. */
const EC_GROUP *hf__dev_curve(void);

/* Tag and length of a DER element. */
void hf__dev_put_header(struct hf_buf *out, uint8_t tag, size_t len);

struct hf__dev_cert_spec {
    const char *name; /* common name */
    struct hf_dev_window window;
    EVP_PKEY *key;         /* the subject's */
    X509 *issuer;          /* NULL: signs itself */
    EVP_PKEY *issuer_key;  /* with issuer */
    int path_len;          /* of a CA; below zero: not a CA */
    const char *crl_name;  /* file name in the distribution point */
    X509_EXTENSION *extra; /* one more extension, or NULL; not taken over */
};

/* HF_EINVAL: a window that ends before it begins or is no date. */
HF_MUST_USE int hf__dev_cert_new(const struct hf__dev_cert_spec *spec, X509 **ret);
/* The serial, padded at the front. HF_EMALFORMED: longer than that. */
HF_MUST_USE int hf__dev_cert_serial(const X509 *cert, uint8_t ret[static HF_DEV_SERIAL_LEN]);

struct hf__dev_crl_spec {
    X509 *issuer;
    EVP_PKEY *issuer_key;
    struct hf_dev_window window;
    const uint8_t (*revoked)[HF_DEV_SERIAL_LEN];
    size_t revoked_count;
};

/* Appends the DER form. */
HF_MUST_USE int hf__dev_crl_make(const struct hf__dev_crl_spec *spec, struct hf_buf *ret);

/* Intel's extension of PCK certificates (OID 1.2.840.113741.1.13.1). */
HF_MUST_USE int hf__dev_sgx_extension(const struct hf_dev_platform *platform, enum hf_dev_ca ca,
                                      X509_EXTENSION **ret);

/* A certificate as PEM, appended. HF_ENOMEM. */
HF_MUST_USE int hf__dev_pem_cert(const X509 *cert, struct hf_buf *ret);
/* A private key as PEM (PKCS #8, not encrypted), appended. HF_ENOMEM. */
HF_MUST_USE int hf__dev_pem_key(EVP_PKEY *key, struct hf_buf *ret);

/* Whether from is before to and both are dates that a certificate can hold. */
bool hf__dev_window_ok(struct hf_dev_window window);

/* Folder and file name as one path of PATH_MAX. HF_ETOOBIG: longer. */
HF_MUST_USE int hf__dev_path(const char *folder, const char *file, char *ret);
/* The certificates and keys of an authority, for its neighbours. */
struct hf_dev_authority {
    EVP_PKEY *root_key;
    X509 *root;
    EVP_PKEY *ca_key[2];
    X509 *ca[2];
    EVP_PKEY *signer_key;
    X509 *signer;
};

#endif
