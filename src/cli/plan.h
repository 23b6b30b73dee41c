/* Which validators people should start, so that the rest follow (proto/QUORUM.md, 5). */
#ifndef HF_CLI_PLAN_H
#define HF_CLI_PLAN_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HF__PLAN_HOLDERS_MAX = 16, HF__PLAN_NODES_MAX = 1024 };

/* A validator that asks. */
struct hf__plan_node {
    uint8_t need; /* shares that open it; 0: it is not known who has them, and nothing opens it */
    uint8_t holders_count;
    uint16_t holders[HF__PLAN_HOLDERS_MAX]; /* those that ask too, as places in the list */
};

/*
 * The nodes that are open once those of ret_open are: it is completed in place, and how many there
 * are is returned. nodes: at most HF__PLAN_NODES_MAX.
 */
size_t hf__plan_follow(const struct hf__plan_node *nodes, size_t count, bool *ret_open);
/*
 * The nodes to start so that all of them are open. ret_started: count flags. ret_fewest: fewer do
 * not do; else they are as few as were found. HF_ENOMEM.
 */
HF_MUST_USE int hf__plan(const struct hf__plan_node *nodes, size_t count, bool *ret_started,
                         bool *ret_fewest);
/* The odds that a node opens of whose n holders nothing is known but that they are of the members
 * other than itself, when open of those are and k shares are needed. */
double hf__plan_odds(size_t members, size_t open, uint8_t n, uint8_t k);

#endif
