/* What is taken from the process before it reads the first byte that others gave. */
#ifndef HF_CEREMONY_CONFINE_H
#define HF_CEREMONY_CONFINE_H

#include "base/check.h"

/*
 * From here on only the system calls by which files are read and written, a quote is made and keys
 * are dealt are let through: see hf_sandbox_calls, whose errors these are. It opens no port, makes
 * and takes no connection, starts no thread, and runs nothing.
 */
HF_MUST_USE int hf__ceremony_confine(void);

#endif
