/* A claim under way, on the owner's side. Private to core: claim.c, status.c. */
#ifndef HF_CORE_CLAIM_H
#define HF_CORE_CLAIM_H

#include "node.h"

enum { HF__CLAIM_HOLDERS_MAX = 2 * HF_SHARES_MAX };

enum hf__word {
    HF__WORD_NONE,
    HF__WORD_ASKED,
    HF__WORD_PROVISIONAL, /* accepted, by one whose own claim does not stand yet */
    HF__WORD_ACCEPTED,
    HF__WORD_REFUSED,
    HF__WORD_FAILED
};

/* A holder whose word counts, for the newest recorded generation, its predecessor, or both. */
struct hf__claim_holder {
    uint8_t account[32];
    bool newest;
    bool before;
    uint8_t word; /* enum hf__word */
    uint8_t index;
    int error;
    uint64_t since_ms;
};

struct hf__claiming {
    uint32_t number;
    uint64_t highest; /* claim that any answer or refusal named */
    uint8_t k;        /* acceptances needed of holders of the newest recorded generation */
    uint8_t k_before; /* and of its predecessor; 0 when that is known to be complete */
    uint8_t count;
    struct hf__claim_holder holders[HF__CLAIM_HOLDERS_MAX];
};

#endif
