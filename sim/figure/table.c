#include "figure/table.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_LEN_MAX = 4096 };

static FILE *open_in(const char *folder, const char *name, enum hf__found *ret,
                     char why[static HF__WHY_MAX])
{
    char path[PATH_LEN_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    if (f != NULL)
        return f;
    *ret = errno == ENOENT ? HF__FOUND_NONE : HF__FOUND_WRONG;
    snprintf(why, HF__WHY_MAX, "%.300s/%s: %s", folder, name,
             hf_error_sentence(hf_error_from_errno(errno)));
    return NULL;
}

/* ---- Tables ---- */

struct reading {
    const char *folder, *name;
    struct hf__table *table;
    char *why;
    size_t cells_cap, cells, lines_cap;
    size_t line; /* at which the present row began */
};

static void add_cell(struct reading *r, const char *text)
{
    if (r->cells == r->cells_cap) {
        r->cells_cap = r->cells_cap == 0 ? 1024 : 2 * r->cells_cap;
        r->table->cells = realloc(r->table->cells, r->cells_cap * sizeof *r->table->cells);
        hf_assert(r->table->cells != NULL);
    }
    r->table->cells[r->cells++] = text;
}

/* A row of so many fields has ended. False: it does not fit the heading. */
static bool end_row(struct reading *r, size_t fields)
{
    struct hf__table *t = r->table;
    if (t->columns == 0) {
        t->columns = fields;
        if (fields <= HF__TABLE_COLUMNS_MAX)
            return true;
        snprintf(r->why, HF__WHY_MAX, "%.300s/%s: more than %d columns", r->folder, r->name,
                 HF__TABLE_COLUMNS_MAX);
        return false;
    }
    if (fields != t->columns) {
        snprintf(r->why, HF__WHY_MAX,
                 "%.300s/%s: line %zu has %zu fields, and the heading has %zu: what wrote it can "
                 "write it anew",
                 r->folder, r->name, r->line, fields, t->columns);
        return false;
    }
    if (t->rows == r->lines_cap) {
        r->lines_cap = r->lines_cap == 0 ? 256 : 2 * r->lines_cap;
        t->lines = realloc(t->lines, r->lines_cap * sizeof *t->lines);
        hf_assert(t->lines != NULL);
    }
    t->lines[t->rows++] = r->line;
    return true;
}

/* Takes a text apart where it stands: fields end with a zero, and quotes go. */
static bool take_apart(struct reading *r, char *at, const char *end)
{
    size_t fields = 0, line = 1;
    r->line = 1;
    while (at < end) {
        char *to = at;
        bool quoted = *at == '"';
        add_cell(r, to);
        for (at += quoted; at < end && (quoted || (*at != ',' && *at != '\n')); at++) {
            line += *at == '\n';
            if (quoted && *at == '"' && at[1] != '"') {
                quoted = false;
                continue;
            }
            at += quoted && *at == '"';
            *to++ = *at;
        }
        bool last = at == end || *at == '\n';
        *to = '\0';
        fields++;
        at++;
        if (!last)
            continue;
        line++;
        if (!end_row(r, fields))
            return false;
        fields = 0;
        r->line = line;
    }
    return true;
}

static bool is_text(struct hf_bytes in)
{
    json_t *text = json_stringn(in.len == 0 ? "" : (const char *)in.data, in.len);
    bool is = text != NULL && (in.len == 0 || memchr(in.data, '\0', in.len) == NULL);
    json_decref(text);
    return is;
}

enum hf__found hf__table_read(const char *folder, const char *name, struct hf__table *ret,
                              char why[static HF__WHY_MAX])
{
    struct reading r = {.folder = folder, .name = name, .table = ret, .why = why};
    char path[PATH_LEN_MAX];
    struct hf_buf file;
    *ret = (struct hf__table){0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    hf_buf_init(&file, HF__RESULTS_LEN_MAX);
    int error = hf_file_read_regular(path, &file);
    bool bytes = error == 0 && !is_text(hf_buf_bytes(&file));
    hf_buf_append_u8(&file, 0);
    ret->text = (char *)file.data;
    if (error != 0 || bytes) {
        snprintf(why, HF__WHY_MAX, "%.300s/%s: %s", folder, name,
                 bytes ? "it is no text in UTF-8" : hf_error_sentence(error));
        return error == HF_ENOTFOUND ? HF__FOUND_NONE : HF__FOUND_WRONG;
    }
    char *end = ret->text + file.len - 1;
    while (end > ret->text && end[-1] != '\n') {
        end--;
        ret->cut = true;
    }
    if (!take_apart(&r, ret->text, end))
        return HF__FOUND_WRONG;
    if (ret->columns > 0)
        return HF__FOUND;
    snprintf(why, HF__WHY_MAX, "%.300s/%s: it has no heading", folder, name);
    return HF__FOUND_WRONG;
}

void hf__table_done(struct hf__table *t)
{
    free(t->text);
    free(t->cells);
    free(t->lines);
    *t = (struct hf__table){0};
}

size_t hf__table_column(const struct hf__table *t, const char *name)
{
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->cells[i], name) == 0)
            return i;
    return SIZE_MAX;
}

const char *hf__table_cell(const struct hf__table *t, size_t row, size_t column)
{
    hf_assert(row < t->rows && column < t->columns);
    return t->cells[(row + 1) * t->columns + column];
}

bool hf__table_number(const struct hf__table *t, const char *name, size_t row, size_t column,
                      double *ret, char why[static HF__WHY_MAX])
{
    char *end;
    *ret = NAN;
    if (column == SIZE_MAX)
        return true;
    const char *text = hf__table_cell(t, row, column);
    if (*text == '\0')
        return true;
    *ret = strtod(text, &end);
    if (*end == '\0' && isfinite(*ret))
        return true;
    snprintf(why, HF__WHY_MAX, "%.100s: line %zu: %.60s is %.60s, and should be a number", name,
             t->lines[row], t->cells[column], text);
    return false;
}

/* ---- Lines of JSON ---- */

enum hf__found hf__lines_read(const char *folder, const char *name, hf__line_fn *line, void *ctx,
                              bool *ret_cut, char why[static HF__WHY_MAX])
{
    enum hf__found found = HF__FOUND;
    char *text = NULL;
    size_t cap = 0, number = 0;
    ssize_t len;
    *ret_cut = false;
    FILE *f = open_in(folder, name, &found, why);
    if (f == NULL)
        return found;
    while (found == HF__FOUND && (len = getline(&text, &cap, f)) > 0) {
        number++;
        *ret_cut = text[len - 1] != '\n';
        if (*ret_cut)
            break;
        json_t *object = json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(object)) {
            snprintf(why, HF__WHY_MAX, "%.300s/%s: line %zu is no object of JSON", folder, name,
                     number);
            found = HF__FOUND_WRONG;
        } else if (!line(ctx, object, why)) {
            found = HF__FOUND_WRONG;
        }
        json_decref(object);
    }
    if (ferror(f) != 0) {
        snprintf(why, HF__WHY_MAX, "%.300s/%s: it cannot be read", folder, name);
        found = HF__FOUND_WRONG;
    }
    free(text);
    fclose(f);
    return found;
}

uint64_t hf__line_number(const json_t *line, const char *member, uint64_t max, uint64_t fallback)
{
    const json_t *value = json_object_get(line, member);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return fallback;
    uint64_t number = (uint64_t)json_integer_value(value);
    return number <= max ? number : fallback;
}

const char *hf__line_text(const json_t *line, const char *member)
{
    const char *text = json_string_value(json_object_get(line, member));
    return text == NULL ? "" : text;
}
