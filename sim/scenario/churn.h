/*
 * Processes of faults that never end: each node dies, restarts, or goes for good, again and again,
 * at times that are drawn for it alone. A node's times come from a stream of its own, so a further
 * process, and a further node, change nothing for the others.
 *
 * The time until a node's next fault is Weibull's: with shape 1 exponential, that is without
 * memory; below 1 young nodes fail more often, above it old ones. It begins when the node starts
 * for the first time, and anew when it is back from its last fault.
 */
#ifndef HF_SIM_CHURN_H
#define HF_SIM_CHURN_H

#include "scenario/schedule.h"

enum { HF__CHURN_MAX = 8 };

/* One process, as a scenario has it. */
struct hf__churn {
    int kind;         /* HF__ACTION_CRASH, POWER_OFF, REMOVE, LOSE_FOLDER, LEAVE or JOIN */
    uint64_t mean_us; /* until the next of one node; of JOIN: of the network; above 0 */
    double shape;     /* of Weibull's distribution */
    uint64_t for_us;  /* CRASH, POWER_OFF: down for so long, on average, exponentially; above 0 */
    uint64_t from_us; /* none before */
    uint64_t replace_us; /* REMOVE, LEAVE: a new node joins so long after; 0: none does */
};

/* Whether an action can be such a process. */
bool hf__churn_can(int kind);
/* Whether it takes something from the world that only other nodes can give back. */
bool hf__churn_harms(int kind);
/* The time from age_us after its beginning until the fault: what is left of a draw that has lasted
 * so long already. */
uint64_t hf__churn_draw(struct hf__stream *r, const struct hf__churn *c, uint64_t age_us);

struct hf__churning;

/* Begins the processes on a world whose nodes have not started. rows is borrowed for the world's
 * life; at most HF__CHURN_MAX. note: of each fault, as of an event; may be NULL. */
struct hf__churning *hf__churn_new(struct hf_world *w, const struct hf__churn *rows, size_t count,
                                   hf__action_fn *note, void *ctx);
/* None happens any more. */
void hf__churn_end(struct hf__churning *c);
/* Draws anew what is to come, given what has come: see hf__renew. */
void hf__churn_renew(struct hf__churning *c);
/* After the world. */
void hf__churn_free(struct hf__churning *c);

#endif
