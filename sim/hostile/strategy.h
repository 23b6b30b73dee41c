/*
 * Hostile strategies: what the owner of a machine, a corrupt provider or an adversary in the
 * network does. Each is a small file in sim/hostile/ with one row in the table of strategy.c.
 */
#ifndef HF_SIM_STRATEGY_H
#define HF_SIM_STRATEGY_H

#include "world/world.h"

struct hf__strategy_run;

struct hf__strategy {
    const char *name;
    const char *doc;
    bool conspires; /* makes k - 1 providers of one owner corrupt: as many as there may be */
    bool forgets;   /* what was promised: as many as f of an owner's holders may follow it */
    bool corrupts; /* a corrupt trust domain: fewer than k of any owner's providers may follow it */
    /* Begins on these nodes. The run lives as long as the world; it is given to end. */
    struct hf__strategy_run *(*begin)(struct hf_world *w, const uint32_t *nodes, size_t count);
    void (*end)(struct hf_world *w, struct hf__strategy_run *run);
};

enum { HF__STRATEGIES_MAX = 32 };

/* NULL after the last; at most HF__STRATEGIES_MAX. */
extern const struct hf__strategy *const hf__strategies[];
/* NULL: no such strategy. */
const struct hf__strategy *hf__strategy_find(const char *name);
/* Begins a strategy; what its run draws follows from its name, the time and the first node. */
struct hf__strategy_run *hf__strategy_begin(struct hf_world *w, const struct hf__strategy *s,
                                            const uint32_t *nodes, size_t count);
/* Its place in the table; the count of all for a name that is none. */
size_t hf__strategy_index(const char *name);

#endif
