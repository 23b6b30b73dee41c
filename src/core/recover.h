/* Recovery under way, on the owner's side. Private to core: recover.c, recover_answer.c, claim.c,
 * status.c. */
#ifndef HF_CORE_RECOVER_H
#define HF_CORE_RECOVER_H

#include "node.h"

enum hf__target_state {
    HF__TARGET_IDLE,
    HF__TARGET_ASKED, /* for a nonce or an answer */
    HF__TARGET_NONCE,
    HF__TARGET_ANSWERED,
    HF__TARGET_FAILED,
};

/* A provider that is asked. */
struct hf__target {
    uint8_t account[32];
    uint8_t state; /* enum hf__target_state */
    uint8_t index; /* of its share, as a record or its answer says; 0 not known */
    bool asked;    /* in this round */
    bool answered; /* the last time that it was asked for anything and the wait ended */
    int error;
    uint64_t since_ms;
    uint8_t nonce[40];
    struct hf_blob *answer; /* encoded recover_answer, signature and identity checked */
};

enum hf__phase {
    HF__PHASE_IDLE,
    HF__PHASE_NONCE,
    HF__PHASE_QUOTE,
    HF__PHASE_ANSWER,
    HF__PHASE_OPEN
};

struct hf__recovery {
    uint8_t phase; /* enum hf__phase */
    uint8_t threshold;
    uint32_t round;
    uint32_t quote_work;
    uint8_t response_key[32];
    struct hf_blob *transcript;
    uint8_t transcript_hash[32];
    struct hf_blob *record; /* newest signed_record seen whose signature is the owner's, or NULL */
    struct hf_record_order extended_for; /* record for whose holders a round was already added */
    uint8_t targets_count;
    struct hf__target targets[HF_ROUND_PROVIDERS_MAX];
};

/* The provider among those asked, added if need be; NULL: it is the node itself, or there is no
 * room. */
struct hf__target *hf__target_add(struct hf_engine *e, const uint8_t account[static 32]);
/* Keeps a signed record when it is the owner's and newer than the one kept. */
void hf__record_learn(struct hf_engine *e, const struct hf_signed_record *record);
/* Decides, from the answers that are in, whether the secret can be rebuilt; rebuilds it, or goes
 * on. */
void hf__recover_decide(struct hf_engine *e);
/* How many targets are in a state. */
size_t hf__targets_in(const struct hf__recovery *rc, uint8_t state);
/* Ends the round; another follows after a pause. */
void hf__round_failed(struct hf_engine *e, int reason);

#endif
