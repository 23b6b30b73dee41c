/* Certificate revocation lists (RFC 5280, 5): complete, of version 2, signed with
 * ecdsa-with-SHA256. */
#ifndef HF_ATTEST_CRL_H
#define HF_ATTEST_CRL_H

#include "der.h"

/* A list. Everything but `serials` is borrowed from its DER. */
struct hf__crl {
    struct hf_bytes tbs;
    struct hf_bytes signature; /* DER */
    struct hf_bytes issuer;    /* with tag and length */
    uint64_t this_update_s, next_update_s;
    uint64_t number;          /* the CRL number */
    struct hf_bytes *serials; /* sorted; magnitudes, borrowed */
    size_t serial_count;
};

/*
 * ret: free with hf__crl_done. HF_EMALFORMED: with the fault; among others a missing CRL number, an
 * extension that makes it less than a complete list, a critical extension that is not understood.
 * HF_ENOMEM.
 */
HF_MUST_USE int hf__crl_parse(struct hf_bytes der, struct hf__crl *ret, struct hf_fault *ret_fault);
/* A zeroed list is legal. */
void hf__crl_done(struct hf__crl *crl);
/* Whether a serial is listed. */
bool hf__crl_lists(const struct hf__crl *crl, struct hf_bytes serial);

#endif
