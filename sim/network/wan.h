/* Round trips between regions of the world, as public clouds show them. */
#ifndef HF_SIM_WAN_H
#define HF_SIM_WAN_H

#include "sim/settings.h"

/* Half of the median round trip between two regions, in microseconds; regions beyond the matrix
 * begin again. */
uint64_t hf__wan_one_way_us(uint32_t from, uint32_t to);

/* A row of a matrix: count numbers of milliseconds, apart by spaces or commas, as microseconds.
 * False: it is none, or a number is none from 0 to 60000. ret_us NULL: only judges. */
bool hf__matrix_row(const char *row, size_t count, uint32_t *ret_us);
/* The first rows and columns of a matrix, one for each zone, from malloc. HF_EINVAL: fewer rows, or
 * one that is none. HF_ENOMEM. */
int hf__matrix_read(const struct hf_world_rows *rows, uint32_t zones, uint32_t **ret_us);

#endif
