#include "deadline.h"
#include "base/error.h"

#include <stdlib.h>

static void place(struct hf__deadlines *h, struct hf__deadline *d, size_t index)
{
    h->items[index] = d;
    d->index = index;
}

/* Moves d to where it belongs, given that all others are in order. */
static void settle(struct hf__deadlines *h, struct hf__deadline *d)
{
    size_t i = d->index;
    while (i > 0 && h->items[(i - 1) / 2]->at_ms > d->at_ms) {
        place(h, h->items[(i - 1) / 2], i);
        i = (i - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count && h->items[child + 1]->at_ms < h->items[child]->at_ms)
            child++;
        if (h->items[child]->at_ms >= d->at_ms)
            break;
        place(h, h->items[child], i);
        i = child;
    }
    place(h, d, i);
}

int hf__deadlines_add(struct hf__deadlines *h, struct hf__deadline *d,
                      void (*due)(struct hf__deadline *d))
{
    if (h->count == h->cap) {
        size_t cap = h->cap == 0 ? 32 : h->cap * 2;
        struct hf__deadline **items = realloc(h->items, cap * sizeof(struct hf__deadline *));
        if (items == NULL)
            return HF_ENOMEM;
        h->items = items;
        h->cap = cap;
    }
    d->at_ms = HF__NEVER;
    d->due = due;
    place(h, d, h->count++);
    return 0;
}

void hf__deadlines_set(struct hf__deadlines *h, struct hf__deadline *d, uint64_t at_ms)
{
    hf_assert(d->index < h->count && h->items[d->index] == d);
    d->at_ms = at_ms;
    settle(h, d);
}

void hf__deadlines_remove(struct hf__deadlines *h, struct hf__deadline *d)
{
    hf_assert(d->index < h->count && h->items[d->index] == d);
    struct hf__deadline *last = h->items[--h->count];
    if (last == d)
        return;
    place(h, last, d->index);
    settle(h, last);
}

uint64_t hf__deadlines_next(const struct hf__deadlines *h)
{
    return h->count == 0 ? HF__NEVER : h->items[0]->at_ms;
}

bool hf__deadlines_run_one(struct hf__deadlines *h, uint64_t now_ms)
{
    if (hf__deadlines_next(h) > now_ms)
        return false;
    struct hf__deadline *d = h->items[0];
    if (d->at_ms == HF__NEVER)
        return false;
    hf__deadlines_set(h, d, HF__NEVER);
    d->due(d);
    return true;
}

void hf__deadlines_done(struct hf__deadlines *h)
{
    hf_assert(h->count == 0);
    free(h->items);
    *h = (struct hf__deadlines){0};
}
