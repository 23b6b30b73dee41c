/* One node as it stands, for a person who looks for a cause. */
#ifndef HF_SIM_LOOK_H
#define HF_SIM_LOOK_H

#include "sim/world.h"

#include <stdio.h>

/* What the node says of itself, what its process and its disk are, and for whom it waits. */
void hf__look(struct hf_world *w, uint32_t node, FILE *out);

#endif
