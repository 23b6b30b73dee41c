/* Asking a daemon from outside its trust domain, over its operator listener (proto/OPERATOR.md). */
#ifndef HF_CLI_OUTSIDE_H
#define HF_CLI_OUTSIDE_H

#include "base/buf.h"
#include "base/check.h"

/* What the words before the command say of it. */
struct hf__outside {
    const char *address, *key_file; /* both or neither */
    const char *account;            /* that the daemon must prove, 64 digits; NULL: any or none */
};
extern struct hf__outside hf__outside;

/* Whether the daemon is asked from outside. */
bool hf__outside_wanted(void);
/* Whether what stands before the command makes sense; said where it does not. */
HF_MUST_USE bool hf__outside_valid(void);
/* Sends a request, and appends the answer, both JSON as of the local socket. What went wrong on the
 * way is said on standard error unless quiet. Errors: those of hf_net_once; HF_EPERMISSION: this
 * key may not ask there. */
HF_MUST_USE int hf__outside_ask(struct hf_bytes request, uint32_t timeout_ms, bool quiet,
                                struct hf_buf *ret_answer);

#endif
