/* What is taken from the process before it reads the first byte that others send. */
#ifndef HF_FETCH_CONFINE_H
#define HF_FETCH_CONFINE_H

#include "base/check.h"

/*
 * From here on only the system calls by which a set is fetched and put in its place are let
 * through: see hf_sandbox_calls, whose errors these are. It opens connections and takes none, makes
 * no local socket, and runs nothing.
 */
HF_MUST_USE int hf__fetch_confine(void);

#endif
