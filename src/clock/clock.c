#include "clock/clock.h"

#include "base/check.h"

#include <time.h>

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

uint64_t hf_clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}
