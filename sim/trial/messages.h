/* A log of messages: a line of JSON for each request and each answer, and for its arrival. */
#ifndef HF_SIM_MESSAGES_H
#define HF_SIM_MESSAGES_H

#include "sim/world.h"

#include "base/arena.h"

#include <stdio.h>

struct hf__messages {
    FILE *out;
    struct hf_arena arena;
};

/* Watches a world, which the log outlives. out: set by the caller, who closes it. */
void hf__messages_watch(struct hf__messages *l, struct hf_world *w);

#endif
