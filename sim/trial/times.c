#include "trial/times.h"

#include "lib/slab.h"

#include <stdlib.h>
#include <string.h>

void hf__times_add(struct hf__times *t, uint64_t us)
{
    if (t->count == HF__TIMES_MAX)
        return;
    t->items = hf__grow(t->items, t->count, &t->cap, sizeof *t->items);
    t->items[t->count++] = us;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

uint64_t hf__times_quantile(struct hf__times *t, double q)
{
    size_t all = t->count + t->never;
    size_t at = all == 0 ? 0 : (size_t)(q * (double)(all - 1) + 0.5);
    if (at >= t->count)
        return HF__TIME_NONE;
    qsort(t->items, t->count, sizeof *t->items, by_value);
    return t->items[at];
}

void hf__times_done(struct hf__times *t)
{
    free(t->items);
    *t = (struct hf__times){0};
}
