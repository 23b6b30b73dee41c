/* holdfast set floor: a decision about a validator too few of whose holders will ever answer. */
#ifndef HF_CLI_SET_FLOOR_H
#define HF_CLI_SET_FLOOR_H

#include "authority.h"

enum { HF__LOST_MAX = 64 };

struct hf__floor_options {
    const char *account;            /* names the validator, as hf__set_named takes it */
    const char *record_file;        /* what its `backup show --json` printed; NULL: not given */
    const char *lost[HF__LOST_MAX]; /* whole accounts, or as hf__set_named takes them */
    size_t lost_count;
    bool change_record; /* goes on from another record than the floor before it */
    bool only_instance; /* a person has made sure that no other machine runs it */
};

/*
 * Works out what the newest record of a validator and the holders that are lost leave to decide,
 * says what it means, has it confirmed, and writes it into set.yaml. It comes into force with `set
 * sign`. The exit status; what does not fit is said, with what would be right.
 */
int hf__set_floor(const struct hf__authority *a, const struct hf__floor_options *o);

#endif
