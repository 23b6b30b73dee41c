/*
 * Sweeps over tables of keys (proto/ROTATION.md, 2): what must hold of each over every table, and
 * of every sequence of them, whatever the clock does. They share no code with what decides.
 */
#ifndef HF_TESTS_ROTATE_SWEEPS_H
#define HF_TESTS_ROTATE_SWEEPS_H

#include "owner/rotate.h"

enum { ROTATE_CASES = 100000, ROTATE_START_S = 1000000 };

struct rotate_sweep {
    struct hf__rotation policy;
    struct hf__keys before, after;
    uint64_t now_s;
    struct hf__key_op ops[HF__KEY_OPS_MAX];
    size_t count;
};

/* Fills in ops, and the table after them. */
void rotate_sweep(struct rotate_sweep *s);
/* How many keys of a suite, or with -1 of all, are in this state. */
size_t rotate_count(const struct hf__keys *keys, int suite, enum hf__key_state in);

/*
 * Any table and policy, by its number, and a sequence of sweeps from there on in a world that
 * changes both, and the clock. NULL, or the name of the first property that does not hold.
 */
const char *rotate_case(uint64_t number);
/* The same sequence, of which only the end is judged: whether it comes to rest. */
const char *rotate_rest(uint64_t number);
/* Pending keys that are added faster than any of them may be promoted. */
const char *rotate_starved(void);

#endif
