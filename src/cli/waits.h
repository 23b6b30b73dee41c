/* For whom a node waits, and what its authority must know to decide a floor. */
#ifndef HF_CLI_WAITS_H
#define HF_CLI_WAITS_H

#include <jansson.h>

/* Prints the holders that a status says are waited for, and what to do where too few may ever
 * answer; nothing where nothing is waited for. */
void hf__waits_print(const json_t *root);
/* Prints the parts of a status that `set floor --record` reads, as JSON. */
void hf__waits_json(const json_t *root);

#endif
