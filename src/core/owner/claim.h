/* A claim under way, on the owner's side. Private to core: claim.c, claim_answer.c,
 * moves.c, status.c. */
#ifndef HF_CORE_CLAIM_H
#define HF_CORE_CLAIM_H

#include "owner/record.h"

enum hf__vote {
    HF__VOTE_NONE,
    HF__VOTE_ASKED,
    HF__VOTE_PROVISIONAL, /* accepted, by one whose own claim does not stand yet */
    HF__VOTE_ACCEPTED,
    HF__VOTE_REFUSED,
    HF__VOTE_FAILED,
    HF__VOTES,
};

/* An acceptor of one or more electorates. */
struct hf__claim_holder {
    struct hf_account account;
    uint8_t electorates; /* bit of each electorate in which it votes, as the record says */
    uint8_t voted;       /* bit of each for which it has accepted the ballot */
    uint8_t vote;        /* enum hf__vote; moved by hf__vote_move alone */
    bool provisional;    /* what its signatures say; it may be asked again since */
    uint8_t index;
    int error;
    uint64_t since_ms;
    uint8_t signatures[HF__ELECTORATES_MAX][64]; /* its acceptances */
};

struct hf__claiming {
    uint64_t number;   /* asked for; 0: none yet */
    uint64_t highest;  /* that the owner's own word, or its vault, has named */
    uint32_t pause_ms; /* last pause before a higher number; doubles */
    uint8_t electorates_count;
    uint8_t count;
    struct hf__electorate electorates[HF__ELECTORATES_MAX];
    struct hf__claim_holder holders[HF__ACCEPTORS_MAX];
};

/* Moves an acceptor's vote; asserts that the move is permitted, and what holds then (moves.c). */
void hf__vote_move(struct hf__claim_holder *h, enum hf__vote to);
/* Lists who must carry the claim, by the newest record and what is known to be sealed. */
void hf__claim_list(struct hf_engine *e, struct hf__claiming *c);
/* Takes a record that is newer than the own one, with the transfers and the certificates that came
 * with it in an answer, or NULL. Whether it was newer. */
bool hf__record_take(struct hf_engine *e, const struct hf_signed_record *record,
                     const struct hf_claim_response *with);
/* Looks whether the claim stands, cannot stand under this number, or waits. */
void hf__claim_progress(struct hf_engine *e);
/* Begins to claim higher than `number`, beside a claim that stands. */
void hf__claim_higher(struct hf_engine *e, uint64_t number);

#endif
