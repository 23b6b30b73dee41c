/*
 * A folder of results, in which several processes, on several machines, may work at one study:
 *
 *     sweep.txt           which build and which study its rows are of
 *     part-I-of-N.csv     the rows of shard I, in the order in which they came
 *     runs.csv            when all are there: every row, by setting and seed
 *     settings.csv        then too: a row for each setting and metric, with an interval
 *
 * Each process appends to its own part alone, and reads the others'. What is there is all that a
 * process goes by: any number of shards goes on from what any other number has left.
 */
#ifndef HF_SIM_RESULTS_H
#define HF_SIM_RESULTS_H

#include "study/study.h"

struct hf__results {
    const struct hf__study *study;
    const char *folder;
    unsigned shard, shards; /* from 1 */
    struct hf_buf heading;
    char **rows; /* by setting and seed, each from malloc; NULL: not there */
    size_t settings, seeds, count;
    int part;       /* its own; -1: none */
    uint64_t whole; /* bytes of it that are whole rows */
    bool repaired;  /* a half-written row at its end was removed */
    char why[512];  /* what a call that failed has against it */
};

/* Which setting a run of the study has: runs are numbered by setting, then by place of the seed. */
static inline size_t hf__results_setting(const struct hf__results *r, size_t run)
{
    return run / r->seeds;
}
/* Which seed it has. */
static inline uint64_t hf__results_seed(const struct hf__results *r, size_t run)
{
    return r->study->first_seed + run % r->seeds;
}

/*
 * Makes the folder or goes on in one: takes its own part, and reads all. build, hash: of program
 * and study. False: r->why says what is wrong; given back with hf__results_done all the same.
 */
bool hf__results_open(struct hf__results *r, const struct hf__study *s, const char *folder,
                      const char *build, uint64_t hash, unsigned shard, unsigned shards);
void hf__results_done(struct hf__results *r);
/* What other processes have added. False: r->why. */
bool hf__results_read(struct hf__results *r);
/* A row, with its end of line. False: it could not be written, and the part is as before. */
bool hf__results_add(struct hf__results *r, size_t run, const char *row);

/* How many seeds of a setting count: all, or fewer where the study may stop; 0: not yet known. */
size_t hf__results_seeds(const struct hf__results *r, size_t setting);
/* The runs that this shard does next, in order; from malloc. Empty: it has done its part. */
size_t hf__results_next(const struct hf__results *r, size_t **ret);
/* Whether every setting has the seeds that count. */
bool hf__results_whole(const struct hf__results *r);
/* A metric of a setting over the seeds that count. */
void hf__results_sample(const struct hf__results *r, size_t setting,
                        const struct hf__column *metric, struct hf__sample *ret);
struct hf__interval hf__results_interval(const struct hf__column *metric,
                                         const struct hf__sample *sample);
/* How many rows say that a run was not ok. */
size_t hf__results_failed(const struct hf__results *r);
/* Writes runs.csv and settings.csv of a whole study. False: r->why. */
bool hf__results_write(struct hf__results *r);

#endif
