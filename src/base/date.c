#include "base/date.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static size_t put(enum hf_date_form form, const struct tm *tm, char ret[static HF_DATE_TEXT])
{
    switch (form) {
    case HF_DATE_DAY:
        return strftime(ret, HF_DATE_TEXT, "%Y-%m-%d", tm);
    case HF_DATE_MINUTE:
        return strftime(ret, HF_DATE_TEXT, "%Y-%m-%d %H:%M UTC", tm);
    case HF_DATE_SECOND:
        return strftime(ret, HF_DATE_TEXT, "%Y-%m-%d %H:%M:%S UTC", tm);
    case HF_DATE_ISO:
        break;
    }
    return strftime(ret, HF_DATE_TEXT, "%Y-%m-%dT%H:%M:%SZ", tm);
}

const char *hf_date_text(uint64_t s, enum hf_date_form form, char ret[static HF_DATE_TEXT])
{
    struct tm tm;
    time_t t = (time_t)s;
    if (t < 0 || gmtime_r(&t, &tm) == NULL || put(form, &tm, ret) == 0)
        snprintf(ret, HF_DATE_TEXT, "%" PRIu64, s);
    return ret;
}
