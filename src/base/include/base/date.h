/* Dates as people and programs read them, in UTC. */
#ifndef HF_BASE_DATE_H
#define HF_BASE_DATE_H

#include <stdint.h>

enum { HF_DATE_TEXT = 32 };

enum hf_date_form {
    HF_DATE_DAY,    /* 2026-11-30 */
    HF_DATE_MINUTE, /* 2026-11-30 08:05 UTC */
    HF_DATE_SECOND, /* 2026-11-30 08:05:09 UTC */
    HF_DATE_ISO,    /* 2026-11-30T08:05:09Z (RFC 3339), as forms and logs have it */
};

/* Seconds since 1970 in this form; their number, where no calendar has such a year. Returns ret,
 * terminated. */
const char *hf_date_text(uint64_t s, enum hf_date_form form, char ret[static HF_DATE_TEXT]);

#endif
