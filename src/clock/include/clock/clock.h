/* The machine's clocks. The host owns both: what must not be fooled by it has a floor of its
 * own. */
#ifndef HF_CLOCK_CLOCK_H
#define HF_CLOCK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds on a clock that only goes forward, for intervals: CLOCK_MONOTONIC. */
uint64_t hf_clock_monotonic_ms(void);
/* Unix time in milliseconds, as the host tells it; 0 when it tells a time before 1970. */
uint64_t hf_clock_wall_ms(void);

/* How CLOCK_MONOTONIC stood to other clocks when it was looked at last. */
struct hf_clock_watch {
    bool seen;
    int64_t stood_us;  /* so long it has stood still since the boot: the machine was suspended */
    int64_t slewed_us; /* by so much it is ahead of the same clock without corrections, */
    int64_t raw_us;    /* which showed this */
};

/* Whether CLOCK_MONOTONIC has stood still, or was slewed by more than 900 millionths, since the
 * last call: then what was reckoned with it is worth nothing. The first says not. */
bool hf_clock_bent(struct hf_clock_watch *w);
/* The same of clocks that show this: CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_RAW. */
bool hf_clock_bent_by(struct hf_clock_watch *w, int64_t monotonic_us, int64_t since_boot_us,
                      int64_t raw_us);

#endif
