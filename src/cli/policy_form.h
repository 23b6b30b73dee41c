/* The form in which people write a policy: YAML, the fields of the document of that name. */
#ifndef HF_CLI_POLICY_FORM_H
#define HF_CLI_POLICY_FORM_H

#include "attest/verdict.h"
#include "config/schema.h"
#include "wire/messages.h"

struct hf__measurement_form {
    const char *name;
    uint8_t digest[HF_MEASUREMENT_LEN];
    uint32_t rank;
    int64_t effective_from_s;
    bool withdrawn;
    int role;
};

struct hf__evaluation_form {
    uint32_t number;
    int64_t tcb_date_s, counts_from_s;
};

struct hf__time_server_form {
    const char *name, *operator_name;
    uint16_t port; /* 0: not given */
};

struct hf__policy_form {
    uint8_t shares, threshold;               /* 0: not given; only a network's policy needs them */
    uint8_t claim_quorum, claim_provisional; /* 0: what follows from the other two */
    int domain_rule;                         /* enum hf_domain_rule */
    int platform_rule;                       /* enum hf_platform_rule */
    uint64_t validity_s, quote_age_s, holder_grace_s;
    HF_CONFIG_LIST_OF(int) sealing_suites; /* enum hf_sealing_suite; empty: not given */
    uint64_t rotation_pending_s, rotation_active_s, rotation_expired_s; /* 0: not given */
    uint32_t rotation_departures;                                       /* 0: any number */
    uint32_t shares_held_max;
    HF_CONFIG_LIST_OF(struct hf__time_server_form) time_servers;
    int trust;
    struct hf_bytes dev_root;
    HF_CONFIG_LIST_OF(int) tcb_accepted;
    uint64_t tcb_grace_s;
    uint32_t min_tcb_evaluation;
    uint64_t collateral_stale_s;
    HF_CONFIG_LIST_OF(struct hf__evaluation_form) tcb_evaluations;
    uint8_t td_attributes_mask[8], td_attributes_value[8];
    uint8_t xfam_mask[8], xfam_value[8];
    uint8_t seam_attributes_mask[8], seam_attributes_value[8];
    const char *quorum_key; /* NULL: none */
    bool handover_untimed;
    bool quorum_required;
    struct hf_bytes mrservicetd, mrconfigid, mrowner, mrownerconfig; /* empty: not named */
    HF_CONFIG_LIST_OF(struct hf__measurement_form) measurements;
};

extern const struct hf_config_schema hf__policy_schema;

/* Prints every field of a form with its meaning, bounds and default. The exit status. */
int hf__form_describe(const struct hf_config_schema *schema);
/* Says on standard error what is wrong with a file that was loaded. */
void hf__form_errors(const char *file, int error, const struct hf_config_errors *errors);
/*
 * From the form to the document, but for version and dates. ret: zeroed but for those; texts are
 * borrowed from the form; its lists are given back with _free, after an error too. HF_ENOMEM.
 */
HF_MUST_USE int hf__policy_form_fill(const struct hf__policy_form *f, struct hf_policy *ret);
/* Frees what the form allocated in the policy. */
void hf__policy_form_free(struct hf_policy *p);

#endif
