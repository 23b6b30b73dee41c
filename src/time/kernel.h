/* The kernel's clocks: read together, and watched for steps. */
#ifndef HF_TIME_KERNEL_H
#define HF_TIME_KERNEL_H

#include "base/buf.h"

struct hf__kernel {
    int timer; /* tells of steps; -1: this kernel has none */
    bool seen;
    int64_t apart_us; /* the clock is so far ahead of the raw one, */
    int64_t raw_us;   /* which showed this */
};

struct hf__moment {
    uint64_t clock_us;     /* CLOCK_REALTIME; 0 before 1970 */
    uint64_t monotonic_us; /* CLOCK_MONOTONIC */
    uint64_t raw_us;       /* CLOCK_MONOTONIC_RAW */
    uint64_t within_us;    /* all were read within so long */
};

/* Begins to watch. */
void hf__kernel_init(struct hf__kernel *k);
/* These clocks, as closely together as a busy machine lets them be read. */
void hf__kernel_read(struct hf__moment *ret);
/* Whether the clock was set, or slewed by more than 900 millionths, since the last call; the first
 * says not. now: just read. */
bool hf__kernel_stepped(struct hf__kernel *k, const struct hf__moment *now);
/*
 * The kernel's clock source, as the file of this path names it. ret: initialised, appended to.
 * Errors of hf_file_read.
 */
HF_MUST_USE int hf__kernel_source(const char *path, struct hf_buf *ret);

#define HF__CLOCK_SOURCE_PATH "/sys/devices/system/clocksource/clocksource0/current_clocksource"

#endif
