#include "document/domain.h"

bool hf_domain_parts(enum hf_domain_rule rule, const struct hf_validator *a,
                     const struct hf_validator *b)
{
    return rule != HF_DOMAIN_NONE && hf_bytes_equal(a->operator_name, b->operator_name);
}
