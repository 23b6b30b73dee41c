/*
 * What verification learns about a machine and may remember: the PCK chain, and the attestation key
 * that a QE report signed by that PCK vouches for. Counted references, shared between threads,
 * never changed.
 */
#ifndef HF_ATTEST_MACHINE_H
#define HF_ATTEST_MACHINE_H

#include "attest/verify.h"
#include "chain.h"

#include <stdatomic.h>

/* A PCK chain that was read: leaf, CA, root. Its signatures may be verified or not. */
struct hf__pck_chain {
    atomic_uint refs;
    struct hf__chain chain;
    EVP_PKEY *key; /* the leaf's */
    struct hf__pck pck;
    uint64_t not_before_s, not_after_s; /* of all three certificates */
};

/*
 * HF_EMALFORMED: with the fault, of cert as in struct hf__chain_fault. HF_ENOMEM. ret: one
 * reference.
 */
HF_MUST_USE int hf__pck_chain_new(struct hf_bytes pem, struct hf__pck_chain **ret,
                                  struct hf__chain_fault *ret_fault);
/* The same chain, with one reference more. */
struct hf__pck_chain *hf__pck_chain_ref(struct hf__pck_chain *chain);
/* NULL is legal. */
void hf__pck_chain_unref(struct hf__pck_chain *chain);

/*
 * The part of a quote that is the machine's: attestation key, QE report with its signature,
 * certification data. Empty when the quote holds no QE report.
 */
struct hf_bytes hf__machine_section(const struct hf_quote *quote);

/* A machine whose chain, QE report and attestation key have been verified. */
struct hf__machine {
    atomic_uint refs;
    uint64_t tag;                 /* of the chain's text */
    struct hf_bytes section, pem; /* in a copy of its own; pem is inside section */
    struct hf__pck_chain *chain;
    EVP_PKEY *attestation_key;
};

/* NULL is legal. */
void hf__machine_unref(struct hf__machine *m);

/* What the cache knows of a quote's machine; a reference each, NULL where it knows nothing. cache
 * may be NULL. */
void hf__cache_find(struct hf_verify_cache *cache, const struct hf_quote *quote,
                    struct hf__machine **ret_machine, struct hf__pck_chain **ret_chain);
/* Remembers a machine, all of which has been verified. Out of memory, it is not remembered. cache
 * may be NULL. */
void hf__cache_add(struct hf_verify_cache *cache, const struct hf_quote *quote,
                   struct hf__pck_chain *chain, EVP_PKEY *attestation_key);

#endif
