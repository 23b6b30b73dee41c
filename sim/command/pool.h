/* Many runs in several processes: what crashes takes one of them with it, and no other. */
#ifndef HF_SIM_POOL_H
#define HF_SIM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HF__JOBS_MAX = 64 };

struct hf__pool {
    unsigned jobs;     /* processes, at most HF__JOBS_MAX */
    uint64_t items;    /* to be worked on, from 0 */
    size_t report_len; /* of what is told of each */
    void *ctx;
    /* In a process of its own: fills a report of report_len zeros. */
    void (*work)(void *ctx, uint64_t item, void *ret_report);
    void (*heard)(void *ctx, uint64_t item, const void *report);
    /* The process that worked on it ended before it told anything; memory: for want of it. */
    void (*lost)(void *ctx, uint64_t item, bool memory, const char *why);
    /* Asked four times a second or more often; false: all processes end now. */
    bool (*goes_on)(void *ctx);
};

/* Until all items are done, or goes_on says otherwise. */
void hf__pool_run(const struct hf__pool *pool);

#endif
