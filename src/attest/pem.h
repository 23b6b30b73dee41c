/* PEM (RFC 7468), strictly: certificates one after the other, white space and NULs between them,
 * nothing else. */
#ifndef HF_ATTEST_PEM_H
#define HF_ATTEST_PEM_H

#include "attest/fault.h"
#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_CHAIN_CERTS_MAX = 4, /* certificates of a chain that is read at all */
    HF_CERT_DER_MAX = 4096, /* bytes of one certificate */
};

/*
 * Decodes a chain's text into storage. storage: at least text.len / 4 * 3 bytes. ret: the
 * certificates in DER, borrowed from storage. HF_EMALFORMED, with the fault: no certificate, more
 * than HF_CHAIN_CERTS_MAX, one larger than HF_CERT_DER_MAX, or not PEM.
 */
HF_MUST_USE int hf__pem_certificates(struct hf_bytes text, uint8_t *storage,
                                     struct hf_bytes ret[static HF_CHAIN_CERTS_MAX],
                                     size_t *ret_count, struct hf_fault *ret_fault);

#endif
