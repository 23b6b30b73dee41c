/*
 * Deadlines of connections, requests and calls: a binary heap behind one timer. An item is in the
 * heap from its owner's birth to its end, so that moving it, which happens all the time, cannot
 * fail.
 */
#ifndef HF_NET_DEADLINE_H
#define HF_NET_DEADLINE_H

#include "base/bytes.h"
#include "base/check.h"

#define HF__NEVER UINT64_MAX

struct hf__deadline {
    uint64_t at_ms; /* of the loop's clock, or HF__NEVER */
    size_t index;   /* where it is in the heap */
    void (*due)(struct hf__deadline *d);
};

struct hf__deadlines {
    struct hf__deadline **items;
    size_t count;
    size_t cap;
};

/* Adds d, never due. HF_ENOMEM. */
HF_MUST_USE int hf__deadlines_add(struct hf__deadlines *h, struct hf__deadline *d,
                                  void (*due)(struct hf__deadline *d));
/* Moves a deadline, which is in the heap; at_ms is on the monotonic clock. */
void hf__deadlines_set(struct hf__deadlines *h, struct hf__deadline *d, uint64_t at_ms);
/* Removes a deadline, which is in the heap. */
void hf__deadlines_remove(struct hf__deadlines *h, struct hf__deadline *d);
/* The earliest, or HF__NEVER. */
uint64_t hf__deadlines_next(const struct hf__deadlines *h);
/* Calls due() of one item that is due at now_ms, having set it to never; false when none is. */
bool hf__deadlines_run_one(struct hf__deadlines *h, uint64_t now_ms);
/* Frees the heap, which must be empty. */
void hf__deadlines_done(struct hf__deadlines *h);

#endif
