/* Spans of time as people write and read them. */
#ifndef HF_BASE_DURATION_H
#define HF_BASE_DURATION_H

#include "base/check.h"

#include <stdint.h>

enum { HF_DURATION_TEXT = 24 };

/* How far ahead of one's own clock the date of another may be: clocks differ. In seconds, and the
 * same wherever a date comes from outside. */
enum { HF_CLOCK_AHEAD_S = 300 };

/*
 * A number and its unit, nothing else: 90s, 15m, 12h, 7d, 2w. ret_s: seconds, at most max_s.
 * HF_EINVAL: anything else, or more; ret_s is then untouched.
 */
HF_MUST_USE int hf_duration_parse(const char *text, uint64_t max_s, uint64_t *ret_s);
/* What fits a glance: "1.2 s", "3 min", "2 h", "4 days". Returns ret. */
const char *hf_duration_text(uint64_t ms, char ret[static HF_DURATION_TEXT]);

#endif
