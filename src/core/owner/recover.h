/* Recovery under way, on the owner's side. Private to owner/. */
#ifndef HF_CORE_RECOVER_H
#define HF_CORE_RECOVER_H

#include "owner/owner.h"

struct hf__recovery {
    struct hf__round round;
    uint64_t began_ms;      /* the round under way */
    uint32_t cursor;        /* place in the set from which all members are asked in turn */
    bool searches;          /* all are asked, and waited for: what was heard of is void */
    bool moved;             /* shares have moved to others that were not asked yet */
    bool hurried;           /* the last round was begun at once for that */
    uint8_t threshold;      /* k of the newest record that is known; of the policy before */
    struct hf_blob *record; /* newest signed_record seen whose signature is the owner's, or NULL */
    struct hf_blob *sealed; /* newest signed_sealed seen whose signature is the owner's, or NULL */
    uint8_t account_wrapped[HF__ACCOUNT_WRAPPED_LEN]; /* of the record that was rebuilt */
    uint32_t account_version;                         /* of the root secret under which it is */
    struct hf__given_roots *given;       /* all versions that came back; NULL: none yet */
    struct hf_record_order extended_for; /* record for whose holders a round was already added */
    struct hf__target targets[HF_ROUND_PROVIDERS_MAX];
};

/* Decides, from the answers that are in, whether the secret can be rebuilt; rebuilds it, or goes
 * on. */
void hf__recover_decide(struct hf_engine *e);
/* Whether this is the record that was learned last, byte for byte: it has been verified. */
bool hf__recover_knows(struct hf_engine *e, const struct hf_signed_record *record);
/* Whether every member of the set is being asked, or has been. */
bool hf__recover_searched(const struct hf_engine *e);
/* Ends the round; another follows after a pause. */
void hf__recover_failed(struct hf_engine *e, int reason);

#endif
