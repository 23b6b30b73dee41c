/* What happens when: the event loop, processes that start and end, the work that they start. */
#ifndef HF_SIM_RUN_H
#define HF_SIM_RUN_H

#include "world/world.h"

/* run.c */
/* One event that is due by then; false: there is none. */
bool hf__step_until(struct hf_world *w, uint64_t until_us);

/* process.c */
/* How a node's update is carried out: given to a world when it is made. */
extern const struct hf_shell hf__process_shell;
/* A machine that was starting has started, unless it died since. */
void hf__process_booted(struct hf_world *w, uint32_t node);
/* Frees a node at the end of its world. */
void hf__process_release(struct hf_world *w, struct hf__node *n);

/* work.c */
/* Work of an update begins: its end stands in the queue. */
void hf__work_start(struct hf_world *w, struct hf__node *n, const struct hf_work *work,
                    uint64_t at_us);
/* The entry of its end has come; stale when the mark is another. */
void hf__work_done(struct hf_world *w, uint32_t work, uint32_t mark);
/* The work of an entry of the queue will not be done. */
void hf__work_drop(struct hf_world *w, uint64_t what);
/* Nothing slows work down any more: what is under way takes no longer than it would now. */
void hf__works_hurry(struct hf_world *w);
/* What the processor has to do for a piece of work, in nanoseconds. */
uint64_t hf__compute_work(struct hf_world *w, const struct hf__node *n, const struct hf__work *k);

#endif
