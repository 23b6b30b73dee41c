/* One verification under way: what its checks share, and the checks, each in the order of
 * attest/verify.h. */
#ifndef HF_ATTEST_CHECKS_H
#define HF_ATTEST_CHECKS_H

#include "machine.h"
#include "set.h"

struct hf__verification {
    const struct hf_verify_params *params;
    struct hf_bytes bytes;
    struct hf_verdict verdict;
    struct hf_verify_report *report; /* NULL when the caller wants no reasons */
    char *reason;                    /* of the check that runs; NULL likewise */

    struct hf_quote quote;
    /* from the cache: chain, QE report and attestation key are verified */
    struct hf__machine *machine;
    struct hf__pck_chain *chain; /* read, or from the cache */
    bool chain_known;            /* from the cache: its signatures are verified */
    EVP_PKEY *attestation_key;

    struct hf__document *tcb_info, *qe_identity, *pck_crl, *root_crl; /* borrowed from the set */
    struct hf__tcb_match match;
};

/* Writes the reason of the check that runs, where the caller wants reasons. */
HF_PRINTF(2, 3) void hf__reason(struct hf__verification *v, const char *format, ...);

/* A check: 0, the error that says what failed, or HF_ENOMEM. */
typedef int hf__check_fn(struct hf__verification *v);

hf__check_fn hf__check_structure;
hf__check_fn hf__check_certification_data;
hf__check_fn hf__check_root;
hf__check_fn hf__check_quote_signature;
hf__check_fn hf__check_attestation_key;
hf__check_fn hf__check_qe_report_signature;
hf__check_fn hf__check_pck_chain;
hf__check_fn hf__check_pck_dates;
hf__check_fn hf__check_revocation;
hf__check_fn hf__check_collateral_present;
hf__check_fn hf__check_collateral_format;
hf__check_fn hf__check_collateral_signatures;
hf__check_fn hf__check_collateral_dates;
hf__check_fn hf__check_qe_identity;
hf__check_fn hf__check_tcb;

#endif
