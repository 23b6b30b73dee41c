/* What strategies share: who takes part, until when, and how they act in the world. */
#ifndef HF_SIM_HOSTILE_H
#define HF_SIM_HOSTILE_H

#include "hostile/strategy.h"

#include "wire/messages.h"

struct hf__strategy_run {
    struct hf_world *world;
    uint32_t *nodes; /* that take part */
    size_t count;
    bool on;
    uint64_t acts; /* what it has done so far: a strategy that never acts shows nothing */
    uint32_t observer;
    struct hf__stream r;
    struct hf_arena arena;
    void *more; /* the strategy's own, from malloc; freed with the run */
    void (*forget)(
        struct hf__strategy_run *run); /* gives back what `more` points to; NULL: nothing */
};

/* Adds the observer with the run as its context. The run lives as long as the world. */
struct hf__strategy_run *hf__hostile_new(struct hf_world *w, const uint32_t *nodes, size_t count,
                                         struct hf__observer observer, size_t more_len);
/* For strategies that only stop. */
void hf__hostile_end(struct hf_world *w, struct hf__strategy_run *run);
/* Whether a node takes part. */
bool hf__hostile_has(const struct hf__strategy_run *run, uint32_t node);
/* Decodes into the run's arena; false: it is no such message. */
bool hf__hostile_decode(struct hf__strategy_run *run, const struct hf_wire_type *type,
                        struct hf_bytes in, void *ret);
/* Sends a request; its number, by which its answer is known when it is sent. */
uint64_t hf__hostile_ask(struct hf__strategy_run *run, uint32_t from, uint32_t to, uint8_t method,
                         const struct hf_account *account, const struct hf_wire_type *type,
                         const void *message);
/* A signature by the account key of a node that is corrupt inside its trust domain: it reads its
 * own memory. False: it has no account key now. */
bool hf__hostile_sign(struct hf__strategy_run *run, uint32_t node, const char *label,
                      struct hf_bytes data, uint8_t ret[static 64]);
/* The share of a row that a corrupt node keeps, from its own memory. False: it
 * cannot be had now. */
bool hf__hostile_share(struct hf__strategy_run *run, uint32_t node, const struct hf_held_row *row,
                       uint8_t ret[static HF_SCALAR_LEN]);
/* A copy of this node's disk ran elsewhere and is gone: where the policy lets shares go to any
 * platform it may have taken over, and the operator starts the true one anew. */
void hf__hostile_take_back(struct hf_world *w, uint32_t node);
/* Dies and starts at once. */
void hf__hostile_restart(struct hf_world *w, uint32_t node);
/* What is to be another in an answer to a claim. */
typedef void hf__claim_edit_fn(struct hf__strategy_run *run, struct hf_claim_answer *answer);
/* Changes what a corrupt provider answers to a claim, and signs it anew. False: it is no answer to
 * one, or cannot be signed; ret is then of no meaning. */
bool hf__hostile_claim(struct hf__strategy_run *run, const struct hf_message *m,
                       hf__claim_edit_fn *edit, struct hf_buf *ret);
/* Any node but this one. */
uint32_t hf__hostile_other(struct hf__strategy_run *run, uint32_t node);

#endif
