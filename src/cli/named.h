/* Accounts as people write and read them: by the operator's name, or by the first digits. */
#ifndef HF_CLI_NAMED_H
#define HF_CLI_NAMED_H

#include "base/check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { HF__NAMED_LEN = 80 };

/* The members of the newest set, as the daemon's answer to `peers` has them; NULL: it has none. */
json_t *hf__named_members(void);
/* Operator and first digits of an account; the digits alone for one in no set. Returns ret. */
const char *hf__named_text(const json_t *members, const char *account,
                           char ret[static HF__NAMED_LEN]);
/* The same of an object with the members account and operator. */
const char *hf__named_of(const json_t *who, char ret[static HF__NAMED_LEN]);
/* Whether a word names the account: all its digits, the first few, or its operator. */
bool hf__named_fits(const char *word, const char *account, const char *operator_name);
/*
 * The one of these accounts (a list of texts, 64 digits each) that a word names: by all digits, the
 * first few, or its operator. False: none or several; said on standard error.
 */
HF_MUST_USE bool hf__named_one(const char *command, const json_t *members, const json_t *accounts,
                               const char *word, char ret[static 65]);

#endif
