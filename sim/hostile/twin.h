/* Copies of a disk that start as nodes of their own. */
#ifndef HF_SIM_TWIN_H
#define HF_SIM_TWIN_H

#include "hostile/hostile.h"

/* A new node, never registered, that starts from a copy of another's disk. */
uint32_t hf__twin_of(struct hf_world *w, uint32_t node, bool same_machine);
/* A copy of each target that is placed starts: on the target's machine, or on another. */
struct hf__strategy_run *hf__twin_begin(struct hf_world *w, const uint32_t *nodes, size_t count,
                                        bool same_machine);
/* The copies are gone for ever. */
void hf__twin_end(struct hf_world *w, struct hf__strategy_run *run);

#endif
