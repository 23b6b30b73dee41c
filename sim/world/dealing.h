/*
 * To whom the nodes of a world are dealt out: operators, zones and hosts, of equal or unequal size.
 * In turn the first nodes are dealt out like all of them, as nearly as whole nodes allow; drawn,
 * each node's is drawn for itself by the seed, so that who has one operator in common need not have
 * a zone in common too.
 */
#ifndef HF_SIM_WORLD_DEALING_H
#define HF_SIM_WORLD_DEALING_H

#include "sim/settings.h"

#include "base/check.h"

struct hf__dealing {
    uint32_t count;  /* of operators, zones or hosts; at least 1 */
    uint32_t *turn;  /* whose turn it is, again and again; NULL: each in order */
    uint32_t period; /* of turn; count without it */
    bool drawn;
    uint64_t seed;
    const char *purpose; /* static; names what is drawn */
};

/* sizes: count of them, or none, which are equal. Borrowed until it returns. HF_EINVAL: another
 * number of sizes, a size of 0, or a sum above HF_WORLD_SIZES_MAX. HF_ENOMEM. */
HF_MUST_USE int hf__dealing_init(struct hf__dealing *ret, uint32_t count,
                                 const struct hf_world_sizes *sizes, bool drawn, uint64_t seed,
                                 const char *purpose);
void hf__dealing_done(struct hf__dealing *d);
/* Whose a node is, by its number: below count. */
uint32_t hf__dealt(const struct hf__dealing *d, uint32_t node);
/* How many have one at least of the nodes from `from` to before `to`. */
uint32_t hf__dealing_used(const struct hf__dealing *d, uint32_t from, uint32_t to);
/* Whether this one has one of the first nodes. */
bool hf__dealing_uses(const struct hf__dealing *d, uint32_t one, uint32_t nodes);

#endif
