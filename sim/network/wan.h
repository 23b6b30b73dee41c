/* Round trips between regions of the world, as public clouds show them. */
#ifndef HF_SIM_WAN_H
#define HF_SIM_WAN_H

#include <stdint.h>

/* Half of the median round trip between two regions, in microseconds; regions beyond the matrix
 * begin again. */
uint64_t hf__wan_one_way_us(uint32_t from, uint32_t to);

#endif
