/*
 * The failure-domain rule: what the holders of one owner's shares may have in common, so that one
 * failure does not take more of them than the backup survives. Selection keeps it for a whole set
 * (document/selection.h); owners keep it between the holders that they have.
 */
#ifndef HF_DOCUMENT_DOMAIN_H
#define HF_DOCUMENT_DOMAIN_H

#include "wire/messages.h"

/* What the holders of one owner may have in common: policy.domain_rule. */
enum hf_domain_rule {
    HF_DOMAIN_OPERATORS_AND_ZONES = 0, /* no operator; zones as little as can be */
    HF_DOMAIN_OPERATORS = 1,           /* no operator */
    HF_DOMAIN_NONE = 2,                /* anything */
};

/* Whether the rule keeps two validators from holding shares of one owner. Zones keep no two apart:
 * they only order candidates. */
bool hf_domain_parts(enum hf_domain_rule rule, const struct hf_validator *a,
                     const struct hf_validator *b);

#endif
