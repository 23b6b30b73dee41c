/* The network in one table. */
#ifndef HF_CLI_STATUS_ALL_H
#define HF_CLI_STATUS_ALL_H

#include <stdbool.h>

/* Prints what each member says of itself when the daemon asks it. The exit status. */
int hf__status_all(bool json);

#endif
