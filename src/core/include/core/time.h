/*
 * Intervals of time, and the one on which a majority agrees (proto/TIME.md): functions of their
 * arguments alone. Unix time in microseconds, from 1970 to the end of the year 9999.
 */
#ifndef HF_CORE_TIME_H
#define HF_CORE_TIME_H

#include "base/bytes.h"
#include "base/check.h"
#include "document/time_servers.h"
#include "wire/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_TIME_US_MAX HF_WIRE_TIME_US_MAX
/* An interval that ends farther from its middle says too little to count. */
#define HF_TIME_RADIUS_US_MAX UINT64_C(10000000)

/* Both ends belong to it; low <= high <= HF_TIME_US_MAX. */
struct hf_time_interval {
    uint64_t low_us, high_us;
};

/* So far from its middle it ends at most: half of its width, rounded up. */
uint64_t hf_time_radius_us(const struct hf_time_interval *i);
/* Its middle, rounded down. */
uint64_t hf_time_middle_us(const struct hf_time_interval *i);
/* By how much a clock may have gone wrong in so long, rounded up: 1,000 millionths. */
uint64_t hf_time_drift_us(uint64_t elapsed_us);
/* What is known of the time so much later: it lies later by that, and is wider by its drift. Ends
 * that would overflow stop at what can be said. */
struct hf_time_interval hf_time_later(const struct hf_time_interval *i, uint64_t elapsed_us);
/* The same with both ends so much farther out. */
struct hf_time_interval hf_time_wider(const struct hf_time_interval *i, uint64_t by_us);
/* The part that both have in common. false: there is none, and ret is untouched. */
bool hf_time_common(const struct hf_time_interval *a, const struct hf_time_interval *b,
                    struct hf_time_interval *ret);

/* The most votes in which one point lies. count: as below. */
size_t hf_time_most(const struct hf_time_interval *votes, size_t count);
/*
 * The smallest interval that holds every point which lies in at least `needed` of the votes.
 * Source: K. Marzullo, S. Owicki, "Maintaining the time in a distributed system", 1983, with the
 * majority of those that are listed in place of all but f that answered. count: at most
 * HF_TIME_SERVERS_MAX; needed: at least 1. false: there is no such point; ret is untouched.
 */
bool hf_time_agree(const struct hf_time_interval *votes, size_t count, size_t needed,
                   struct hf_time_interval *ret);

/* The time moved to the nearer end of the interval where it lies outside. */
uint64_t hf_time_bound_us(const struct hf_time_interval *i, uint64_t time_us);

/* What is known of one server: time_sample.state. */
enum hf_time_server_state {
    HF_TIME_UNASKED = 0,    /* nothing yet */
    HF_TIME_EXCHANGE = 1,   /* no keys yet */
    HF_TIME_UNANSWERED = 2, /* keys, and no answer */
    HF_TIME_SAMPLED = 3,    /* it answers */
};

struct hf_time_server_status {
    struct hf_bytes name, operator_name; /* as in the policy */
    enum hf_time_server_state state;
    bool sampled;       /* what follows is of a sample */
    int64_t off_us;     /* its middle is so far after the host's clock */
    uint64_t radius_us; /* and its ends so far from that */
    uint64_t age_s;     /* since it answered */
};

struct hf_time_status {
    size_t listed, needed; /* operators; 0: the policy lists none */
    size_t agreeing;       /* of the last report, among the most that agree; 0: too few */
    size_t answering;      /* operators with a server that answers */
    bool known;
    bool judging;       /* dates of certificates are judged; false: at first contact they are not */
    int reason;         /* what keeps the time from being measured now, or 0 */
    uint64_t reason_ms; /* monotonic: since when something does */
    uint64_t time_us;   /* while it is known: the middle of what was agreed on, now */
    uint64_t radius_us; /* its uncertainty */
    uint64_t age_ms;    /* since the samples */
    int64_t clock_us;   /* the host's clock is so far ahead of it */
    struct hf_time_server_status servers[HF_TIME_SERVERS_MAX];
    size_t servers_count;
};

#endif
