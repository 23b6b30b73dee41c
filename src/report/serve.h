/* The requests of the report helper, one after the other; proto/REPORT.md specifies them. */
#ifndef HF_REPORT_SERVE_H
#define HF_REPORT_SERVE_H

#include "base/check.h"

#include <sys/types.h>

/* listener: a SOCK_SEQPACKET socket that listens. uid: who is served. folder: the kernel's, for
 * reports. Returns only when the socket can no longer be accepted from: the error. */
HF_MUST_USE int hf__report_serve(int listener, uid_t uid, const char *folder);

#endif
