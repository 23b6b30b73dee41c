/* An application key from the daemon. */
#ifndef HF_CLI_KEY_H
#define HF_CLI_KEY_H

#include "client/call.h"

enum { HF__KEY_DIGITS = 64 };

/*
 * Asks for a key (request "key"), or for both of a name that moves ("keys"), for at most so many
 * seconds while it may come by itself. network: the id, as 64
 * digits, that it must be of, or NULL. ret: ended with hf_client_answer_done, which wipes it. The
 * exit status, with what went wrong said: HF_CLI_NOT_READY where trying again may help.
 */
int hf__key_fetch(const char *command, const char *request, const char *name, long wait_s,
                  const char *network, struct hf_client_answer *ret);
/* The HF__KEY_DIGITS digits of the key in an answer, not terminated; NULL: there is none. The text
 * is not given to a JSON library while the key is in it. */
const char *hf__key_digits(const struct hf_client_answer *a);

#endif
