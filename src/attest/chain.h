/*
 * Certificate chains of the attestation PKIs: a root, at most two certificates below it, every name
 * and flag as RFC 5280 wants them. Roots are trusted by key, never by name.
 */
#ifndef HF_ATTEST_CHAIN_H
#define HF_ATTEST_CHAIN_H

#include "cert.h"
#include "p256.h"
#include "pem.h"

/* A chain, leaf first, root last, whatever the order in the text. */
struct hf__chain {
    uint8_t *storage; /* the certificates' DER */
    size_t count;
    struct hf__cert cert[HF_CHAIN_CERTS_MAX];
};

/* Why a chain is not one. */
struct hf__chain_fault {
    struct hf_fault fault; /* offset in the PEM text, or in the DER of the certificate below */
    int cert;              /* which certificate of the text, from 0; -1: the text itself */
};

/*
 * Parses PEM of exactly count certificates, each issued by the next, the last by itself.
 * leaf_is_ca: whether the leaf is a CA (one that signs a CRL), or must not be. ret: free with
 * hf__chain_done. HF_EMALFORMED: with the fault. HF_ENOMEM.
 */
HF_MUST_USE int hf__chain_parse(struct hf_bytes pem, size_t count, bool leaf_is_ca,
                                struct hf__chain *ret, struct hf__chain_fault *ret_fault);
/* A zeroed chain is legal. */
void hf__chain_done(struct hf__chain *chain);

/* What is known already, and saves verifying or decoding once more. */
struct hf__known {
    /* Whether a certificate is signed by this key. */
    bool (*knows)(const void *context, const struct hf__cert *cert,
                  const uint8_t issuer_key[static HF_P256_KEY_LEN]);
    /* The decoded key, a new reference; NULL when it is not known. */
    EVP_PKEY *(*key)(const void *context, const uint8_t key[static HF_P256_KEY_LEN]);
    const void *context;
};

/*
 * Verifies all signatures, the root's own included. known may be NULL.
 * HF_ESIGNATURE: a signature or an issuer's key is not valid. HF_ENOMEM.
 */
HF_MUST_USE int hf__chain_verify(const struct hf__chain *chain, const struct hf__known *known);

/* The root of a chain. */
static inline const struct hf__cert *hf__chain_root(const struct hf__chain *chain)
{
    return &chain->cert[chain->count - 1];
}

/* From when and until when all its certificates are valid. */
void hf__chain_validity(const struct hf__chain *chain, uint64_t *ret_not_before_s,
                        uint64_t *ret_not_after_s);

#endif
