#include "base/duration.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>

int hf_duration_parse(const char *text, uint64_t max_s, uint64_t *ret_s)
{
    static const struct {
        char name;
        uint64_t s;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
    const char *p = text;
    uint64_t v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (v > (UINT64_MAX - 9) / 10)
            return HF_EINVAL;
        v = 10 * v + (uint64_t)(*p - '0');
    }
    if (p == text || *p == '\0' || p[1] != '\0')
        return HF_EINVAL;
    for (size_t i = 0; i < HF_ARRAY_LEN(units); i++)
        if (*p == units[i].name && v <= max_s / units[i].s) {
            *ret_s = v * units[i].s;
            return 0;
        }
    return HF_EINVAL;
}

const char *hf_duration_text(uint64_t ms, char ret[static HF_DURATION_TEXT])
{
    if (ms < 60000)
        snprintf(ret, HF_DURATION_TEXT, "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
    else if (ms < 7200000)
        snprintf(ret, HF_DURATION_TEXT, "%" PRIu64 " min", ms / 60000);
    else if (ms < 172800000)
        snprintf(ret, HF_DURATION_TEXT, "%" PRIu64 " h", ms / 3600000);
    else
        snprintf(ret, HF_DURATION_TEXT, "%" PRIu64 " days", ms / 86400000);
    return ret;
}
