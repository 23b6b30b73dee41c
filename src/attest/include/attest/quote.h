/*
 * The structure of a TDX quote, read from bytes of any origin. Versions 4 and 5, bodies of TDX 1.0
 * and 1.5, certification data of type 6 (QE report) around type 5 (PCK chain in PEM). No length in
 * the quote is trusted: each is held against what is really there before anything behind it is
 * looked at, and nothing is allocated. Parsing says what the bytes claim; whether it is true says
 * attest/verify.h.
 *
 * Source: Intel TDX DCAP Quote Generation and Quote Verification libraries, version 1.x, appendix
 * A.3 (version 4) and A.4 (version 5). Integers are little-endian.
 */
#ifndef HF_ATTEST_QUOTE_H
#define HF_ATTEST_QUOTE_H

#include "attest/fault.h"
#include "attest/verdict.h"
#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_QUOTE_HEADER_LEN = 48,
    HF_QUOTE_BODY_10_LEN = 584, /* TD report of TDX 1.0: version 4, and version 5 type 2 */
    HF_QUOTE_BODY_15_LEN = 648, /* of TDX 1.5: version 5 type 3 */
    HF_QUOTE_TEE_TDX = 0x81,
    HF_TCB_SVN_LEN = 16,
    HF_P256_KEY_LEN = 64,       /* x and y, big-endian, without a prefix */
    HF_P256_SIGNATURE_LEN = 64, /* r and s, big-endian */
    HF_QE_REPORT_LEN = 384,
    HF_FMSPC_LEN = 6,
    HF_CERTIFICATION_PCK_CHAIN = 5,
};

/*
 * Bits of the TD attributes and of XFAM that are told apart here. Source: Intel TDX module ABI
 * specification, ATTRIBUTES and XFAM; Linux, arch/x86/include/asm/shared/tdx.h.
 */
#define HF_TD_ATTRIBUTE_DEBUG UINT64_C(1)
#define HF_TD_ATTRIBUTES_UNDER_DEBUG                                                               \
    UINT64_C(0xff) /* the TUD byte: the host sees in, or profiles */
#define HF_TD_ATTRIBUTE_LASS            (UINT64_C(1) << 27)
#define HF_TD_ATTRIBUTE_SEPT_VE_DISABLE (UINT64_C(1) << 28)
#define HF_TD_ATTRIBUTE_MIGRATABLE      (UINT64_C(1) << 29)
#define HF_TD_ATTRIBUTE_PKS             (UINT64_C(1) << 30)
#define HF_TD_ATTRIBUTE_KL              (UINT64_C(1) << 31)
#define HF_TD_ATTRIBUTE_PERFMON         (UINT64_C(1) << 63)
/* What gives the trust domain a feature and its host nothing. */
#define HF_TD_ATTRIBUTES_HARMLESS                                                                  \
    (HF_TD_ATTRIBUTE_LASS | HF_TD_ATTRIBUTE_PKS | HF_TD_ATTRIBUTE_KL | HF_TD_ATTRIBUTE_PERFMON)
/* The state components that a trust domain may have: XFAM_FIXED0. */
#define HF_XFAM_KNOWN UINT64_C(0x6dbe7)

/* A parsed quote. Every pointer is borrowed from the bytes that were parsed. */
struct hf_quote {
    uint16_t version;            /* 4 or 5 */
    uint16_t body_type;          /* 2: TDX 1.0; 3: TDX 1.5. Version 4 has none and counts as 2. */
    struct hf_bytes signed_part; /* header, body descriptor (version 5), body */
    const uint8_t *qe_vendor_id; /* 16 bytes */
    const uint8_t *user_data;    /* 20 bytes */

    /* HF_TCB_SVN_LEN bytes; [1] is the major version of the TDX module */
    const uint8_t *tee_tcb_svn;
    const uint8_t *mrseam; /* HF_MR_LEN bytes, as those below */
    const uint8_t *mrsignerseam;
    uint64_t seam_attributes;
    uint64_t td_attributes;
    uint64_t xfam;
    const uint8_t *mrtd;
    const uint8_t *mrconfigid;
    const uint8_t *mrowner;
    const uint8_t *mrownerconfig;
    const uint8_t *rtmr[4];
    const uint8_t *report_data;  /* 64 bytes */
    const uint8_t *tee_tcb_svn2; /* HF_TCB_SVN_LEN bytes; NULL in a body of type 2 */
    const uint8_t *mrservicetd;  /* NULL in a body of type 2 */

    const uint8_t *signature;       /* HF_P256_SIGNATURE_LEN bytes, over signed_part */
    const uint8_t *attestation_key; /* HF_P256_KEY_LEN bytes */
    uint16_t certification_type;    /* the innermost: 5, or a type that is not supported */
    struct hf_bytes certification;  /* its content; for type 5 the PCK chain, leaf first */
    /* The QE report; NULL, and auth_data empty, when the certification data holds none. */
    const uint8_t *qe_report;           /* HF_QE_REPORT_LEN bytes */
    const uint8_t *qe_report_signature; /* HF_P256_SIGNATURE_LEN bytes, by the PCK */
    struct hf_bytes qe_auth_data;

    size_t len;            /* bytes that belong to the quote */
    size_t trailing_bytes; /* bytes after them, which are ignored */
};

/*
 * Parses bytes, of any length; a quote's own declared length is at most HF_QUOTE_MAX.
 * ret is borrowed from bytes. ret_fault, which may be NULL, gets the offset and what was expected
 * there. HF_ENOTTDX: an SGX quote, or another TEE's. HF_EQUOTE: malformed, or of a version, body
 * type or attestation key type that is not known. Certification data of an unsupported type is not
 * an error here: verification comes to it after the quote's signature.
 */
HF_MUST_USE int hf_quote_parse(struct hf_bytes bytes, struct hf_quote *ret,
                               struct hf_fault *ret_fault);

/*
 * What can be seen of a quote before anything in it is verified: the bytes that count, without what
 * follows them, and where its 64 bytes of report data stand. Both are borrowed from bytes. Errors
 * as of hf_quote_parse.
 */
HF_MUST_USE int hf_quote_outline(struct hf_bytes bytes, struct hf_bytes *ret_quote,
                                 const uint8_t **ret_report_data);

/* What the PCK certificate in a quote says of the platform, not verified by itself. */
struct hf_quote_platform {
    uint8_t fmspc[HF_FMSPC_LEN];
    uint8_t ppid[HF_PPID_LEN];
    uint8_t pceid[2];
    uint16_t pcesvn;
    uint8_t cpusvn[HF_TCB_SVN_LEN];
};

/* HF_ECERTDATA: no PCK chain in the quote. HF_EPCKCHAIN: it cannot be read. HF_ENOMEM. */
HF_MUST_USE int hf_quote_read_platform(const struct hf_quote *quote, struct hf_quote_platform *ret);

/*
 * The measurement that policies list: hash "holdfast/v1/measurement" (crypto/suite.h) over MRTD,
 * RTMR0, RTMR1, RTMR2, RTMR3 (240 bytes).
 */
void hf_quote_measurement(const struct hf_quote *quote, uint8_t ret[static HF_MEASUREMENT_LEN]);

#endif
