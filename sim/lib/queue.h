/*
 * What happens when: a queue of 16-byte entries by time, first in first out among equal times. A
 * radix heap with digits of 8 bits: an entry stands in the bucket named by the highest digit in
 * which its time differs from the time of the last entry taken, so it moves at most once per digit
 * and every move is sequential. Times never lie before the last one taken.
 */
#ifndef HF_SIM_QUEUE_H
#define HF_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf__entry {
    uint64_t at_us;
    uint64_t what;
};

enum { HF__QUEUE_LEVELS = 8, HF__QUEUE_SLOTS = 256, HF__QUEUE_CHUNK = 63 };

struct hf__chunk {
    struct hf__chunk *next;
    uint32_t first, last; /* entries [first, last) are waiting */
    struct hf__entry entries[HF__QUEUE_CHUNK];
};

struct hf__bucket {
    struct hf__chunk *head, *tail;
};

struct hf__queue {
    uint64_t now_us; /* of the last entry taken */
    size_t count;
    size_t chunks; /* in use and free */
    struct hf__chunk *free;
    struct {
        struct hf__chunk *chunk; /* while count > 0: the last that was shown is before `at` in it */
        uint32_t at;
        unsigned slot;
        unsigned count; /* at least so many that were shown have not been taken */
    } ahead;
    uint64_t used[HF__QUEUE_LEVELS][HF__QUEUE_SLOTS / 64]; /* bit is set: bucket is not empty */
    struct hf__bucket buckets[HF__QUEUE_LEVELS][HF__QUEUE_SLOTS];
};

/* An empty queue, at time 0. */
void hf__queue_init(struct hf__queue *q);
/* Frees what is still waiting. */
void hf__queue_done(struct hf__queue *q);
/* A time that has passed is taken as now. */
void hf__queue_push(struct hf__queue *q, uint64_t at_us, uint64_t what);
/* The earliest; false when it is empty, or the earliest is due after until_us. */
bool hf__queue_pop(struct hf__queue *q, uint64_t until_us, struct hf__entry *ret);
/*
 * Shows what will be taken soon, the next with each call; false: what comes next is not sorted yet.
 * Of those shown last, the last q->ahead.count are still waiting. What is pushed in between is not
 * shown, and nothing but speed may depend on it.
 */
bool hf__queue_show(struct hf__queue *q, struct hf__entry *ret);

#endif
