/* Reading the daemon's answers. */
#ifndef HF_CLI_ANSWER_H
#define HF_CLI_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The text of a member; "": there is none. Borrowed. */
static inline const char *text_of(const json_t *root, const char *name)
{
    const char *text = json_string_value(json_object_get(root, name));
    return text != NULL ? text : "";
}

/* The number of a member; 0: there is none. */
static inline long long number_of(const json_t *root, const char *name)
{
    return json_integer_value(json_object_get(root, name));
}

/* Whether a member is there and true. */
static inline bool is_true(const json_t *root, const char *name)
{
    return json_is_true(json_object_get(root, name));
}

/* As programs are given an answer. */
static inline void print_json(const json_t *root)
{
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
}

#endif
