/*
 * What TCB info and QE identity say (Intel PCS API v4, TCB info version 3 and enclave identity
 * version 2), and how a platform is matched against it.
 */
#ifndef HF_ATTEST_TCB_H
#define HF_ATTEST_TCB_H

#include "attest/verify.h"
#include "cert.h"
#include "json.h"

enum {
    HF_TCB_LEVELS_MAX = 64,       /* of a TCB info */
    HF_TCB_SVN_LEVELS_MAX = 128,  /* of all TDX module identities together, or of a QE identity */
    HF_TCB_MODULES_MAX = 32,      /* TDX module identities */
    HF_TCB_ADVISORIES_MAX = 1024, /* of all levels together */
    HF_TCB_LEVEL_ADVISORIES_MAX = 64,
    HF_TCB_SIGNATURE_LEN = 64,
};

/* What every level says, whatever it is a level of. */
struct hf__level {
    enum hf_tcb_status status; /* HF_TCB_NONE: one that is not known, which supports nothing */
    uint64_t date_s;
    uint16_t advisory_first, advisory_count; /* in the document's list */
};

struct hf__tcb_level {
    struct hf__level level;
    uint8_t sgx[16], tdx[16];
    uint16_t pcesvn;
};

struct hf__svn_level {
    struct hf__level level;
    uint16_t isvsvn;
};

/* Advisories of a document, borrowed from its text, which must stay where it is. */
struct hf__advisories {
    size_t count;
    struct {
        const uint8_t *text;
        size_t len;
    } item[HF_TCB_ADVISORIES_MAX];
};

struct hf__svn_levels {
    size_t first, count; /* in the document's list; highest isvsvn first */
};

struct hf__module {
    bool known;      /* its id is of a form that is known */
    uint8_t version; /* 3 for "TDX_03" */
    uint8_t mrsigner[HF_MR_LEN];
    uint8_t attributes[8], attributes_mask[8];
    struct hf__svn_levels levels;
};

struct hf__document_dates {
    uint64_t issue_s, next_update_s;
    uint32_t evaluation_number;
};

struct hf__tcb_info {
    struct hf__document_dates dates;
    uint8_t fmspc[HF_FMSPC_LEN];
    uint8_t pceid[2];
    struct hf__module module; /* of TDX 1.0; its levels are empty */
    size_t module_count;
    struct hf__module modules[HF_TCB_MODULES_MAX];
    size_t level_count;
    struct hf__tcb_level levels[HF_TCB_LEVELS_MAX]; /* highest first */
    size_t svn_level_count;
    struct hf__svn_level svn_levels[HF_TCB_SVN_LEVELS_MAX];
    struct hf__advisories advisories;
};

struct hf__qe_identity {
    struct hf__document_dates dates;
    bool is_td_qe; /* of the enclave that signs quotes of trust domains, not of SGX's */
    uint8_t miscselect[4], miscselect_mask[4]; /* in the byte order of an enclave report */
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mrsigner[HF_SGX_MR_LEN];
    uint16_t isvprodid;
    size_t svn_level_count;
    struct hf__svn_level svn_levels[HF_TCB_SVN_LEVELS_MAX]; /* highest first */
    struct hf__advisories advisories;
};

/*
 * Splits a signed document: the bytes of its body, which are what is signed, and the signature.
 * name: the body's key, "tcbInfo" or "enclaveIdentity". HF_EMALFORMED: with the fault.
 */
HF_MUST_USE int hf__document_split(struct hf_bytes text, const char *name,
                                   struct hf_bytes *ret_body,
                                   uint8_t ret_signature[static HF_TCB_SIGNATURE_LEN],
                                   struct hf_fault *ret_fault);
/* The FMSPC of a TCB info's body, as fast as it can be found. HF_EMALFORMED: with the fault. */
HF_MUST_USE int hf__tcb_info_fmspc(struct hf_bytes body, uint8_t ret[static HF_FMSPC_LEN],
                                   struct hf_fault *ret_fault);
/* Parse a body into ret, which is large and of the caller's. HF_EMALFORMED: with the fault; ret is
 * then undefined. */
HF_MUST_USE int hf__tcb_info_parse(struct hf_bytes body, struct hf__tcb_info *ret,
                                   struct hf_fault *ret_fault);
/* The same of a QE identity. */
HF_MUST_USE int hf__qe_identity_parse(struct hf_bytes body, struct hf__qe_identity *ret,
                                      struct hf_fault *ret_fault);

/* What matching found. Levels are borrowed from the documents; NULL where none matched or none
 * applies. */
struct hf__tcb_match {
    const struct hf__level *platform;
    const struct hf__level *module;
    const struct hf__level *qe;
    struct hf__svn_levels module_levels; /* among which the module's was matched */
    enum hf_tcb_status status;           /* of all together */
    const char *reason;                  /* why not, when the match fails */
};

/*
 * Whether a QE report is of the enclave that the identity describes: id, MISCSELECT, ATTRIBUTES,
 * MRSIGNER, ISVPRODID. NULL when it is, else what differs.
 */
const char *hf__qe_identity_differs(const struct hf__qe_identity *id,
                                    const uint8_t report[static HF_QE_REPORT_LEN]);
/*
 * Matches a platform as Intel's library does. HF_ETCB: no level, no module identity, or a level
 * whose status is not known; ret then says how far it came.
 */
HF_MUST_USE int hf__tcb_match(const struct hf__tcb_info *info, const struct hf__qe_identity *id,
                              const struct hf__pck *pck, const struct hf_quote *quote,
                              struct hf__tcb_match *ret);

#endif
