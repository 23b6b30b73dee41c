/* A node's process: its engine, its clocks, its share of a processor, what it is asked locally. */
#ifndef HF_SIM_NODE_H
#define HF_SIM_NODE_H

#include "world/world.h"

/* node.c */
/* Steps the node's engine with an event; the world's shell carries out what comes of it. */
void hf__step(struct hf_world *w, struct hf__node *n, struct hf_event *event);
/* The oldest entry that waited while the node computed, if it computes no more; false: none. */
bool hf__node_next(struct hf_world *w, struct hf__node *n, uint64_t *ret_what);
/* Whether an entry must wait: the process stands still, or computes. It is then kept. */
bool hf__node_postpones(struct hf_world *w, struct hf__node *n, uint64_t what);
/* The timer's entry has come; it may be an old one. */
void hf__node_timer(struct hf_world *w, struct hf__node *n, uint64_t what);
/* The engine wants to be woken when the node's monotonic clock shows deadline_ms. */
void hf__node_deadline(struct hf_world *w, struct hf__node *n, uint64_t deadline_ms);
/* What the node's monotonic clock shows. */
uint64_t hf__node_now_ms(const struct hf_world *w, const struct hf__node *n);
/* What the node's wall clock shows. */
uint64_t hf__node_wall_ms(const struct hf_world *w, const struct hf__node *n);

/* time.c */
/* The time helper's entry has come: it tells, and will again. */
void hf__node_timed(struct hf_world *w, struct hf__node *n);
/* A process has started: its helper will tell. */
void hf__node_timed_from(struct hf_world *w, const struct hf__node *n);

/* processor.c */
/* When a node's process has computed so long, starting now or when its host has a core to spare. */
uint64_t hf__compute(struct hf_world *w, const struct hf__node *n, uint64_t ns);
/* hf__compute for a step of its engine, whose cryptography was counted. */
uint64_t hf__compute_step(struct hf_world *w, const struct hf__node *n,
                          const struct hf_event *event, const struct hf_update *u);

/* local.c */
/* The entry of a local request has come: the engine is asked. */
void hf__local_ask(struct hf_world *w, uint32_t index);
/* An engine has answered one; the answer may have to wait for a write. */
void hf__local_replied(struct hf_world *w, struct hf__node *n, const struct hf_local_reply *reply);
/* Writes have become durable: answers that waited for them leave. */
void hf__local_durable(struct hf_world *w, struct hf__node *n);
/* A share holder's answer is brought to a node; the local request's id. */
uint64_t hf__local_bring(struct hf_world *w, uint32_t node, struct hf_bytes answer);
/* The operator has a node leave, with a deadline so many seconds away. */
void hf__local_leave(struct hf_world *w, uint32_t node, uint64_t seconds);

#endif
