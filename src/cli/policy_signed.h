/*
 * A network's policy, as far as it judges a quote: of a form that people write, or of the signed
 * document.
 */
#ifndef HF_CLI_POLICY_SIGNED_H
#define HF_CLI_POLICY_SIGNED_H

#include "attest/judge.h"
#include "wire/messages.h"

enum { HF__POLICY_NAME_LEN = 64 + 1, HF__POLICY_ROOT_MAX = 200 };

struct hf__policy_copy {
    struct hf_judge_policy judge;
    struct hf_judge_measurement *measurements; /* free() */
    char *names;                               /* free(); the measurements point into it */
    uint8_t dev_root[HF__POLICY_ROOT_MAX];     /* a SubjectPublicKeyInfo */
    size_t dev_root_len;                       /* 0: none */
    uint64_t expires_s;                        /* 0: a form, which does not expire */
};

/* Copies out of a policy what judges a quote. ret: its parts are for free(). HF_ENOMEM. */
HF_MUST_USE int hf__policy_copy(const struct hf_msg_policy *policy, struct hf__policy_copy *ret);

/* Whether a file's bytes are a signed document: a MessagePack map, whose first byte begins no
 * UTF-8. */
bool hf__policy_is_signed(struct hf_bytes file);
/*
 * Reads an envelope. The person who names the file vouches for it, as for a form: signatures are
 * not checked, because the keys that made them are not known here. ret: its parts are the caller's
 * to free. HF_EDOCUMENT: not a policy, or one that accepts an unknown status or a development root
 * beside intel; the codes of wire; HF_ENOMEM.
 */
HF_MUST_USE int hf__policy_signed_read(struct hf_bytes envelope, struct hf__policy_copy *ret);

#endif
