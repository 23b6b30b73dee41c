/* What is sent over time: a row for each span of it and each kind of message, as the run goes. */
#ifndef HF_SIM_SERIES_H
#define HF_SIM_SERIES_H

#include "sim/world.h"

#include <stdio.h>

enum { HF__SERIES_KINDS = 32 }; /* methods, and datagrams */

/* A span's messages of one kind: a row of series.csv. */
struct hf__series_row {
    uint64_t from_us, span_us;
    const char *kind;
    uint32_t nodes; /* that run when the span ends */
    uint64_t requests, answers, bytes;
};

struct hf__series {
    FILE *out;        /* set by the caller, who closes it */
    uint64_t span_us; /* set by the caller, above 0 */
    uint64_t from_us; /* of the span that is being counted */
    struct hf__series_row now[HF__SERIES_KINDS];
};

/* Of a run whose events end then: a round number of which some two hundred make the run. */
uint64_t hf__series_span(uint64_t for_us);
/* Writes the heading and watches a world, which the series outlives. */
void hf__series_watch(struct hf__series *s, struct hf_world *w);
/* The rows of the last span, while the world lives. */
void hf__series_end(struct hf__series *s, const struct hf_world *w);

#endif
