/* What a set signer must not forget: the block that was final, the epoch that it has signed, who
 * has passed or failed, and when the last member went. */
#ifndef HF_CLI_FOLLOW_STATE_H
#define HF_CLI_FOLLOW_STATE_H

#include "follow_word.h"

/* Unix times. */
struct hf__follow_state {
    struct hf__chain_block seen; /* the newest block that was gone by; number 0: none */
    uint32_t signed_epoch;       /* the highest that this key has signed; 0: none */
    uint32_t form_epoch;         /* of the set that set.yaml was written for last; 0: none */
    uint64_t signed_s;           /* when */
    uint64_t waits_since_s;      /* since when a change waits that is in no set; 0: none does */
    uint64_t left_s; /* when a set in force was seen that left out one of those before */
    struct hf__follow_account *accounts; /* ascending by account */
    size_t count, room;
};

/* Reads folder/follow.json; a missing one is empty. HF_EOTHERCHAIN: it is of another chain.
 * HF_EMALFORMED. ret: ended with hf__follow_forget. */
HF_MUST_USE int hf__follow_load(const char *folder, const struct hf_hash *chain,
                                struct hf__follow_state *ret);
/*
 * The machine's clock was ahead when something was noted, and is right again: what is dated after
 * now began now, and an answer that is dated so was never given. Without this an account would
 * count as attested, and no member as lost, for as long as the clock was wrong.
 */
void hf__follow_clock_set_back(struct hf__follow_state *s, uint64_t now_s);
/* Replaces it, durably. */
HF_MUST_USE int hf__follow_save(const char *folder, const struct hf_hash *chain,
                                const struct hf__follow_state *s);
/* Frees the accounts. */
void hf__follow_forget(struct hf__follow_state *s);
/* The account's entry, made where there is none; NULL: out of memory. Valid until the next one is
 * made. */
struct hf__follow_account *hf__follow_know(struct hf__follow_state *s,
                                           const struct hf_account *account);
/* Forgets who is neither in the set nor in the view. */
void hf__follow_keep(struct hf__follow_state *s, const struct hf_document *set,
                     const struct hf__chain_view *view);
/* Notes who is a member of the set in force, and where one is no more, that it has left now.
 * HF_ENOMEM. */
HF_MUST_USE int hf__follow_note_set(struct hf__follow_state *s, const struct hf_document *set,
                                    uint64_t now_s);

#endif
