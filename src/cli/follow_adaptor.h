/* Running an adaptor (proto/FOLLOW.md, 1). */
#ifndef HF_CLI_FOLLOW_ADAPTOR_H
#define HF_CLI_FOLLOW_ADAPTOR_H

#include "base/buf.h"

/*
 * Runs a program, a list of words that NULL ends, and appends what it prints to ret, whose maximum
 * bounds it. It has ended when this returns: after deadline_ms it is killed, though it has closed
 * its output before. HF_ECHAINVIEW: it has not ended with 0. HF_ETIMEOUT: it has not printed all
 * by then. HF_ETOOBIG; HF_ENOTFOUND and what else keeps it from being started.
 */
HF_MUST_USE int hf__adaptor_run(char **words, uint32_t deadline_ms, struct hf_buf *ret);

#endif
