/*
 * Holds a verdict against a policy: pure, fast, and repeated whenever policy, time or verdict
 * changes. The checks run in the order of the codes at hf_judge; the first that fails names the
 * error.
 */
#ifndef HF_ATTEST_JUDGE_H
#define HF_ATTEST_JUDGE_H

#include "attest/verdict.h"

/* One release that the policy knows. */
struct hf_judge_measurement {
    const char *name; /* terminated, borrowed */
    uint8_t digest[HF_MEASUREMENT_LEN];
    uint32_t rank;             /* a later release ranks higher */
    uint64_t effective_from_s; /* Unix time; not accepted before */
    bool withdrawn;            /* kept for its name, never accepted */
};

/* One of Intel's TCB evaluations, as the policy names it. */
struct hf_judge_evaluation {
    uint32_t number;
    uint64_t tcb_date_s;    /* levels before it are out of date by it */
    uint64_t counts_from_s; /* from when that counts */
};

/* What a register that the host fills must be, where the policy names it. */
struct hf_judge_register {
    bool named;
    uint8_t tag[HF_REGISTER_TAG_LEN]; /* hf_register_tag of the value */
};

/* What a network accepts; the engine fills it from its policy document. Everything is borrowed. */
struct hf_judge_policy {
    /* HF_TRUST_INTEL never accepts a dev quote, and a production build nothing else. */
    enum hf_trust trust;
    uint32_t tcb_accepted; /* HF_TCB_BIT of each accepted status */
    /*
     * Statuses that are accepted until tcb_grace_s seconds after the evaluation that brought them
     * began to count: a platform that was up to date yesterday gets time for its update.
     * HF_TCB_BIT of each; 0 for no grace. The evaluation is the lowest among those named, and the
     * one of the collateral, by whose tcbDate the platform's level is out of date. One that is not
     * named counts from the earliest issue date known of it; there is no grace where a level shows
     * that the platform was out of date before any of them.
     */
    uint32_t tcb_grace_accepted;
    uint64_t tcb_grace_s;
    uint32_t tcb_evaluation_min;                   /* collateral of a lower number is refused */
    const struct hf_judge_evaluation *evaluations; /* ascending by number */
    size_t evaluation_count;
    /*
     * Bits that must be as in the value. What the mask leaves open must be harmless: DEBUG and the
     * rest of the TUD byte off, MIGRATABLE off, SEPT_VE_DISABLE on, nothing that is not known. A
     * mask and value that say otherwise of a bit name it, and only so is it accepted; DEBUG never.
     */
    uint64_t td_attributes_mask;
    uint64_t td_attributes;
    uint64_t xfam_mask; /* likewise: what is left open must be known */
    uint64_t xfam;
    uint64_t seam_attributes_mask;
    uint64_t seam_attributes;
    const struct hf_judge_measurement *measurements;
    size_t measurement_count;
    /* MRSERVICETD must be zero where it is not named; the others may then be anything. */
    struct hf_judge_register registers[HF_HOST_REGISTERS];
    uint64_t quote_age_s_max;   /* 0: any age */
    uint64_t quote_ahead_s_max; /* how far ahead of at_s a quote may be dated */
};

#define HF_TCB_BIT(status) (UINT32_C(1) << (unsigned)(status))
/* What an update or a relaunch mends: the statuses that a grace period is for. Never Revoked. */
#define HF_TCB_CURABLE                                                                             \
    (HF_TCB_BIT(HF_TCB_OUT_OF_DATE) | HF_TCB_BIT(HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED) |        \
     HF_TCB_BIT(HF_TCB_TD_RELAUNCH_ADVISED) |                                                      \
     HF_TCB_BIT(HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED))

/* What is asked of this quote, here and now. */
struct hf_judge_request {
    uint64_t at_s;              /* Unix time for which is judged */
    const uint8_t *report_data; /* 64 bytes; NULL: not looked at */
    bool dated;                 /* whether quoted_at_s is known; an undated quote passes any age */
    uint64_t quoted_at_s;       /* when the quote was made, as its transcript says */
};

/* The entry that matched, borrowed from the policy. */
struct hf_judgement {
    const struct hf_judge_measurement *measurement;
    uint32_t rank; /* its rank */
};

/*
 * 0: accepted, and ret is set. ret is untouched otherwise, and may be NULL.
 * The verdict's own error, if it has one. HF_EDEVQUOTE, or HF_EUNTRUSTED for a quote of Intel's
 * under a policy of dev; HF_ETCBEVALUATION, HF_ETCBSTATUS, HF_EDEBUGTD, HF_ETDTUD, HF_EMIGRATABLE,
 * HF_ESEPTVE, HF_ETDUNKNOWN or HF_ETDATTRIBUTES, HF_EXFAMUNKNOWN or HF_EXFAM, HF_ESEAM,
 * HF_EMRSERVICETD, HF_EMRCONFIGID, HF_EMROWNER, HF_EMROWNERCONFIG, HF_EMEASUREMENT, HF_EREPORTDATA,
 * HF_EQUOTEOLD (or dated too far ahead), in this order.
 */
HF_MUST_USE int hf_judge(const struct hf_verdict *verdict, const struct hf_judge_policy *policy,
                         const struct hf_judge_request *request, struct hf_judgement *ret);

enum { HF_JUDGE_CHECKS = 17 };

/* One check of a policy, for people. */
struct hf_judge_line {
    const char *name; /* static: "trust", "tcb_status", ... */
    int error;        /* 0, or why it fails, whatever the others say */
};

/* Runs every check of hf_judge, in its order, also after one has failed. */
void hf_judge_list(const struct hf_verdict *verdict, const struct hf_judge_policy *policy,
                   const struct hf_judge_request *request,
                   struct hf_judge_line ret[static HF_JUDGE_CHECKS]);

#endif
