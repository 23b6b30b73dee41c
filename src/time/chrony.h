/* chronyd, as a child that takes samples and sets no clock, and its client. */
#ifndef HF_TIME_CHRONY_H
#define HF_TIME_CHRONY_H

#include "base/buf.h"
#include "base/check.h"
#include "wire/messages.h"

#include <sys/types.h>

/* How chronyd is started: the command line's. */
struct hf__chrony_options {
    const char *chronyd, *chronyc; /* the programs */
    const char *folder;            /* for its socket; Debian's profile lets it to /run/chrony */
    const char *ca_file;           /* NULL: the system's certificates */
    unsigned poll;                 /* 2^poll seconds between two questions to one server */
};

struct hf__chrony {
    const struct hf__chrony_options *options;
    pid_t child;    /* 0: it does not run */
    int64_t off_us; /* its clock is so far ahead of the kernel's */
    char socket[108], pid_file[108];
};

/* options: borrowed for good. HF_ETOOBIG: the folder's path is too long for a socket. */
HF_MUST_USE int hf__chrony_init(struct hf__chrony *c, const struct hf__chrony_options *options);
/*
 * Starts it; it must not run. ask: the servers, whose names are host names, and the time by which
 * certificates are judged. clock_us: the kernel's clock. HF_ETIMEOUT: it takes no orders; the
 * errors of fork. It does not run after an error.
 */
HF_MUST_USE int hf__chrony_start(struct hf__chrony *c, const struct hf_time_ask *ask,
                                 uint64_t clock_us);
/* Whether it runs still. */
bool hf__chrony_runs(struct hf__chrony *c);
/* Ends it. No-op where it does not run. */
void hf__chrony_end(struct hf__chrony *c);
/*
 * What the client prints for an order. words: NULL behind the last. ret: initialised, appended to.
 * HF_ETIMEOUT; HF_ETOOBIG; HF_EREFUSED: it failed. The errors of fork.
 */
HF_MUST_USE int hf__chrony_order(const struct hf__chrony *c, const char *const *words,
                                 struct hf_buf *ret);

#endif
