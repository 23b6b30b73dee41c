/* A dealing under way, on the owner's side. Private to core: candidates.c, deal.c, dealing.c,
 * deposit.c, mend.c, moves.c, record.c. */
#ifndef HF_CORE_DEAL_H
#define HF_CORE_DEAL_H

#include "owner/roots.h"

enum hf__candidate_state {
    HF__CANDIDATE_UNASKED,
    HF__CANDIDATE_ASKED,
    HF__CANDIDATE_OFFERED, /* nonce and sealing key are here */
    HF__CANDIDATE_FAILED,
    HF__CANDIDATE_STATES,
};

enum {
    HF__ATTEMPTS_MAX = 3, /* how often one candidate is asked for one slot */
    HF__CANDIDATES_MAX = HF_RANK_FACTOR * HF_SHARES_MAX + HF_SHARES_MAX,
};

struct hf__candidate {
    struct hf_account account;
    uint8_t state; /* enum hf__candidate_state; moved by hf__candidate_move alone */
    uint8_t attempts;
    bool placed;   /* as it said; a holder that is kept counts as placed */
    bool kept;     /* held the generation before */
    bool full;     /* keeps as much of this owner's as it may */
    bool sent;     /* a share of this dealing, in whichever attempt: it may hold it */
    int8_t slot;   /* the slot that it fills, or -1 */
    uint8_t shown; /* number of the own identity under which it gave its receipt */
    int error;     /* of the last failure */
    uint8_t nonce[40];
    uint8_t sealing_suite;
    uint8_t sealing_key[HF_KEY_LEN];
};

enum hf__slot_state {
    HF__SLOT_EMPTY,  /* no candidate, or one whose offer is awaited again */
    HF__SLOT_SEALED, /* waits for the quote over its transcript */
    HF__SLOT_DEPOSITING,
    HF__SLOT_RECEIPT,
    HF__SLOT_STATES,
};

struct hf__slot {
    uint8_t state; /* enum hf__slot_state; moved by hf__slot_move alone */
    int8_t candidate;
    uint8_t sealed[HF_SCALAR_LEN + HF_SEAL_OVERHEAD];
    struct hf_hash transcript_hash;
    struct hf_blob *transcript;
};

struct hf__dealing {
    struct hf_generation_id generation;
    uint32_t epoch;
    uint8_t k, n, q;
    struct hf__dealt dealt;      /* versions of the root secret that it protects */
    struct hf_dealt_root *roots; /* them, wrapped; NULL: there is one, or it mends */
    uint8_t *shares;     /* n scalars, in memory for secrets; NULL: the polynomial is not drawn */
    bool replaces;       /* a recorded generation, which stays when this fails */
    bool mends;          /* it is the recorded one: shares that were lost come again (mend.c) */
    uint32_t quote_work; /* 0: none under way */
    uint8_t quoted[32 * HF_SHARES_MAX]; /* hashes of the transcripts under that quote */
    uint8_t quoted_count;
    uint8_t commitments[HF_POINT_LEN * HF_SHARES_MAX];
    struct hf__slot *slots;                 /* n */
    struct hf_holder others[HF_SHARES_MAX]; /* sent a share, gave no receipt, were replaced */
    uint8_t others_count;
    bool overrun; /* there is one more than that: the dealing comes to nothing */
    uint8_t candidates_count;
    struct hf__candidate candidates[];
};

/* Whether a share that was lost has come again: what was there when the dealing began has no
 * transcript in it. */
static inline bool hf__slot_came(const struct hf__slot *s)
{
    return s->state == HF__SLOT_RECEIPT && s->transcript != NULL;
}

/* Moves a candidate; asserts that the move is permitted, and what holds then (moves.c). */
void hf__candidate_move(struct hf__candidate *c, enum hf__candidate_state to);
/* The same for a slot of the dealing. */
void hf__slot_move(const struct hf__dealing *d, struct hf__slot *s, enum hf__slot_state to);
/* Makes the shares. The same root secrets and one generation give the same ones at any time, so
 * that a lost one can come again (dealing.c). False: one of the versions is not kept any more. */
HF_MUST_USE bool hf__deal_shares(struct hf_engine *e, struct hf__dealing *d);
/* All receipts are in: writes the record, unless it is there, and tells the holders (record.c). */
void hf__record_make(struct hf_engine *e);
/* Seals shares for all slots that have an offer, and asks for one quote over
 * them (deposit.c). */
void hf__deposit_advance(struct hf_engine *e);
/* Adds whom the dealing asks to its candidates, of whom it has none yet and room for
 * HF__CANDIDATES_MAX; its n is set (candidates.c). */
void hf__candidates_list(struct hf_engine *e, struct hf__dealing *d);
/* Whether nothing that is lost comes again by this mend: each holder in question has refused
 * (dealing.c). */
bool hf__mend_failed(const struct hf__dealing *d);
/* A candidate will not do; its slot, if it has one, wants another (deal.c). */
void hf__candidate_failed(struct hf_engine *e, struct hf__candidate *c, int error, bool again);

#endif
