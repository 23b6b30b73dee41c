/*
 * What this node has lived through since it started, for the status page: what it did and what
 * became of it, and how much it could have lost. Kept in memory, within bounds: what other members
 * bring about has places of its own, and nothing that a stranger does is kept.
 */
#ifndef HF_DAEMON_LIFE_H
#define HF_DAEMON_LIFE_H

#include "core/engine.h"
#include "outlook.h"

#include <jansson.h>

struct hf__daemon;

enum {
    HF__LIFE_OWN_MAX = 96,
    HF__LIFE_MEMBERS_MAX = 32,
    HF__LIFE_SAMPLES = 360,
    HF__LIFE_SAMPLE_S = 10, /* an hour in all */
};

/* One thing that happened. */
struct hf__moment {
    uint64_t at_s;   /* Unix time, by the machine's clock */
    uint64_t number; /* from 1: in which order */
    struct hf_trace what;
};

/* What the outlook was. */
struct hf__sample {
    uint64_t at_s;
    uint8_t answering, holders;
    int8_t spare_claim, spare_recovery;
    uint8_t open; /* with a backup, so that the two before say something */
};

struct hf__life {
    uint64_t count, members_count, samples_count; /* since the start */
    struct hf__moment own[HF__LIFE_OWN_MAX];
    struct hf__moment members[HF__LIFE_MEMBERS_MAX];
    struct hf__sample samples[HF__LIFE_SAMPLES];
};

/* Keeps what the engine reports, if a person would ask about it. */
void hf__life_add(struct hf__life *life, const struct hf_trace *t, uint64_t now_s);
/* Keeps a sample, where the last one is old enough. */
void hf__life_sample(struct hf__life *life, const struct hf__outlook *o, bool open, uint64_t now_s);
/* The moments, oldest first, as the page has them; the caller's reference. */
json_t *hf__life_json(const struct hf__daemon *d);
/* The samples as columns, oldest first; the caller's reference. */
json_t *hf__life_samples(const struct hf__daemon *d);

#endif
