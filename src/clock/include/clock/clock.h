/* The machine's clocks. The host owns both: what must not be fooled by it has a floor of its
 * own. */
#ifndef HF_CLOCK_CLOCK_H
#define HF_CLOCK_CLOCK_H

#include <stdint.h>

/* Milliseconds on a clock that only goes forward, for intervals: CLOCK_MONOTONIC. */
uint64_t hf_clock_monotonic_ms(void);
/* Unix time in milliseconds, as the host tells it; 0 when it tells a time before 1970. */
uint64_t hf_clock_wall_ms(void);

#endif
