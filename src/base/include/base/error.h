/*
 * Every error of the project: zero is success, negatives are errors. base/reasons.def pairs each
 * code with its name on the wire and in logs, whether trying again can help, and what a person
 * should know and do.
 */
#ifndef HF_BASE_ERROR_H
#define HF_BASE_ERROR_H

#include <stdbool.h>

enum hf_error {
#define HF_REASON(constant, number, name, transient, what, todo, otherwise, test) constant = number,
#include "base/reasons.def"
#undef HF_REASON
};

/* The code's short name, as on the wire and in logs; "ok" for 0, "unknown_error" for a number not
 * in the list. */
const char *hf_error_name(int code);
/* A sentence for a person, without a full stop. */
const char *hf_error_sentence(int code);
/* Whether trying again, unchanged, may succeed. Unknown codes are permanent. */
bool hf_error_transient(int code);
/* The code of a name, or HF_EINTERNAL for an unknown one: what a newer peer sends is an error all
 * the same. */
int hf_error_from_name(const char *name);

#endif
