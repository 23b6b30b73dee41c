/* Dates as certificates, revocation lists and Intel's JSON write them. UTC throughout; no leap
 * seconds. */
#ifndef HF_ATTEST_CIVIL_H
#define HF_ATTEST_CIVIL_H

#include "base/bytes.h"
#include "base/check.h"

enum { HF_CIVIL_TEXT_LEN = 21 }; /* "2026-06-30T08:12:19Z" and its terminator */

struct hf_civil {
    unsigned year; /* 1970..9999 */
    unsigned month, day, hour, minute, second;
};

/* Unix time; false when there is no such date. */
HF_MUST_USE bool hf__civil_to_unix(const struct hf_civil *c, uint64_t *ret_s);
/* "YYYY-MM-DDThh:mm:ssZ", exactly: the profile of RFC 3339 that Intel's documents use. */
HF_MUST_USE bool hf__civil_parse(struct hf_bytes text, uint64_t *ret_s);
/* count digits at text, which must be that long. */
HF_MUST_USE bool hf__civil_digits(const uint8_t *text, size_t count, unsigned *ret);
/* Writes the same form; times past the year 9999 become its last second. */
void hf__civil_format(uint64_t unix_s, char ret[static HF_CIVIL_TEXT_LEN]);

#endif
