/* Reading the daemon's answers. */
#ifndef HF_CLI_ANSWER_H
#define HF_CLI_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

static inline const char *text_of(const json_t *root, const char *name)
{
    const char *text = json_string_value(json_object_get(root, name));
    return text != NULL ? text : "";
}

static inline long long number_of(const json_t *root, const char *name)
{
    return json_integer_value(json_object_get(root, name));
}

static inline bool is_true(const json_t *root, const char *name)
{
    return json_is_true(json_object_get(root, name));
}

/* "1.2 s", "3 min", "2 h", "4 days": what fits a glance. */
static inline const char *duration(long long ms, char ret[static 24])
{
    if (ms < 60000)
        snprintf(ret, 24, "%lld.%lld s", ms / 1000, ms % 1000 / 100);
    else if (ms < 7200000)
        snprintf(ret, 24, "%lld min", ms / 60000);
    else if (ms < 172800000)
        snprintf(ret, 24, "%lld h", ms / 3600000);
    else
        snprintf(ret, 24, "%lld days", ms / 86400000);
    return ret;
}

#endif
