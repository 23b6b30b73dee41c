/* How soon what one member announces has reached the others: leaves, drains and moved addresses. */
#ifndef HF_SIM_NEWS_H
#define HF_SIM_NEWS_H

#include "lib/map.h"
#include "trial/times.h"

#include "core/trace.h"

struct hf__news_record {
    struct hf__map rows;   /* of every event that is followed */
    struct hf__map newest; /* by subject and kind: the highest incarnation of them */
    uint64_t missed;       /* more than are followed */
};

/* What came of them by the end. */
struct hf__news_sum {
    size_t count;           /* events */
    uint64_t takers_min;    /* of the one that the fewest nodes took, unless its author said more */
    struct hf__times times; /* of each, from the first who took it to the last; to be freed */
};

/* None yet. */
void hf__news_init(struct hf__news_record *r);
/* Frees what is followed. */
void hf__news_done(struct hf__news_record *r);
/* A trace of type HF_TRACE_EVENT at a time of the world. */
void hf__news_taken(struct hf__news_record *r, const struct hf_trace *t, uint64_t now_us);
/* Sums up what was taken so far. */
void hf__news_sum(const struct hf__news_record *r, struct hf__news_sum *ret);

#endif
