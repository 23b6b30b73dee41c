/* The asks of a daemon, one after the other; proto/TIME.md specifies them. */
#ifndef HF_TIME_SERVE_H
#define HF_TIME_SERVE_H

#include "chrony.h"

struct hf__serve_options {
    struct hf__chrony_options chrony;
    const char *clock_source; /* the kernel's file that names it */
};

/* listener: a SOCK_SEQPACKET socket that listens. uid: who is served. Returns only when the socket
 * can no longer be accepted from, or nothing can be set up: the error. */
HF_MUST_USE int hf__time_serve(int listener, uid_t uid, const struct hf__serve_options *options);

#endif
