/* Results: one line of JSON for each thing that happens, one row of CSV for each node and run. */
#ifndef HF_SIM_RECORD_H
#define HF_SIM_RECORD_H

#include "trial/messages.h"
#include "trial/news.h"
#include "trial/series.h"
#include "trial/times.h"
#include "scenario/schedule.h"

#include <stdio.h>

/* What became of a node by the end of a run. */
enum hf__outcome {
    HF__OUTCOME_UNKNOWN, /* the run was broken off for want of memory */
    HF__OUTCOME_OPEN,    /* it runs, and its vault is open, or not placed yet */
    HF__OUTCOME_LOCKED,  /* it runs, and has not opened its vault; it still can */
    HF__OUTCOME_DOWN,    /* it does not run; it could come back */
    HF__OUTCOME_LOST,    /* no node can bring it back, from what is on the disks */
    HF__OUTCOME_GONE,    /* it was removed for good, or has left */
    HF__OUTCOMES
};

struct hf__node_record {
    uint64_t started_us, ready_us; /* of the present life; ready 0: not yet */
    uint64_t unlocked_us;
    uint32_t starts, recoveries, keys, kept;
    uint64_t first_ready_us;
    bool restarted;
    uint64_t died_us;   /* it does not run since then */
    bool dead, noticed; /* since then, by any node */
    enum hf__outcome outcome;
};

struct hf__record {
    struct hf_world *world;
    FILE *timeline;                /* JSON lines; NULL: not written */
    FILE *lives;                   /* a row for each placing and each recovery; NULL likewise */
    bool debug;                    /* traces of the lowest level too */
    struct hf__messages *messages; /* a log of them; NULL: not written */
    struct hf__series *series;     /* what is sent over time; NULL likewise */
    struct hf__node_record *nodes;
    size_t nodes_cap;
    struct hf__times placing;    /* from a first start to ready */
    struct hf__times recovering; /* from a restart to an open, claimed vault */
    struct hf__times noticing;   /* from a death until the first node calls it unreachable */
    uint64_t unreachable_running;
    struct hf__news_record news;
    uint64_t keys_released, keys_refused;
    uint32_t outcomes[HF__OUTCOMES]; /* how many nodes */
    uint32_t kept_most;              /* shares, by one node */
    double kept_mean, kept_balance;
};

/* Nothing recorded yet. timeline: as in the struct, and stays the caller's. */
void hf__record_init(struct hf__record *r, FILE *timeline);
/* Watches a world; the record outlives it. */
void hf__record_watch(struct hf__record *r, struct hf_world *w);
/* The broken promise that a checker found, as a line of the timeline. */
void hf__record_violation(struct hf__record *r, const struct hf_violation *v);
/* An hf__action_fn: the action as a line of the timeline. ctx: the record. */
void hf__record_action(void *ctx, struct hf_world *w, const struct hf__action *a, bool begins,
                       const uint32_t *targets, size_t count);
/* The end of a run, while its world lives: what became of each node, and what had not ended. */
void hf__record_end(struct hf__record *r);
/* Frees it; files stay open. */
void hf__record_done(struct hf__record *r);

#endif
