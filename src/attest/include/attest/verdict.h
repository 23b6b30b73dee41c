/*
 * What a quote says and what is to be thought of it. Verification (slow, in a worker) turns bytes,
 * collateral and a time into a verdict; judging (fast, pure) holds a verdict against a policy, as
 * often as policies change.
 */
#ifndef HF_ATTEST_VERDICT_H
#define HF_ATTEST_VERDICT_H

#include "base/bytes.h"
#include "base/check.h"

enum {
    HF_PPID_LEN = 16,
    HF_MEASUREMENT_LEN = 32, /* BLAKE2b-256 over MRTD, RTMR0, RTMR1, RTMR2, RTMR3 (240 bytes) */
    HF_QUOTE_MAX = 16384,    /* bytes of a quote that is accepted for parsing */
    HF_MR_LEN = 48,          /* a measurement register: SHA-384 */
    HF_SGX_MR_LEN = 32,      /* MRENCLAVE, MRSIGNER */
    HF_REGISTER_TAG_LEN = 16,
};

/*
 * Registers that the host fills when it launches a trust domain, and that no measurement covers.
 * Who judges asks only whether one has a certain value, so a verdict keeps a tag of each: the first
 * bytes of its SHA-256, or zeros where the register is zero.
 */
enum hf_host_register {
    HF_REGISTER_MRSERVICETD,
    HF_REGISTER_MRCONFIGID,
    HF_REGISTER_MROWNER,
    HF_REGISTER_MROWNERCONFIG,
    HF_HOST_REGISTERS, /* how many */
};

/* Whether an error is of the collateral by which a quote was to be judged: it says something of the
 * verifier's own documents, and nothing of the quote or its maker. */
bool hf_error_of_collateral(int error);

enum hf_trust { HF_TRUST_INTEL = 1, HF_TRUST_DEV = 2 };

/* Worst to best is not this order: compare with hf_tcb_status_name and policy, never with <. */
enum hf_tcb_status {
    HF_TCB_NONE = 0, /* not established */
    HF_TCB_UP_TO_DATE,
    HF_TCB_SW_HARDENING_NEEDED,
    HF_TCB_CONFIGURATION_NEEDED,
    HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    HF_TCB_OUT_OF_DATE,
    HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    HF_TCB_REVOKED,
    HF_TCB_TD_RELAUNCH_ADVISED,
    HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
};

/* A verdict small enough to keep for every peer. Everything in it is public. */
struct hf_verdict {
    int error;          /* 0: a genuine quote of a matched TCB level; or the first failing check */
    uint8_t trust;      /* enum hf_trust: under which root the chain ends */
    uint8_t tcb_status; /* enum hf_tcb_status, of platform, module and QE together */
    bool debug;         /* the DEBUG bit of the TD attributes */
    bool service_shown; /* the quote's body has MRSERVICETD: that of TDX 1.0 lacks it */
    uint64_t verified_at_s; /* Unix time for which it was verified */
    uint64_t tcb_date_s;    /* date of the matched TCB level; 0 where none */
    /* Of the evaluation that the collateral stands for; all 0 where none is established. TCB info
     * and QE identity may have different numbers. */
    uint64_t evaluation_date_s;     /* its tcbDate: that of the newest TCB level */
    uint64_t evaluation_issued_s;   /* the earliest issue date that is known of its number */
    uint32_t evaluation_number;     /* tcbEvaluationDataNumber: the higher */
    uint32_t evaluation_number_low; /* the lower */
    /* Of the oldest matched level, of platform, module or QE, that is out of date; 0 where none is:
     * its date, and the date of the next newer level, which it misses. */
    uint64_t level_date_s;
    uint64_t missed_date_s;
    uint64_t issue_date_s; /* issue date of the newest collateral used, a floor for a clock; 0 where
                              none */
    uint64_t td_attributes; /* little-endian value of the 8 bytes */
    uint64_t xfam;
    uint64_t seam_attributes;
    uint8_t ppid[HF_PPID_LEN];
    uint8_t measurement[HF_MEASUREMENT_LEN];
    uint8_t report_data[64];
    uint8_t host_registers[HF_HOST_REGISTERS][HF_REGISTER_TAG_LEN]; /* tags; zeros where unseen */
};

/* The tag of a register, for a verdict or a policy. */
void hf_register_tag(const uint8_t value[static HF_MR_LEN],
                     uint8_t ret[static HF_REGISTER_TAG_LEN]);

#endif
