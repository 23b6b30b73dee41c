/* Whether an account may enter the set: its quote, verified as any validator would. */
#ifndef HF_CLI_ADMIT_H
#define HF_CLI_ADMIT_H

#include "attest/verdict.h"
#include "crypto/suite.h"
#include "wire/messages.h"

struct hf__admitted {
    struct hf_account account;
    uint8_t ppid[HF_PPID_LEN];
    char release[65];  /* the measurement's name in the policy */
    uint64_t quoted_s; /* of an identity: when it was made; 0: just now, over a nonce */
};

/* By what quotes are judged. */
struct hf__admission {
    const struct hf_network_id *network;
    const struct hf_policy *policy;
    const char *collateral; /* a folder */
    uint64_t now_s;
};

/* The account in an encoded identity, before anything is verified. The errors of decoding. */
HF_MUST_USE int hf__identity_account(struct hf_bytes identity, struct hf_account *ret);

/*
 * An encoded identity, made when its node liked. Says on standard error what is to be done about
 * it. HF_EDOCUMENT_NETWORK: another network's; otherwise as hf_judge and hf_collateral_load.
 */
HF_MUST_USE int hf__admit(const struct hf__admission *by, struct hf_bytes identity,
                          struct hf__admitted *ret);

/* What an answer over a nonce must say (proto/PROTOCOL.md, 14). */
struct hf__asked {
    uint8_t nonce[HF_CHALLENGE_LEN];
    const struct hf_account *account; /* NULL: any that answers */
    const struct hf_account *proven;  /* by the certificate of its connection; NULL: none */
    struct hf_hash tls_key;           /* under which it came */
};

/*
 * An encoded attest_response. ret_measurement: of the quote, where it is genuine; else untouched.
 * HF_EDOCUMENT_NETWORK. HF_ENONCE: to another question. HF_EPEER_ACCOUNT: another's, or not what
 * its connection proved. HF_EOTHERKEY: its connection does not end in the trust domain that made
 * the quote. Otherwise as hf_judge and hf_collateral_load.
 */
HF_MUST_USE int hf__admit_answer(const struct hf__admission *by, const struct hf__asked *asked,
                                 struct hf_bytes response, struct hf__admitted *ret,
                                 uint8_t ret_measurement[static HF_MEASUREMENT_LEN]);

/* Says on standard error how a policy comes to accept software of this measurement. */
void hf__admit_advise(const uint8_t measurement[static HF_MEASUREMENT_LEN]);

#endif
