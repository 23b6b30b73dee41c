/* "--set network.loss=1%": one field of a scenario, read by the same schema as the file. */
#include "scenario/scenario.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 4, PART_LEN_MAX = 64 };

/* Splits "a.b.c=value" into the words before the sign; 0: it has no such form. */
static size_t split(const char *assignment, char parts[PARTS_MAX][PART_LEN_MAX],
                    const char **ret_value)
{
    const char *end = strchr(assignment, '='), *p = assignment;
    size_t count = 0;
    if (end == NULL)
        return 0;
    while (p < end) {
        size_t len = 0;
        while (p + len < end && p[len] != '.')
            len++;
        if (len == 0 || len >= PART_LEN_MAX || count == PARTS_MAX)
            return 0;
        memcpy(parts[count], p, len);
        parts[count++][len] = '\0';
        p += len + (p + len < end);
    }
    *ret_value = end + 1;
    return count;
}

static const struct hf_config_field *field_of(const struct hf_config_schema *schema,
                                              const char *name)
{
    for (size_t i = 0; i < schema->fields_len; i++) {
        if (strcmp(schema->fields[i].name, name) == 0)
            return &schema->fields[i];
    }
    return NULL;
}

/* Where the named member is, and its size; false: there is no such field, or it is a map. */
static bool locate(char parts[PARTS_MAX][PART_LEN_MAX], size_t count, size_t *ret_offset,
                   size_t *ret_size)
{
    const struct hf_config_schema *schema = &hf__scenario_schema;
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        const struct hf_config_field *f = schema == NULL ? NULL : field_of(schema, parts[i]);
        if (f == NULL)
            return false;
        offset += f->offset;
        schema = f->type == HF_CONFIG_MAP ? f->schema : NULL;
        if (i + 1 == count) {
            *ret_offset = offset;
            *ret_size = f->size;
            return schema == NULL;
        }
    }
    return false;
}

static int refuse(const char *assignment, struct hf_config_errors *errors)
{
    memset(errors, 0, sizeof *errors);
    snprintf(errors->file, sizeof errors->file, "--set");
    errors->count = 1;
    snprintf(errors->items[0].text, sizeof errors->items[0].text,
             "\"%.100s\": a field of the scenario, as network.loss=1%% or events[0].share=70%%",
             assignment);
    return HF_ECONFIG;
}

/* Reads text as a scenario of which no more than that is known. */
static int read_part(const struct hf_buf *text, struct hf__scenario *ret,
                     struct hf_config_doc **ret_doc, struct hf_config_errors *errors)
{
    hf__scenario_relaxed = true;
    int r = hf_config_load(hf_buf_bytes(text), "--set", &hf__scenario_schema, ret, ret_doc, errors);
    hf__scenario_relaxed = false;
    return r;
}

/* An item of a list of the scenario, as `events[3]` names it. */
struct named {
    const struct hf_config_field *list;
    uint8_t *at;
    size_t item;
};

/* Whether a word is `events[N]` or `churn[N]` of one that is there. */
static bool is_item(struct hf__scenario *s, const char *word, struct named *ret)
{
    struct {
        uint8_t *items;
        size_t count;
    } list;
    char name[PART_LEN_MAX], *end;
    size_t len = strcspn(word, "[");
    if (word[len] != '[' || word[len + 1] < '0' || word[len + 1] > '9')
        return false;
    snprintf(name, sizeof name, "%.*s", (int)len, word);
    ret->list = field_of(&hf__scenario_schema, name);
    ret->item = strtoul(word + len + 1, &end, 10);
    if (strcmp(end, "]") != 0 || ret->list == NULL || ret->list->type != HF_CONFIG_LIST)
        return false;
    memcpy(&list, (uint8_t *)s + ret->list->offset, sizeof list);
    ret->at = list.items + ret->item * ret->list->item->size;
    return ret->item < list.count;
}

/* A field of an item: the item is read anew with it, for what it is must fit the others. */
static int set_item(const struct named *n, const char *field, const char *value,
                    struct hf_config_doc **ret_doc, struct hf_config_errors *errors)
{
    struct hf__scenario one;
    struct named read;
    struct hf_buf text;
    char first[PART_LEN_MAX];
    hf_buf_init(&text, 65536);
    hf_buf_printf(&text, "%s:\n", n->list->name);
    hf__item_print(n->list, n->at, field, &text);
    hf_buf_printf(&text, "    %s: %s\n", field, value);
    int r = read_part(&text, &one, ret_doc, errors);
    snprintf(first, sizeof first, "%s[0]", n->list->name);
    if (r == 0 && is_item(&one, first, &read))
        memcpy(n->at, read.at, n->list->item->size);
    hf_buf_done(&text);
    for (size_t i = 0; r != 0 && i < errors->count; i++) {
        /* What was read has one item alone. */
        char *path = errors->items[i].path;
        snprintf(path, sizeof errors->items[i].path, "%s[%zu].%.64s", n->list->name, n->item,
                 field);
    }
    return r;
}

int hf__scenario_set(struct hf__scenario *s, const char *assignment, struct hf_config_doc **ret_doc,
                     struct hf_config_errors *errors)
{
    char parts[PARTS_MAX][PART_LEN_MAX];
    const char *value;
    size_t offset, size;
    struct named named;
    struct hf__scenario one;
    struct hf_buf text;
    size_t count = split(assignment, parts, &value);
    if (count == 2 && is_item(s, parts[0], &named))
        return set_item(&named, parts[1], value, ret_doc, errors);
    if (count == 0 || !locate(parts, count, &offset, &size))
        return refuse(assignment, errors);
    hf_buf_init(&text, 65536);
    for (size_t i = 0; i < count; i++)
        hf_buf_printf(&text, "%*s%s:%s", (int)(2 * i), "", parts[i], i + 1 < count ? "\n" : " ");
    hf_buf_printf(&text, "%s\n", value);
    int r = read_part(&text, &one, ret_doc, errors);
    if (r == 0)
        memcpy((uint8_t *)s + offset, (const uint8_t *)&one + offset, size);
    hf_buf_done(&text);
    return r;
}
