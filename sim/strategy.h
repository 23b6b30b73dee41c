/*
 * Hostile strategies: what the owner of a machine, a corrupt provider or an adversary in the
 * network does. Each is a small file in sim/hostile/ with one row in the table of strategy.c.
 */
#ifndef HF_SIM_STRATEGY_H
#define HF_SIM_STRATEGY_H

#include "inside.h"

struct hf__strategy {
    const char *name;
    const char *doc;
    /* The promises that cannot hold while more than this share of the nodes follow it. */
    bool corrupts; /* a corrupt trust domain: fewer than k of any owner's providers may follow it */
    /* Begins on these nodes; the context is given to end. */
    void *(*begin)(struct hf_world *w, const uint32_t *nodes, size_t count);
    void (*end)(struct hf_world *w, void *ctx);
};

/* NULL after the last. */
extern const struct hf__strategy *const hf__strategies[];
/* NULL: no such strategy. */
const struct hf__strategy *hf__strategy_find(const char *name);

#endif
