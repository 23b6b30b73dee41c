/* What chronyd reports of its sources, as its own client prints it, and the samples that follow. */
#ifndef HF_TIME_SAMPLE_H
#define HF_TIME_SAMPLE_H

#include "base/bytes.h"
#include "base/check.h"
#include "wire/messages.h"

enum { HF__SOURCES_MAX = 16 };

/* One source: a line of `chronyc -c -N sources`, and that of `authdata` with the same name. */
struct hf__source {
    struct hf_bytes name; /* borrowed from the text */
    bool sampled;
    bool silent;         /* none of the last eight questions was answered */
    bool keyed;          /* keys were exchanged for NTS */
    uint64_t age_s;      /* of the newest sample */
    int64_t off_us;      /* chronyd's clock is so far ahead of the source, */
    uint64_t off_max_us; /* which is rounded by so much at most; */
    uint64_t error_us;   /* and its root distance */
};

/*
 * Reads both texts; sources that are in one of them alone are left out. HF_EMALFORMED: a line that
 * chronyc does not print; HF_EBOUND: more than HF__SOURCES_MAX lines.
 */
HF_MUST_USE int hf__sources_read(struct hf_bytes sources, struct hf_bytes authdata,
                                 struct hf__source ret[static HF__SOURCES_MAX], size_t *ret_count);

/* When a sample is taken. */
struct hf__reading {
    uint64_t clock_us;  /* chronyd's clock then, */
    uint64_t within_us; /* give or take */
    uint64_t later_s;   /* so long after chronyd's report, at most */
};

/* What a source says of the time, its age aside: that is the reader's to reckon with. */
void hf__sample_of(const struct hf__source *s, const struct hf__reading *at,
                   struct hf_time_sample *ret);

#endif
