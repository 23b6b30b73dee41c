/* What the authority's commands share of policies. */
#ifndef HF_CLI_POLICY_H
#define HF_CLI_POLICY_H

#include "authority.h"

/* Where an authority's folder is, when nothing else is said. */
#define HF__AUTHORITY_DEFAULT "authority"

/* Signs the pending policy, or the one that policy.yaml says; returns the exit status. */
int hf__policy_sign(const char *folder, const char *key_file, const struct hf__consent *consent);

#endif
