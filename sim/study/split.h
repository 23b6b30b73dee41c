/*
 * Chances too small to be counted: importance splitting, RESTART (M. and J. Villén-Altamirano, "On
 * the efficiency of RESTART for multidimensional state systems", ACM Transactions on Modeling and
 * Computer Simulation, 2006).
 *
 * A path through a random world has a level, from 0, that says how near it is to what is rare.
 * Where a path comes up to level l, it goes on as R_l paths that draw different things from then
 * on: itself, and R_l - 1 copies, each of which ends when it falls below l. A path at level l thus
 * stands for a part 1 / (R_1 ... R_l) of itself, and the parts of all that reach what is rare have
 * the chance as their mean: for any levels and any R, which decide no more than the spread.
 *
 * A copy is made with fork(2), so a world needs to know nothing of it; copies run one after the
 * other, and each process waits for the copies that it made.
 */
#ifndef HF_SIM_SPLIT_H
#define HF_SIM_SPLIT_H

#include "study/interval.h"

enum { HF__SPLIT_LEVELS_MAX = 16, HF__SPLIT_COPIES_MAX = 1000, HF__SPLIT_WORLDS_MAX = 1000000 };

/* How many paths go on where one comes up to a level: copies[0] is of level 1. */
struct hf__splits {
    unsigned levels;
    uint32_t copies[HF__SPLIT_LEVELS_MAX];
};

/* Why a root came to nothing. */
enum hf__split_end {
    HF__SPLIT_WHOLE,     /* it did not: all of its paths ended */
    HF__SPLIT_MEMORY,    /* a path ran out of memory */
    HF__SPLIT_PROCESSES, /* the system gave no further process */
    HF__SPLIT_WORLDS,    /* more paths than HF__SPLIT_WORLDS_MAX */
    HF__SPLIT_SIGNAL,    /* a path's process crashed */
};

/* What a root and all that came of it have found. */
struct hf__split_sums {
    double chance;   /* the sum of the parts of paths that reached what is rare */
    uint64_t hits;   /* such paths */
    uint64_t worlds; /* paths, the root itself counted */
    uint64_t entered[HF__SPLIT_LEVELS_MAX + 1]; /* how often a path came up to a level */
    uint64_t events, virtual_us;                /* as the paths add to them */
    double cpu_s;                               /* of all processes */
    char wrong[200];                            /* as a path writes it, or "" */
    enum hf__split_end end;
};

struct hf__split;

/* One path: it calls hf__split_level as its level changes, and ends with hf__split_hit or by
 * returning. In a process of its own. */
typedef void hf__split_path_fn(void *ctx, struct hf__split *s);
/* The path is a copy from here on, and draws anew what is to come. name: its own, not 0. */
typedef void hf__split_renew_fn(void *ctx, uint64_t name);

/* Runs one root and all that comes of it, in processes that have ended when it returns. */
void hf__split_root(const struct hf__splits *splits, hf__split_path_fn *path,
                    hf__split_renew_fn *renew, void *ctx, struct hf__split_sums *ret);

/* The path is at this level now, at most splits->levels. It may return several times, in as many
 * processes, or not at all. */
void hf__split_level(struct hf__split *s, unsigned level);
/* The path has reached what is rare; it ends. */
_Noreturn void hf__split_hit(struct hf__split *s);
/* What all paths of the root add to. */
struct hf__split_sums *hf__split_sums(struct hf__split *s);

/* What roots say of the chance: the mean of their parts, with the interval of such (see
 * hf__interval_parts), at most 1. None reached it: 0 to the high end of Wilson's for a root that
 * has a part in it, as the chance is not above that. */
struct hf__interval hf__split_interval(const struct hf__sample *chances, uint64_t hits);

#endif
