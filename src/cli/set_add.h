/* A validator for the next set, and what all of them are now. */
#ifndef HF_CLI_SET_ADD_H
#define HF_CLI_SET_ADD_H

#include "authority.h"

struct hf__set_add {
    const char *file; /* an identity; NULL: that of the daemon at the socket */
    const char *operator_name, *zone, *address;
    const char *collateral, *key_file; /* NULL: the folder's own; a key beside the folder's */
    bool replace, also, offline;
};

/* Verifies what the daemon is, and notes its account for the next set; says what it does. The exit
 * status. */
int hf__set_add(const struct hf__authority *a, const struct hf__set_add *o);

struct hf__set_attest {
    const char *collateral, *key_file; /* as above */
    bool json, propose;
};

/* Asks every validator of set.yaml what it is, prints who fails what, and leaves those out of the
 * next set where that is asked for. The exit status: HF_CLI_NOT_READY: not all pass. */
int hf__set_attest(const struct hf__authority *a, const struct hf__set_attest *o);

#endif
