/* Whether an account may enter the set: its identity quote, verified as any validator would. */
#ifndef HF_CLI_ADMIT_H
#define HF_CLI_ADMIT_H

#include "attest/verdict.h"
#include "wire/messages.h"

struct hf__admitted {
    struct hf_account account;
    uint8_t ppid[HF_PPID_LEN];
    char release[65]; /* the measurement's name in the policy */
};

/*
 * identity: encoded. collateral: a folder. Says on standard error what is wrong. HF_EIDENTITY:
 * another network's; otherwise as hf_judge and hf_collateral_load.
 */
HF_MUST_USE int hf__admit(struct hf_bytes identity, const struct hf_network_id *network,
                          const struct hf_policy *policy, const char *collateral, uint64_t now_s,
                          struct hf__admitted *ret);

#endif
