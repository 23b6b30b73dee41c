/*
 * Words of set signers (proto/FOLLOW.md, 3): what each says of the chain, and in what enough of
 * them agree. Functions of what they are given: no file, no clock, no network.
 */
#ifndef HF_CLI_FOLLOW_WORD_H
#define HF_CLI_FOLLOW_WORD_H

#include "document/document.h"
#include "follow_view.h"

enum {
    HF__WORD_FRESH_S = 3600,     /* how long a word counts */
    HF__WORD_CHANGES_MAX = 4096, /* chain_word.changes */
};

/* chain_change.kind */
enum hf__change { HF__ENTERS = 1, HF__MOVED = 2, HF__LEAVES = 3 };

/* What an account has answered over nonces of this signer. Unix times. */
struct hf__follow_account {
    struct hf_account account;
    bool member;             /* of the set that was in force when this was noted last */
    uint64_t asked_s;        /* when it was asked last; 0: never */
    uint64_t passed_s;       /* when it passed last; 0: never */
    uint64_t failed_since_s; /* since when its answers fail a check; 0: they do not */
};

/* What one signer has seen itself. */
struct hf__witness {
    const struct hf_document *set, *policy; /* in force */
    const struct hf__chain_view *view;
    const struct hf__follow_account *accounts; /* ascending by account */
    size_t accounts_count;
    uint64_t fresh_s; /* how long a passed attestation lets a new account in */
    uint64_t now_s;
};

/* The account's entry in a list that ascends by account; NULL: none. */
const struct hf__follow_account *hf__follow_find(const struct hf__follow_account *accounts,
                                                 size_t count, const struct hf_account *account);

/* In what the chain differs from the set in force, ascending by account; what goes beyond max is
 * left for later. Texts are borrowed. Returns how many. */
size_t hf__follow_differences(const struct hf__witness *w, struct hf_chain_change *ret, size_t max);

/* Whether a signer's word counts now: of this network, about this set, made less than an hour ago,
 * and in order. */
bool hf__follow_word_counts(const struct hf_chain_word *w, const struct hf_network_id *network,
                            const struct hf_document *set, uint64_t now_s);

/* In what enough words agree. */
struct hf__backed {
    const struct hf_chain_change *
        *list; /* ascending by account; one may stand there with several */
    size_t count;
    bool enough; /* as many words are there as have to agree, about whatever */
};

/* words: those that count, one of each signer, at most HF__SIGNERS_MAX. m: how many have to say the
 * same of an account. ret: ended with hf__follow_backed_done; borrows from words. HF_ENOMEM. */
HF_MUST_USE int hf__follow_back(const struct hf_chain_word *const *words, size_t count, size_t m,
                                struct hf__backed *ret);
/* Frees the list. */
void hf__follow_backed_done(struct hf__backed *b);

#endif
