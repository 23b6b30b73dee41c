#include "clock/clock.h"

#include "base/check.h"

#include <time.h>

enum {
    JITTER_US = 50000,  /* clocks are read one after another, on a machine that may be busy */
    SLEW_PPM_MAX = 900, /* with what a quartz is off by, no more than proto/TIME.md reckons with */
};

static uint64_t read_ms(clockid_t clock)
{
    struct timespec t;
    int r = clock_gettime(clock, &t);
    hf_assert(r == 0);
    return t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t hf_clock_monotonic_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

bool hf_clock_bent_by(struct hf_clock_watch *w, int64_t monotonic_us, int64_t since_boot_us,
                      int64_t raw_us)
{
    int64_t stood_us = since_boot_us - monotonic_us, slewed_us = monotonic_us - raw_us;
    int64_t allowed_us = JITTER_US + (raw_us - w->raw_us) * SLEW_PPM_MAX / 1000000;
    int64_t slew_us = slewed_us - w->slewed_us;
    bool bent = w->seen && (stood_us - w->stood_us > JITTER_US || slew_us > allowed_us ||
                            slew_us < -allowed_us);
    *w = (struct hf_clock_watch){
        .seen = true, .stood_us = stood_us, .slewed_us = slewed_us, .raw_us = raw_us};
    return bent;
}

static int64_t read_us(clockid_t clock)
{
    struct timespec t;
    int r = clock_gettime(clock, &t);
    hf_assert(r == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

bool hf_clock_bent(struct hf_clock_watch *w)
{
    int64_t monotonic_us = read_us(CLOCK_MONOTONIC);
    return hf_clock_bent_by(w, monotonic_us, read_us(CLOCK_BOOTTIME), read_us(CLOCK_MONOTONIC_RAW));
}

uint64_t hf_clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}
