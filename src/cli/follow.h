/* What the parts of `holdfast authority follow` share: one round (proto/FOLLOW.md). */
#ifndef HF_CLI_FOLLOW_H
#define HF_CLI_FOLLOW_H

#include "authority.h"
#include "follow_chain.h"
#include "follow_state.h"

struct hf__follow_options {
    const char *folder, *collateral, *key_file, *exchange, *chain_text;
    uint64_t every_s, turn_s, reattest_s;
    bool once;
    struct hf_hash chain;
    char **adaptor;
};

/* One round. */
struct hf__round {
    const struct hf__follow_options *o;
    struct hf__authority a;
    struct hf__follow_state state;
    struct hf__chain *chain;  /* NULL: it cannot be gone by now */
    struct hf_document *base; /* a set of the authority, whose floors stay; NULL: without any */
    bool by_authority;        /* that is the one in force */
    char exchange[HF__PATH_LEN];
    uint8_t key[HF_KEY_LEN]; /* of this signer */
    size_t own;              /* its place in the root */
    uint64_t now_s;
};

/* Begins a line with the time. */
void hf__follow_say_time(uint64_t now_s);
/* Makes durable what is in state. */
HF_MUST_USE int hf__follow_remember(struct hf__round *r);

/* Asks whom it is time to ask: members where the chain has them, and who is new. What keeps
 * all from being asked. */
HF_MUST_USE int hf__follow_ask(struct hf__round *r);

/*
 * Says what the chain says, puts in force what enough signers have signed, signs what another
 * proposes, or proposes. Without a chain it only puts in force. ret_waits: something is not yet as
 * the chain has it.
 */
HF_MUST_USE int hf__follow_act(struct hf__round *r, bool *ret_waits);

/*
 * Finds base and by_authority for the set in force, notes its members, and mends what a crash has
 * left half done. HF_ENODOCUMENTS: floors are in force that the newest root's authority has not
 * signed.
 */
HF_MUST_USE int hf__follow_take_up(struct hf__round *r);

#endif
