/*
 * Outputs that wait until what they speak of is durable. The engine says with each which write must
 * be; writes become durable in order, so outputs leave in order too, and nothing leaves early.
 */
#ifndef HF_DAEMON_GATE_H
#define HF_DAEMON_GATE_H

#include "base/bytes.h"
#include "base/check.h"

enum {
    HF__GATE_EACH_MAX = 64,        /* outputs of one kind or to one asker */
    HF__GATE_BYTES_MAX = 32 << 20, /* of those that are bounded */
};

/* Embedded as the first member of what waits. */
struct hf__gated {
    struct hf__gated *next;
    uint64_t after;
    uint64_t who; /* whose it is, among those that are bounded; 0: its maker bounds it */
    size_t size;  /* bytes */
};

struct hf__gate {
    struct hf__gated *first;
    struct hf__gated *last; /* where first is not NULL */
    uint64_t durable;       /* the newest write that is */
    size_t count, bytes;
};

/* Whether an output may leave at once: nothing is waited for, or it is durable already. */
bool hf__gate_open(const struct hf__gate *g, uint64_t after);
/* Takes an output that must wait. One whose write is earlier than that of an output which waits
 * already, leaves after that one. */
void hf__gate_push(struct hf__gate *g, struct hf__gated *what, uint64_t after);
/* Whether one more output of so many bytes may wait for whom it is of. */
bool hf__gate_room(const struct hf__gate *g, uint64_t who, size_t size);
/* Takes out the first output that match says is no more of use, whether it may leave or not, handed
 * to the caller; NULL: there is none. */
struct hf__gated *hf__gate_pull(struct hf__gate *g,
                                bool (*match)(const struct hf__gated *what, void *user),
                                void *user);
/* A write is durable, and with it all before. */
void hf__gate_advance(struct hf__gate *g, uint64_t durable);
/* The next output that may leave, handed to the caller; NULL: none yet. */
struct hf__gated *hf__gate_pop(struct hf__gate *g);
/* The next output whether it may leave or not, for giving up; NULL: none. */
struct hf__gated *hf__gate_drop(struct hf__gate *g);

#endif
