/* Hosts that rewrite their own disks while the node is down, and put back what was there. */
#ifndef HF_SIM_PLANT_H
#define HF_SIM_PLANT_H

#include "hostile/hostile.h"

/* The targets' disks as they are now are kept while the run lives; down: after they have died. A
 * node of whose disk another run keeps a copy does not take part: see nodes and count of what is
 * returned. */
struct hf__strategy_run *hf__plant_new(struct hf_world *w, const uint32_t *nodes, size_t count,
                                       bool down);
/* Instead of hf__hostile_end: the nodes may take part in other runs again. */
void hf__plant_end(struct hf_world *w, struct hf__strategy_run *run);
/* The kept disk of the run's i-th node. */
const struct hf_disk *hf__plant_kept(const struct hf__strategy_run *run, size_t i);
/* A number for each of the run's nodes, for the strategy's own use. */
uint32_t *hf__plant_more(struct hf__strategy_run *run);
/* Replaces one public row by another node's, by garbage, or by nothing. */
void hf__plant_row(struct hf__strategy_run *run, uint32_t node, const char *key);
/* Puts public rows back as they were kept, and restarts: for `end`. */
void hf__plant_restore(struct hf__strategy_run *run, const char *const *keys, size_t count);

#endif
