/* Hosts that start other software than the one that their node's disk belongs to. */
#ifndef HF_SIM_IMAGE_H
#define HF_SIM_IMAGE_H

#include "hostile/hostile.h"

/* Starts the targets with an image, those that are placed only when `placed`. */
struct hf__strategy_run *hf__image_begin(struct hf_world *w, const uint32_t *nodes, size_t count,
                                         const char *image, bool placed);
/* The targets start with the newest release. */
void hf__image_end(struct hf_world *w, struct hf__strategy_run *run);

#endif
