/* What an adaptor has printed: the chain at one finalised block (proto/FOLLOW.md, 1). */
#ifndef HF_CLI_FOLLOW_VIEW_H
#define HF_CLI_FOLLOW_VIEW_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/id.h"

enum { HF__CHAIN_LAG_S = 600 }; /* how old the finalised block may be that is gone by */

struct hf__chain_block {
    uint64_t number; /* 0: none */
    struct hf_hash hash;
};

/* A validator, as the chain has it. Texts are borrowed. */
struct hf__chain_validator {
    struct hf_account account;
    struct hf_bytes address, operator_name, zone;
    bool bad; /* its entry cannot be gone by: nothing follows from it, nor from its absence */
};

/* Texts are borrowed. */
struct hf__chain_view {
    struct hf_hash chain; /* of its first block */
    struct hf__chain_block block;
    uint64_t time_s;                        /* of that block */
    struct hf__chain_block since;           /* the chain's block of the number that was asked for */
    const struct hf__chain_validator *list; /* ascending by account, each once */
    size_t count;
    size_t unnamed; /* entries of which nothing says whose they are: who is absent may be one */
};

/* Sorts a list by account. Of one that stands in it twice, one entry stays, which is bad. Returns
 * how many are left. */
size_t hf__chain_settle(struct hf__chain_validator *list, size_t count);

/*
 * Whether a view may be gone by. chain: that is followed. seen: the newest block that was gone by
 * before. HF_EOTHERCHAIN. HF_ECHAINFORK: the block that was final is another one now.
 * HF_ECHAINLAGS: the node is behind what it has shown, or its chain stands still. HF_ECHAINVIEW: it
 * has no validators, or is dated ahead.
 */
HF_MUST_USE int hf__chain_check(const struct hf__chain_view *view, const struct hf_hash *chain,
                                const struct hf__chain_block *seen, uint64_t now_s);

/* The entry of an account; NULL: none. */
const struct hf__chain_validator *hf__chain_find(const struct hf__chain_view *view,
                                                 const struct hf_account *account);

#endif
