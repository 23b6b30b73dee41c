/* What the parts of `holdfast authority follow` share (proto/FOLLOW.md). */
#ifndef HF_CLI_FOLLOW_H
#define HF_CLI_FOLLOW_H

#include "authority.h"
#include "follow_rules.h"

/* ---- follow_chain.c: what the chain says */

struct hf__chain; /* a view and what it borrows */

/*
 * Runs the adaptor, a terminated list of words, with `--since NUMBER` behind them where seen is
 * known, and reads what it prints. HF_ECHAINVIEW: it failed, was too slow, or printed something
 * else; said on standard error. ret: free with hf__chain_free.
 */
HF_MUST_USE int hf__chain_look(char **adaptor, const struct hf__chain_block *seen,
                               struct hf__chain **ret);
/* Borrowed. */
const struct hf__chain_view *hf__chain_view(const struct hf__chain *c);
/* NULL is legal. */
void hf__chain_free(struct hf__chain *c);

/* ---- follow_state.c: what a signer must not forget */

struct hf__follow_state {
    struct hf__chain_block seen; /* the newest block that was gone by; number 0: none */
    uint32_t signed_epoch;       /* the highest that this key has signed; 0: none */
    uint64_t signed_s;           /* when */
    uint64_t waits_since_s;      /* since when a change waits that is in no set; 0: none does */
    struct hf__follow_account *accounts;
    size_t count;
};

/* Reads folder/follow.json; a missing one is empty. HF_EOTHERCHAIN: it is of another chain.
 * HF_EMALFORMED. ret: ended with hf__follow_forget. */
HF_MUST_USE int hf__follow_load(const char *folder, const struct hf_hash *chain,
                                struct hf__follow_state *ret);
/* Replaces it, durably. */
HF_MUST_USE int hf__follow_save(const char *folder, const struct hf_hash *chain,
                                const struct hf__follow_state *s);
/* Frees the accounts. */
void hf__follow_forget(struct hf__follow_state *s);
/* The account's entry, made where there is none; NULL: out of memory. Valid until the next one is
 * made. */
struct hf__follow_account *hf__follow_know(struct hf__follow_state *s,
                                           const struct hf_account *account);

/* ---- follow_exchange.c: proposals and signatures of the others */

enum { HF__PROPOSALS_MAX = 64 };

struct hf__proposals {
    struct hf_document *list[HF__PROPOSALS_MAX];
    size_t count;
};

/* Reads the proposals in a folder that are above the set in force; others are left out, and so is
 * what is no proposal. ret: ended with hf__proposals_done. */
HF_MUST_USE int hf__proposals_read(const struct hf__authority *a, const char *folder,
                                   struct hf__proposals *ret);
/* Gives the documents back. */
void hf__proposals_done(struct hf__proposals *p);
/* An envelope of one body with each good signature of a set signer that its proposals have,
 * appended to ret. ret_count: how many. */
HF_MUST_USE int hf__proposals_merge(const struct hf__authority *a, const struct hf__proposals *p,
                                    const struct hf_document *d, struct hf_buf *ret,
                                    size_t *ret_count);
/* Signs a body with this signer's key, and writes it to the folder under its epoch and key. ret:
 * the proposal, read. HF_ENOTFOUND: no key of a set signer is here. */
HF_MUST_USE int hf__proposal_write(const struct hf__authority *a, const char *key_file,
                                   const char *folder, struct hf_bytes body,
                                   struct hf_document **ret);
/* Removes the proposals of this key up to an epoch. */
void hf__proposals_clear(const char *folder, const uint8_t key[static HF_KEY_LEN], uint32_t epoch);

#endif
