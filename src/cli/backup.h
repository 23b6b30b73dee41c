/* What a status says of those who keep this node's shares, in words. */
#ifndef HF_CLI_BACKUP_H
#define HF_CLI_BACKUP_H

#include <jansson.h>
#include <stdbool.h>

/* Prints a line for each provider of a status or a drill; nothing where there is none. */
void hf__backup_print(const json_t *root);
/* Prints a line for each share that moved while its owner was down: when, to whom, why and by whom;
 * own: also whether it is retired. */
void hf__moved_print(const json_t *moved, bool own);
/* How many more providers may go before a claim, and before the shares fail; below 0: so many are
 * missing already. */
void hf__spare_print(json_int_t claim, json_int_t shares);

#endif
