/* A ceremony under way in the authority's folder: its output, and who has acknowledged it. */
#ifndef HF_CLI_QUORUM_CEREMONY_H
#define HF_CLI_QUORUM_CEREMONY_H

#include "authority.h"
#include "document/ceremony.h"

struct hf__ceremony_state {
    struct hf_buf bytes;
    struct hf_arena arena;
    struct hf_ceremony c;
    bool drill; /* it is about the drill under way, and not about acknowledgements */
    uint8_t challenge[HF_CHALLENGE_LEN]; /* of that */
    uint32_t acks;                       /* bit of each holder, from 1 */
    size_t acks_count;
    uint64_t since_s; /* since when the output, or the drill, is here; 0 unknown */
    uint64_t acks_s[HF_SHARES_MAX + 1]; /* likewise each holder's, from 1 */
};

/* A holder's public key, in hexadecimal: its length says which kind it is. ret: borrows buffer. */
HF_MUST_USE bool hf__holder_key(const char *digits, uint8_t buffer[static HF_HOLDER_KEY_MAX],
                                struct hf_share_holder *ret);
/* Prints each holder with the six words of its key's fingerprint. */
void hf__holders_print(const struct hf_share_holder *holders, size_t count);
/* Whether a document of this name waits for signatures. */
bool hf__pending(const struct hf__authority *a, const char *name);

/* The proposal that the authority has signed, verified. ret: a reference. HF_ENOTFOUND: there is
 * none. HF_EDOCUMENT and what hf_document_verify gives: what lies there is none. */
HF_MUST_USE int hf__proposal_read(const struct hf__authority *a, struct hf_document **ret);

/* The output that lies here, held against the proposal, and the acknowledgements of it; not its
 * quote. HF_ENOTFOUND: there is none. ret: ended with hf__ceremony_close, after an error too. */
HF_MUST_USE int hf__ceremony_open(const struct hf__authority *a, struct hf__ceremony_state *ret);
/* Frees what hf__ceremony_open read. */
void hf__ceremony_close(struct hf__ceremony_state *s);
/*
 * Whether a ceremony made the output: its quote is over the proposal and over every byte of the
 * output, and of software that the policy in force accepts for ceremonies. Without that the keys
 * may be known to the one who dealt them; so every signer asks, for the folder has been in others'
 * hands. collateral: a folder; NULL: the authority's own. HF_ENODOCUMENTS: there is no policy. The
 * errors of hf_quote_verify_by and hf_judge.
 */
HF_MUST_USE int hf__ceremony_judge(const struct hf__authority *a, const char *collateral,
                                   const struct hf__ceremony_state *s);
/* How many have acknowledged, who and since when, and who has not. */
void hf__ceremony_print(const struct hf__ceremony_state *s);
/* The share set that follows from it; ctx: the state. */
int hf__ceremony_share_set(const struct hf__authority *a, void *ctx, const struct hf_document *like,
                           struct hf_buf *ret_body);

/* Says what comes next, by what lies in the folder, which may have changed since it was opened. */
void hf__quorum_next(const char *folder);

/* holdfast quorum deal, ack, drill, show: each returns its exit status. */
int hf__ceremony_deal(struct hf__authority *a, const char *path, const char *collateral);
/* The files at paths are acknowledgements, or proofs of a drill. */
int hf__ceremony_ack(struct hf__authority *a, bool drill, int count, char **paths);
/* Begins a drill: what was proved in the one before counts for nothing. */
int hf__ceremony_drill(struct hf__authority *a);
/* Says who shares the quorum key, and who has confirmed. */
int hf__ceremony_show(struct hf__authority *a);

#endif
