/* holdfast set sequence-floor: a validator goes on with an old vault (proto/CLAIMS.md, 4.9). */
#ifndef HF_CLI_SET_SEQUENCE_H
#define HF_CLI_SET_SEQUENCE_H

#include "set_floor.h"

/*
 * Reads how far a validator's vault had come and how far its holders have seen it, by the
 * validator's own signed words, says what is lost between the two, has it confirmed, and writes it
 * into set.yaml. Of the options account, record_file and only_instance count. The exit status; what
 * does not fit is said, with what would be right.
 */
int hf__set_sequence(const struct hf__authority *a, const struct hf__floor_options *o);

#endif
