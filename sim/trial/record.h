/* Results: one line of JSON for each thing that happens, one row of CSV for each node and run. */
#ifndef HF_SIM_RECORD_H
#define HF_SIM_RECORD_H

#include "trial/messages.h"
#include "trial/news.h"
#include "trial/times.h"
#include "scenario/schedule.h"

#include <stdio.h>

struct hf__node_record {
    uint64_t started_us, ready_us; /* of the present life; ready 0: not yet */
    uint64_t unlocked_us;
    uint32_t starts, recoveries, keys;
    uint64_t first_ready_us;
    bool restarted;
};

struct hf__record {
    struct hf_world *world;
    FILE *timeline;                /* JSON lines; NULL: not written */
    bool debug;                    /* traces of the lowest level too */
    struct hf__messages *messages; /* a log of them; NULL: not written */
    struct hf__node_record *nodes;
    size_t nodes_cap;
    struct hf__times placing;    /* from a first start to ready */
    struct hf__times recovering; /* from a restart to an open, claimed vault */
    struct hf__news_record news;
    uint64_t keys_released, keys_refused;
};

void hf__record_init(struct hf__record *r, FILE *timeline);
/* Watches a world; the record outlives it. */
void hf__record_watch(struct hf__record *r, struct hf_world *w);
/* The broken promise that a checker found, as a line of the timeline. */
void hf__record_violation(struct hf__record *r, const struct hf_violation *v);
void hf__record_action(void *ctx, struct hf_world *w, const struct hf__action *a, bool begins,
                       const uint32_t *targets, size_t count);
void hf__record_done(struct hf__record *r);

#endif
