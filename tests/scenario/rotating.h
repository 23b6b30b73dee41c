/* A network in which root secrets give way to others all the time (proto/ROTATION.md, 5). */
#ifndef HF_TESTS_ROTATING_H
#define HF_TESTS_ROTATING_H

#include "testnet.h"

#include "node/node.h"

enum { NODES = 8, MINUTE_MS = 60000 };

/* Its root secrets last for as short a time as a policy may say. */
struct hf_world *rotating_up(void);
/* How often a node's root secret has made a move. */
size_t moves(struct hf_world *w, uint32_t node, enum hf__key_verb verb);
/* Until it has made so many. */
void run_until_moved(struct hf_world *w, uint32_t node, enum hf__key_verb verb, size_t count);

#endif
