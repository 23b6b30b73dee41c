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
    size_t never; /* what had not ended when the run did: longer than any */
    size_t cut;   /* what was broken off before: of no length */
};

/* Keeps one, while there is room. */
void hf__times_add(struct hf__times *t, uint64_t us);
/* q from 0 to 1, of those that ended or never did; HF__TIME_NONE: it is one of these, or there are
 * none. Sorts. */
uint64_t hf__times_quantile(struct hf__times *t, double q);
/* Frees them. */
void hf__times_done(struct hf__times *t);

#endif
