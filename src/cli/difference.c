#include "difference.h"

#include "ask.h"
#include "base/date.h"
#include "base/error.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20, PATH_MAX_LEN = 256, NAME_LEN = 80, FIRST_DATE_S = 1000000000 };

/* Lines "path: value", one for each field. */
struct lines {
    char **at;
    size_t count, room;
    bool failed; /* out of memory */
};

static void lines_free(struct lines *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->at[i]);
    free(l->at);
}

static void add(struct lines *l, const char *path, const char *value)
{
    if (l->count == l->room) {
        size_t room = l->room > 0 ? 2 * l->room : 64;
        char **grown = realloc(l->at, room * sizeof *grown);
        l->failed = l->failed || grown == NULL;
        if (grown == NULL)
            return;
        l->at = grown;
        l->room = room;
    }
    size_t len = strlen(path) + strlen(value) + 3;
    char *line = malloc(len);
    l->failed = l->failed || line == NULL;
    if (line == NULL)
        return;
    snprintf(line, len, "%s: %s", path, value);
    l->at[l->count++] = line;
}

/* What an element of a list is called: so that one that moved is no change. A validator by its
 * operator and its first digits. */
static const char *name_of(const json_t *element, char ret[static NAME_LEN])
{
    const char *operator_name = json_string_value(json_object_get(element, "operator_name"));
    const char *account = json_string_value(json_object_get(element, "account"));
    if (operator_name != NULL && account != NULL) {
        snprintf(ret, NAME_LEN, "%s %.8s", operator_name, account);
        return ret;
    }
    static const char *const keys[] = {"name", "account", "alias", "key", "ppid"};
    for (size_t i = 0; i < HF_ARRAY_LEN(keys); i++) {
        const char *name = json_string_value(json_object_get(element, keys[i]));
        if (name != NULL && name[0] != '\0')
            return name;
    }
    return NULL;
}

/* A date is added to what counts seconds since 1970, for people. */
static void add_value(struct lines *l, const char *path, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY), dated[80], minute[HF_DATE_TEXT];
    uint64_t s = (uint64_t)json_integer_value(value);
    size_t len = strlen(path);
    bool date = s >= FIRST_DATE_S && len > 2 && strcmp(path + len - 2, "_s") == 0;
    l->failed = l->failed || text == NULL;
    if (text != NULL && date) {
        snprintf(dated, sizeof dated, "%.24s (%s)", text, hf_date_text(s, HF_DATE_MINUTE, minute));
        add(l, path, dated);
    } else if (text != NULL) {
        add(l, path, text);
    }
    free(text);
}

static void flatten(struct lines *l, const char *path, const json_t *value);

static void flatten_list(struct lines *l, const char *path, const json_t *list)
{
    char below[PATH_MAX_LEN], called[NAME_LEN];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        const char *name = name_of(element, called);
        if (name != NULL)
            snprintf(below, sizeof below, "%s[%s]", path, name);
        else
            snprintf(below, sizeof below, "%s[%zu]", path, i);
        flatten(l, below, element);
    }
}

static void flatten(struct lines *l, const char *path, const json_t *value)
{
    char below[PATH_MAX_LEN];
    const char *key;
    const json_t *member;
    if (json_is_array(value)) {
        flatten_list(l, path, value);
    } else if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
            flatten(l, below, member);
        }
    } else {
        add_value(l, path, value);
    }
}

/* No path comes twice in one document. */
static int by_path(const char *a, const char *b)
{
    size_t a_len = (size_t)(strstr(a, ": ") - a), b_len = (size_t)(strstr(b, ": ") - b);
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare(const void *a, const void *b)
{
    return by_path(*(char *const *)a, *(char *const *)b);
}

static void to_json(const struct hf_document *d, struct hf_buf *ret)
{
    if (d->kind == HF_DOCUMENT_ROOT)
        hf_wire_to_json(&hf_wire_root, &d->u.root, ret);
    else if (d->kind == HF_DOCUMENT_POLICY)
        hf_wire_to_json(&hf_wire_policy, &d->u.policy, ret);
    else if (d->kind == HF_DOCUMENT_SET)
        hf_wire_to_json(&hf_wire_validator_set, &d->u.set, ret);
    else
        hf_wire_to_json(&hf_wire_share_set, &d->u.shares, ret);
}

static int lines_of(const struct hf_document *d, struct lines *ret)
{
    struct hf_buf text;
    json_error_t error;
    *ret = (struct lines){0};
    if (d == NULL)
        return 0;
    hf_buf_init(&text, TEXT_MAX);
    to_json(d, &text);
    json_t *root =
        text.error == 0 ? json_loadb((const char *)text.data, text.len, 0, &error) : NULL;
    hf_buf_done(&text);
    if (root == NULL)
        return HF_ENOMEM;
    flatten(ret, "", root);
    json_decref(root);
    if (ret->count > 0)
        qsort(ret->at, ret->count, sizeof *ret->at, compare);
    return ret->failed ? HF_ENOMEM : 0;
}

/* Whether a line is of what every new version has for itself. */
static bool is_own(const char *line)
{
    static const char *const own[] = {
        "beacon: ", "epoch: ", "expires_s: ", "issued_s: ", "version: "};
    for (size_t i = 0; i < HF_ARRAY_LEN(own); i++)
        if (strncmp(line, own[i], strlen(own[i])) == 0)
            return true;
    return false;
}

int hf__difference_print(const struct hf_document *from, const struct hf_document *to)
{
    struct lines old, new = {0};
    bool more = from == NULL;
    int r = lines_of(from, &old);
    if (r == 0)
        r = lines_of(to, &new);
    for (size_t i = 0, j = 0; r == 0 && (i < old.count || j < new.count);) {
        int order = i == old.count ? 1 : j == new.count ? -1 : by_path(old.at[i], new.at[j]);
        bool same = order == 0 && strcmp(old.at[i], new.at[j]) == 0;
        if (order <= 0 && !same)
            printf("- %s\n", old.at[i]);
        if (order >= 0 && !same)
            printf("+ %s\n", new.at[j]);
        more = more || (!same && !is_own(order <= 0 ? old.at[i] : new.at[j]));
        i += order <= 0;
        j += order >= 0;
    }
    if (r == 0 && !more)
        printf("nothing else changes: it is renewed as it is\n");
    lines_free(&old);
    lines_free(&new);
    return r;
}

int hf__document_print(const struct hf_document *d)
{
    struct hf_buf text;
    hf_buf_init(&text, TEXT_MAX);
    to_json(d, &text);
    int r = text.error;
    if (r == 0 && (fwrite(text.data, 1, text.len, stdout) != text.len || putchar('\n') == EOF))
        r = HF_EIO;
    hf_buf_done(&text);
    return r;
}
