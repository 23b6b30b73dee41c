/* Answers of corrupt providers to recoveries and drills, changed and signed anew. */
#ifndef HF_SIM_ANSWER_H
#define HF_SIM_ANSWER_H

#include "hostile/hostile.h"

/* Changes what is decoded in place; false: it leaves the answer as it is. Memory for what it adds
 * lives in the run's arena. */
typedef bool hf__answer_fn(struct hf__strategy_run *run, const struct hf_message *m,
                           struct hf_recover_answer *answer);

/* For an observer's `sent`: what becomes of a message when the run's nodes answer so. */
int hf__answer_spoil(struct hf__strategy_run *run, const struct hf_message *m,
                     struct hf_verdict_on *ret, hf__answer_fn *spoil);

#endif
