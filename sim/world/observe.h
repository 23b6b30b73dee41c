/*
 * Who watches the world from inside: checkers, strategies and the recorder of results. An observer
 * sees what happens as it happens; it may keep its own notes, and only a strategy may interfere.
 */
#ifndef HF_SIM_OBSERVE_H
#define HF_SIM_OBSERVE_H

#include "core/engine.h"

/* Checkers, record, message log, run and schedule; and one for each hostile event. */
enum { HF__OBSERVERS_MAX = 64, HF__HOSTILE_MAX = HF__OBSERVERS_MAX - 8 };

struct hf__disk_write;
struct hf__made;
struct hf__node;
struct hf__call;
struct hf__message;
struct hf_world;
struct hf_verdict_on;
struct hf_message;

struct hf__observer {
    void *ctx;
    /* A message is sent; a strategy may decide its fate (enum hf_fate). */
    int (*sent)(void *ctx, struct hf_world *w, const struct hf_message *m,
                struct hf_verdict_on *ret);
    /* A message is handed to its receiver's engine. */
    void (*delivered)(void *ctx, struct hf_world *w, const struct hf_message *m);
    /* A call has ended at its caller; body: of its answer, when error is 0. */
    void (*ended)(void *ctx, struct hf_world *w, const struct hf__call *c, int error,
                  struct hf_bytes body);
    void (*trace)(void *ctx, struct hf_world *w, uint32_t node, const struct hf_trace *t);
    /* A key was released to the application, or refused. */
    void (*local)(void *ctx, struct hf_world *w, uint32_t node, const struct hf_local_reply *r);
    /* A transaction is durable. */
    void (*durable)(void *ctx, struct hf_world *w, uint32_t node,
                    const struct hf__disk_write *writes, size_t count);
    /* A quote was made for an engine, or by a stranger. */
    void (*quoted)(void *ctx, struct hf_world *w, const struct hf__made *made);
    /* A share holder, from 1, has answered a request of a black start. */
    void (*answered)(void *ctx, struct hf_world *w, uint8_t holder, struct hf_bytes request);
    void (*started)(void *ctx, struct hf_world *w, uint32_t node);
    /* All rows of its vault are gone; hostile: by its host's hand. */
    void (*emptied)(void *ctx, struct hf_world *w, uint32_t node, bool hostile);
    void (*crashed)(void *ctx, struct hf_world *w, uint32_t node);
    /* An own timer, set with hf__wake. */
    void (*wake)(void *ctx, struct hf_world *w, uint32_t mark);
    void (*done)(void *ctx, struct hf_world *w);
};

/* Adds an observer; it is copied. Returns its number. */
uint32_t hf__observe(struct hf_world *w, const struct hf__observer *observer);
/* Calls an observer's wake at a time. */
void hf__wake(struct hf_world *w, uint32_t observer, uint32_t mark, uint64_t at_us);

#endif
