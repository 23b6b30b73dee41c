/*
 * What a set signer signs by itself (proto/FOLLOW.md, 4 and 5): a set in whose every change enough
 * set signers agree. Functions of what they are given: no file, no clock, no network.
 */
#ifndef HF_CLI_FOLLOW_RULES_H
#define HF_CLI_FOLLOW_RULES_H

#include "document/document.h"
#include "follow_word.h"

enum {
    HF__FOLLOW_PROPOSED_S = 3600,  /* how long a proposal may wait for signatures */
    HF__FOLLOW_EPOCHS_MAX = 16,    /* how far any epoch may lie beyond the one in force */
    HF__FOLLOW_EPOCH_S = 60,       /* beyond that: one for each so many seconds since 1970 */
    HF__FOLLOW_MEMBERS_MAX = 4000, /* a set that has so many takes in no more */
    HF__FOLLOW_STALE_TURNS = 5,    /* an epoch that has not its signatures by then is given up */
};

/* By what a set is made or judged. */
struct hf__following {
    const struct hf_document *set;    /* in force */
    const struct hf_document *policy; /* in force */
    /* The newest set that m of the authority have signed, whose floors stay; NULL: without any. */
    const struct hf_document *base;
    const struct hf__backed *backed;
    uint64_t left_s; /* when this signer has seen a set in force that leaves out a member of the one
                        before; 0: never */
    uint64_t now_s;
};

/* What a proposer has chosen. */
struct hf__follow_choice {
    uint32_t epoch;
    uint64_t issued_s;
    uint8_t beacon[HF_HASH_LEN];
};

/*
 * Appends the body of the set that may be signed now for a choice. like: NULL, or a set: of what
 * enough agree in, that alone is done which like does. ret_changes: whether it is worth signing: it
 * differs from the set in force, or that one has less than a quarter of its time left and enough
 * signers are in touch. HF_ESELECTION: a validator could not place its shares under it. HF_ENOMEM;
 * the errors of encoding.
 */
HF_MUST_USE int hf__follow_body(const struct hf__following *f, const struct hf__follow_choice *c,
                                const struct hf_document *like, struct hf_buf *ret_body,
                                bool *ret_changes);

/*
 * Whether another's proposal may be signed: its epoch, dates and beacon may be, and enough agree in
 * each of its changes. d: a set. signed_epoch: the highest that this key has signed. HF_EDOCUMENT:
 * it may not; else as above.
 */
HF_MUST_USE int hf__follow_accepts(const struct hf__following *f, const struct hf_document *d,
                                   uint32_t signed_epoch);

/* Whose turn it is. */
struct hf__follow_turn {
    uint32_t in_force;
    uint32_t signed_epoch;  /* the highest that this key has signed */
    uint64_t signed_s;      /* when */
    uint64_t waits_since_s; /* since when a change waits */
    uint64_t turn_s, now_s;
    size_t signers, own; /* how many there are; which of them this one is */
};

/* Whether this signer is to propose a set now. ret_epoch: the one that it may propose. */
bool hf__follow_is_turn(const struct hf__follow_turn *t, uint32_t *ret_epoch);

/* Whether a set whose signatures are enough takes the place of the one in force: it is of a later
 * epoch, or of the same and the authority's in place of set signers'. */
bool hf__follow_replaces(const struct hf_document *d, bool by_authority,
                         const struct hf_document *in_force, bool in_force_by_authority);

#endif
