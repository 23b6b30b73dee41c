#include "world/dealing.h"

#include "lib/random.h"

#include "base/error.h"

#include <stdlib.h>

/* The turn number i of one of this size, of which as many turns as its size make up the period. */
struct turn {
    double at;
    uint32_t whose;
};

static int by_time(const void *pa, const void *pb)
{
    const struct turn *a = pa, *b = pb;
    if (a->at < b->at || b->at < a->at)
        return a->at < b->at ? -1 : 1;
    return a->whose < b->whose ? -1 : a->whose > b->whose;
}

static int take_turns(struct hf__dealing *d, const struct hf_world_sizes *sizes)
{
    struct turn *turns = malloc(d->period * sizeof *turns);
    d->turn = malloc(d->period * sizeof *d->turn);
    if (turns == NULL || d->turn == NULL) {
        free(turns);
        free(d->turn);
        d->turn = NULL;
        return HF_ENOMEM;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < d->count; i++)
        for (uint32_t j = 0; j < sizes->items[i]; j++)
            turns[count++] = (struct turn){(j + 0.5) / sizes->items[i], i};
    hf_assert(count == d->period);
    qsort(turns, count, sizeof *turns, by_time);
    for (size_t i = 0; i < count; i++)
        d->turn[i] = turns[i].whose;
    free(turns);
    return 0;
}

int hf__dealing_init(struct hf__dealing *ret, uint32_t count, const struct hf_world_sizes *sizes,
                     bool drawn, uint64_t seed, const char *purpose)
{
    uint64_t period = 0;
    if (count == 0 || (sizes->count > 0 && sizes->count != count))
        return HF_EINVAL;
    for (size_t i = 0; i < sizes->count; i++) {
        if (sizes->items[i] == 0)
            return HF_EINVAL;
        period += sizes->items[i];
    }
    if (period > HF_WORLD_SIZES_MAX)
        return HF_EINVAL;
    *ret = (struct hf__dealing){
        .count = count,
        .period = sizes->count > 0 ? (uint32_t)period : count,
        .drawn = drawn,
        .seed = seed,
        .purpose = purpose,
    };
    return sizes->count > 0 ? take_turns(ret, sizes) : 0;
}

void hf__dealing_done(struct hf__dealing *d)
{
    free(d->turn);
    d->turn = NULL;
}

uint32_t hf__dealt(const struct hf__dealing *d, uint32_t node)
{
    uint32_t at = node % d->period;
    if (d->drawn) {
        struct hf__stream r;
        hf__stream_init(&r, d->seed, d->purpose, node);
        at = (uint32_t)hf__draw_below(&r, d->period);
    }
    return d->turn != NULL ? d->turn[at] : at;
}

uint32_t hf__dealing_used(const struct hf__dealing *d, uint32_t from, uint32_t to)
{
    hf_assert(from <= to);
    if (d->turn == NULL && !d->drawn)
        return to - from < d->count ? to - from : d->count;
    bool *has = calloc(d->count, sizeof *has);
    uint32_t used = 0;
    hf_assert(has != NULL);
    for (uint32_t i = from; i < to && used < d->count; i++) {
        uint32_t whose = hf__dealt(d, i);
        used += !has[whose];
        has[whose] = true;
    }
    free(has);
    return used;
}

bool hf__dealing_uses(const struct hf__dealing *d, uint32_t one, uint32_t nodes)
{
    for (uint32_t i = 0; i < nodes; i++)
        if (hf__dealt(d, i) == one)
            return true;
    return false;
}
