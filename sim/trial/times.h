/* Durations, kept for their quantiles. */
#ifndef HF_SIM_TIMES_H
#define HF_SIM_TIMES_H

#include <stddef.h>
#include <stdint.h>

/* More are not kept. */
enum { HF__TIMES_MAX = 1 << 20 };
#define HF__TIME_NONE UINT64_MAX

/* In microseconds. {0} is one without any. */
struct hf__times {
    uint64_t *items;
    size_t count, cap;
};

void hf__times_add(struct hf__times *t, uint64_t us);
/* q from 0 to 1; HF__TIME_NONE when there are none. Sorts. */
uint64_t hf__times_quantile(struct hf__times *t, double q);
void hf__times_done(struct hf__times *t);

#endif
