/*
 * What a set signer signs by itself (proto/FOLLOW.md): a set whose every change is one that the
 * chain has made. Functions of what they are given: no file, no clock, no network.
 */
#ifndef HF_CLI_FOLLOW_RULES_H
#define HF_CLI_FOLLOW_RULES_H

#include "document/document.h"

enum {
    HF__CHAIN_LAG_S = 600,        /* how old the finalised block may be that is gone by */
    HF__CHAIN_AHEAD_S = 300,      /* how far ahead of this machine's clock anything may be dated */
    HF__FOLLOW_FRESH_S = 3600,    /* how long a passed attestation lets a new account in */
    HF__FOLLOW_PROPOSED_S = 3600, /* how long a proposal may wait for signatures */
    HF__FOLLOW_EPOCHS_MAX = 16,   /* how far a proposal's epoch may lie beyond the one in force */
};

struct hf__chain_block {
    uint64_t number; /* 0: none */
    struct hf_hash hash;
};

/* A validator, as the chain has it. Texts are borrowed. */
struct hf__chain_validator {
    struct hf_account account;
    struct hf_bytes address, operator_name, zone;
};

/* What the adaptor has printed: the chain at one finalised block. */
struct hf__chain_view {
    struct hf_hash chain; /* of its first block */
    struct hf__chain_block block;
    uint64_t time_s;              /* of that block */
    struct hf__chain_block since; /* the chain's block of the number that was asked for */
    const struct hf__chain_validator *list;
    size_t count;
};

/*
 * Whether a view may be gone by. chain: that is followed. seen: the newest block that was gone by
 * before. HF_EOTHERCHAIN. HF_ECHAINFORK: the block that was final is another one now.
 * HF_ECHAINLAGS: the node is behind what it has shown, or its chain stands still. HF_ECHAINVIEW: it
 * has no validators, one twice, one without what a set must say of it, or is dated ahead.
 */
HF_MUST_USE int hf__chain_check(const struct hf__chain_view *view, const struct hf_hash *chain,
                                const struct hf__chain_block *seen, uint64_t now_s);

/* What an account has answered over nonces of this signer. Unix times. */
struct hf__follow_account {
    struct hf_account account;
    uint64_t asked_s;        /* when it was asked last; 0: never */
    uint64_t passed_s;       /* when it passed last; 0: never */
    uint64_t failed_since_s; /* since when its answers fail a check; 0: they do not */
};

/* By what a set is made or judged. */
struct hf__following {
    const struct hf_document *set;    /* in force */
    const struct hf_document *policy; /* in force */
    /* The newest set that m of the authority have signed, whose floors stay; NULL: without any. */
    const struct hf_document *base;
    const struct hf__chain_view *view;
    const struct hf__follow_account *accounts;
    size_t accounts_count;
    uint64_t now_s;
};

/* What a proposer has chosen. */
struct hf__follow_choice {
    uint32_t epoch;
    uint64_t issued_s;
    uint8_t beacon[HF_HASH_LEN];
};

/*
 * Appends the body of the one set that may be signed now for a choice. ret_changes: whether it is
 * worth signing: it differs from the set in force, or that one has less than a quarter of its time
 * left. HF_ESELECTION: a validator could not place its shares under it. HF_ENOMEM; the errors of
 * encoding.
 */
HF_MUST_USE int hf__follow_body(const struct hf__following *f, const struct hf__follow_choice *c,
                                struct hf_buf *ret_body, bool *ret_changes);

/*
 * Whether another's proposal may be signed: its epoch, dates and beacon may be, and for these its
 * body is the one that this signer would make. d: a set. signed_epoch: the highest that this key
 * has signed. HF_EDOCUMENT: it may not; else as above.
 */
HF_MUST_USE int hf__follow_accepts(const struct hf__following *f, const struct hf_document *d,
                                   uint32_t signed_epoch);

#endif
