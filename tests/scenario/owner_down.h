/* A network whose node 0 is down when its holders go. */
#ifndef HF_OWNER_DOWN_H
#define HF_OWNER_DOWN_H

#include "testnet.h"

enum { OWNER = 0, N = 5, WAIT_MS = 600000 };

/* Node 0 has n shares, of which k are enough; it is down, and not found by its holders. */
struct hf_world *owner_down(uint8_t k, uint32_t nodes, uint32_t ret_holders[static 16]);
/* The owner is back: it has its key, n holders that stay, and nothing older is left. */
void owner_returns(struct hf_world *w);

/* What a node says of the owner's shares that moved; of the first of them, ret: where to. */
size_t says_moved(struct hf_world *w, uint32_t node, struct hf_moved_status *ret);

#endif
