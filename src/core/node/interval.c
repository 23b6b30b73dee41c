/* Intervals of time, and the one on which a majority agrees. */
#include "core/time.h"

uint64_t hf_time_radius_us(const struct hf_time_interval *i)
{
    hf_assert(i->low_us <= i->high_us);
    hf_assert(i->high_us <= HF_TIME_US_MAX);
    return (i->high_us - i->low_us + 1) / 2;
}

uint64_t hf_time_middle_us(const struct hf_time_interval *i)
{
    hf_assert(i->low_us <= i->high_us);
    hf_assert(i->high_us <= HF_TIME_US_MAX);
    return i->low_us + (i->high_us - i->low_us) / 2;
}

uint64_t hf_time_drift_us(uint64_t elapsed_us)
{
    return elapsed_us / 1000 + (elapsed_us % 1000 != 0);
}

static uint64_t add(uint64_t us, uint64_t more_us)
{
    hf_assert(us <= HF_TIME_US_MAX);
    return more_us > HF_TIME_US_MAX - us ? HF_TIME_US_MAX : us + more_us;
}

struct hf_time_interval hf_time_wider(const struct hf_time_interval *i, uint64_t by_us)
{
    hf_assert(i->low_us <= i->high_us);
    return (struct hf_time_interval){.low_us = i->low_us > by_us ? i->low_us - by_us : 0,
                                     .high_us = add(i->high_us, by_us)};
}

struct hf_time_interval hf_time_later(const struct hf_time_interval *i, uint64_t elapsed_us)
{
    struct hf_time_interval moved = {.low_us = add(i->low_us, elapsed_us),
                                     .high_us = add(i->high_us, elapsed_us)};
    hf_assert(i->low_us <= i->high_us && moved.low_us <= moved.high_us);
    return hf_time_wider(&moved, hf_time_drift_us(elapsed_us));
}

bool hf_time_common(const struct hf_time_interval *a, const struct hf_time_interval *b,
                    struct hf_time_interval *ret)
{
    hf_assert(a->low_us <= a->high_us && b->low_us <= b->high_us);
    struct hf_time_interval common = {
        .low_us = a->low_us > b->low_us ? a->low_us : b->low_us,
        .high_us = a->high_us < b->high_us ? a->high_us : b->high_us,
    };
    if (common.low_us > common.high_us)
        return false;
    *ret = common;
    return true;
}

static size_t votes_for(const struct hf_time_interval *votes, size_t count, uint64_t point_us)
{
    size_t n = 0;
    hf_assert(count <= HF_TIME_SERVERS_MAX);
    for (size_t i = 0; i < count; i++)
        n += votes[i].low_us <= point_us && point_us <= votes[i].high_us;
    return n;
}

size_t hf_time_most(const struct hf_time_interval *votes, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t n = votes_for(votes, count, votes[i].low_us);
        hf_assert(n > 0); /* its own */
        most = n > most ? n : most;
    }
    return most;
}

/* The first point with enough votes is where a vote begins, and the last is where one ends. */
bool hf_time_agree(const struct hf_time_interval *votes, size_t count, size_t needed,
                   struct hf_time_interval *ret)
{
    struct hf_time_interval agreed = {.low_us = HF_TIME_US_MAX};
    bool found = false;
    hf_assert(count <= HF_TIME_SERVERS_MAX && needed > 0);
    for (size_t i = 0; i < count; i++) {
        hf_assert(votes[i].low_us <= votes[i].high_us && votes[i].high_us <= HF_TIME_US_MAX);
        if (votes_for(votes, count, votes[i].low_us) >= needed) {
            found = true;
            if (votes[i].low_us < agreed.low_us)
                agreed.low_us = votes[i].low_us;
        }
        if (votes_for(votes, count, votes[i].high_us) >= needed &&
            votes[i].high_us > agreed.high_us)
            agreed.high_us = votes[i].high_us;
    }
    if (!found)
        return false;
    hf_assert(agreed.low_us <= agreed.high_us);
    *ret = agreed;
    return true;
}

uint64_t hf_time_bound_us(const struct hf_time_interval *i, uint64_t time_us)
{
    hf_assert(i->low_us <= i->high_us);
    if (time_us < i->low_us)
        return i->low_us;
    return time_us > i->high_us ? i->high_us : time_us;
}
