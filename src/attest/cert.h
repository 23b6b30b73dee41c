/*
 * X.509 certificates (RFC 5280) of the PKIs that attestation knows: version 3, P-256 keys,
 * ecdsa-with-SHA256. Anything else is malformed here, and so is any critical extension that is not
 * understood. Reading certificates ourselves keeps every bound in sight and costs 3 us, where a
 * general library needs 100.
 */
#ifndef HF_ATTEST_CERT_H
#define HF_ATTEST_CERT_H

#include "attest/collateral.h"
#include "der.h"

enum { HF_SERIAL_LEN_MAX = 20 };

/* keyUsage bits (RFC 5280, 4.2.1.3), the first at the top. */
enum {
    HF_KEY_USAGE_SIGNATURE = 0x80,
    HF_KEY_USAGE_CERT_SIGN = 0x04,
    HF_KEY_USAGE_CRL_SIGN = 0x02,
};

/* A certificate; every pointer is borrowed from its DER. */
struct hf__cert {
    struct hf_bytes der;
    struct hf_bytes tbs;       /* what is signed */
    struct hf_bytes signature; /* DER: SEQUENCE of r and s */
    struct hf_bytes serial;    /* magnitude, without leading zeros */
    struct hf_bytes issuer; /* names as they stand, with tag and length: compared byte for byte */
    struct hf_bytes subject;
    struct hf_bytes common_name; /* of the subject; empty when it has none */
    uint64_t not_before_s, not_after_s;
    const uint8_t *key; /* HF_P256_KEY_LEN bytes */
    bool is_ca;
    bool has_path_len;
    uint64_t path_len;
    uint8_t key_usage;   /* HF_KEY_USAGE_...; 0 when the extension is missing */
    struct hf_bytes sgx; /* content of the SGX extension; empty when there is none */
};

/* HF_EMALFORMED: with the fault, whose offset counts from the start of der. */
HF_MUST_USE int hf__cert_parse(struct hf_bytes der, struct hf__cert *ret,
                               struct hf_fault *ret_fault);

/*
 * A SubjectPublicKeyInfo of a key on P-256; ret_key: HF_P256_KEY_LEN bytes, borrowed. Whether it is
 * a point of the curve shows when it is decoded.
 */
HF_MUST_USE bool hf__spki_read(struct hf_der *r, const uint8_t **ret_key);

/* What the SGX extension of a PCK certificate says of its platform. */
struct hf__pck {
    uint8_t tcb_svns[16]; /* SGX TCB components */
    struct hf_quote_platform platform;
};

/*
 * sgx: the content of the extension 1.2.840.113741.1.13.1. Its parts may come in any order; unknown
 * ones are skipped. HF_EMALFORMED: with the fault, whose offset counts from the start of sgx.
 * Source: Intel SGX PCK Certificate and Certificate Revocation List Profile Specification, 1.3.5.
 */
HF_MUST_USE int hf__pck_parse(struct hf_bytes sgx, struct hf__pck *ret, struct hf_fault *ret_fault);

#endif
