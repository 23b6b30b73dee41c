/*
 * When collateral is fetched again, and how long old collateral may serve while the service is
 * down. A pure function of a snapshot: the caller keeps the snapshot, draws the random number, and
 * owns the clock.
 */
#ifndef HF_ATTEST_REFRESH_H
#define HF_ATTEST_REFRESH_H

#include "base/bytes.h"
#include "base/check.h"

/* When collateral is fetched again. Seconds; in brackets the values of hf_refresh_rule_init. */
struct hf_refresh_rule {
    uint64_t every_s; /* a set that is far from its end is fetched again after this time [1 day] */
    uint64_t ahead_s; /* a fetch is due this long before the set expires [7 days] */
    uint64_t retry_s_min; /* pause after the first failure, doubled after each further one [60] */
    uint64_t retry_s_max; /* longest pause after a failure [3600] */
    uint64_t stale_s;     /* how long an expired set may serve when no new one can be had [0] */
};

/* Sets the values in brackets. */
void hf_refresh_rule_init(struct hf_refresh_rule *ret);
/* HF_EINVAL: every_s or retry_s_min is 0, retry_s_max is below retry_s_min, or any is above 10
 * years. */
HF_MUST_USE int hf_refresh_rule_check(const struct hf_refresh_rule *rule);

/* What is known at a time. Unix seconds. */
struct hf_refresh_state {
    uint64_t now_s;
    uint64_t expires_s; /* hf_collateral_expiry_s of the set that is held; 0: none is */
    uint64_t fetched_s; /* when it was fetched; 0: never */
    uint64_t tried_s;   /* when the newest fetch ended, well or not; 0: never */
    uint32_t failures;  /* fetches that failed since the last that did not */
    uint64_t random;    /* drawn afresh after each fetch */
};

enum hf_refresh_use {
    HF_REFRESH_MISSING = 0, /* there is no set */
    HF_REFRESH_CURRENT,     /* within its dates */
    HF_REFRESH_STALE,       /* expired, but may serve for now: the status says so */
    HF_REFRESH_EXPIRED,     /* may no longer serve */
};

struct hf_refresh_plan {
    enum hf_refresh_use use;
    /*
     * When to fetch; not after now_s: at once. Jitter takes up to a tenth off an interval and up to
     * half off a pause, so that nodes that were started or cut off together do not come together.
     */
    uint64_t next_s;
    /*
     * The time to verify at: now, or, with a stale set, its last valid second. A PCK certificate
     * that expired within stale_s therefore still passes, and a revocation of that time is not
     * seen: the price of stale_s.
     */
    uint64_t verify_at_s;
};

/* rule: one that hf_refresh_rule_check accepts. */
void hf_refresh_plan(const struct hf_refresh_rule *rule, const struct hf_refresh_state *state,
                     struct hf_refresh_plan *ret);

#endif
