/* What other members say of themselves, for people (proto/LOCAL.md, section 6). */
#ifndef HF_DAEMON_SURVEY_H
#define HF_DAEMON_SURVEY_H

#include "base/bytes.h"

#include <stdbool.h>

enum { HF__SURVEY_ANSWER_MAX = 16384 };

struct json_t;

/*
 * Takes from the answer to /v1/status, JSON of any origin, what a row has, into row: every member
 * of it that the answer could set is set, to null where the answer has none, or one of another type
 * or beyond its bounds. False: it is no object; row is as before.
 */
bool hf__survey_take(struct hf_bytes answer, struct json_t *row);

#endif
