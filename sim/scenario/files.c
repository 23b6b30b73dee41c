/*
 * Files beside a scenario, each a table. A table is made YAML, line for line, and read by the
 * scenario's own schema: what is wrong is named by the same words, at the line where it stands.
 */
#include "scenario/scenario.h"

#include "base/error.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MAX = 1024, FILE_MAX = 64 << 20 };

/* ---- Lines and cells ---- */

struct cells {
    struct hf_bytes at[CELLS_MAX];
    size_t count; /* what is beyond CELLS_MAX is left out */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A piece of text without blanks around it. */
static struct hf_bytes trimmed(struct hf_bytes b)
{
    while (b.len > 0 && is_blank(b.data[0]))
        b = hf_bytes_of(b.data + 1, b.len - 1);
    while (b.len > 0 && is_blank(b.data[b.len - 1]))
        b.len--;
    return b;
}

static void add_cell(struct cells *c, struct hf_bytes cell)
{
    if (c->count < CELLS_MAX)
        c->at[c->count++] = cell;
}

/* Cells apart by commas. */
static void split_by_commas(struct hf_bytes line, struct cells *ret)
{
    size_t from = 0;
    ret->count = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.data[i] != ',')
            continue;
        add_cell(ret, trimmed(hf_bytes_of(line.data + from, i - from)));
        from = i + 1;
    }
}

/* Cells apart by commas or blanks, none of which is empty. */
static void split_by_blanks(struct hf_bytes line, struct cells *ret)
{
    size_t len = 0;
    ret->count = 0;
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.data[i] != ',' && !is_blank(line.data[i])) {
            len++;
            continue;
        }
        if (len > 0)
            add_cell(ret, hf_bytes_of(line.data + i - len, len));
        len = 0;
    }
}

/* A line, without its end, is taken from what is left. False: there is none. */
static bool next_line(struct hf_bytes *rest, struct hf_bytes *ret)
{
    if (rest->len == 0)
        return false;
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    *ret = trimmed(hf_bytes_of(rest->data, len));
    len += end != NULL;
    *rest = hf_bytes_of(rest->data + len, rest->len - len);
    return true;
}

static bool is_plain(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("._%+-", c) != NULL);
}

/* A cell as a scalar of YAML, whatever is in it. */
static void put_scalar(struct hf_bytes cell, struct hf_buf *out)
{
    bool plain = true;
    for (size_t i = 0; i < cell.len; i++)
        plain = plain && is_plain(cell.data[i]);
    hf_buf_printf(out, plain ? "" : "\"");
    for (size_t i = 0; i < cell.len; i++) {
        uint8_t c = cell.data[i] < ' ' || cell.data[i] > '~' ? '?' : cell.data[i];
        hf_buf_printf(out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
    }
    hf_buf_printf(out, plain ? "" : "\"");
}

/* ---- A table ---- */

/* Makes YAML of a line that says something; begins: it is the first. */
typedef void line_fn(void *ctx, struct hf_bytes line, bool begins, struct hf_buf *out);

struct table {
    const char *file, *ends; /* ends: after the last line */
    line_fn *line;
    void *ctx;
    const struct hf_config_schema *schema;
};

static int read_table(const struct table *t, void *ret, struct hf_config_doc **ret_doc,
                      struct hf_config_errors *errors)
{
    struct hf_buf text, yaml;
    struct hf_bytes rest, line;
    bool begins = true;
    hf_buf_init(&text, FILE_MAX);
    hf_buf_init(&yaml, 4 * FILE_MAX);
    int r = hf_file_read_regular(t->file, &text);
    rest = hf_buf_bytes(&text);
    while (r == 0 && next_line(&rest, &line)) {
        if (line.len > 0 && line.data[0] != '#') {
            t->line(t->ctx, line, begins, &yaml);
            begins = false;
        }
        hf_buf_printf(&yaml, "\n");
    }
    hf_buf_printf(&yaml, "%s\n", begins ? "" : t->ends);
    if (r == 0)
        r = hf_config_load(hf_buf_bytes(&yaml), t->file, t->schema, ret, ret_doc, errors);
    hf_buf_done(&text);
    hf_buf_done(&yaml);
    return r;
}

/* ---- A matrix ---- */

static const struct hf_config_field matrix_fields[] = {
    {.name = "round_trips",
     .type = HF_CONFIG_LIST,
     .offset = 0,
     .size = sizeof(struct hf_world_rows),
     .item = &hf__row_item,
     .required = true,
     .min = 1,
     .max = CELLS_MAX},
};
static const struct hf_config_schema matrix_schema =
    HF_CONFIG_SCHEMA(struct hf_world_rows, matrix_fields, NULL);

static bool is_number(struct hf_bytes cell)
{
    return cell.len > 0 && ((cell.data[0] >= '0' && cell.data[0] <= '9') || cell.data[0] == '.');
}

/* The first line may name the columns, and the first cell of each line its row. */
static void matrix_line(void *ctx, struct hf_bytes line, bool begins, struct hf_buf *out)
{
    struct cells *c = ctx;
    split_by_blanks(line, c);
    bool named = c->count > 0 && !is_number(c->at[0]);
    hf_buf_printf(out, begins ? "round_trips: [" : "");
    if (begins && named && (c->count == 1 || !is_number(c->at[1])))
        return;
    hf_buf_printf(out, "\"");
    for (size_t i = named; i < c->count; i++) {
        for (size_t j = 0; j < c->at[i].len; j++)
            hf_buf_printf(out, "%c", is_plain(c->at[i].data[j]) ? c->at[i].data[j] : '?');
        hf_buf_printf(out, i + 1 < c->count ? " " : "");
    }
    hf_buf_printf(out, "\",");
}

static int read_matrix(struct hf__scenario *s, struct hf__scenario_kept *ret_kept,
                       struct hf_config_errors *errors)
{
    static struct cells cells;
    const struct table t = {s->matrix, "]", matrix_line, &cells, &matrix_schema};
    int r = read_table(&t, &s->world.network.round_trips, &ret_kept->matrix, errors);
    if (r == 0)
        s->matrix = NULL;
    return r;
}

/* ---- A trace ---- */

struct trace {
    HF_CONFIG_LIST_OF(struct hf__action) actions;
};

/* Each at its time, as those of a scenario. */
static void check_trace(const void *value, const struct hf_config_where *where)
{
    const struct trace *t = value;
    char path[48];
    for (size_t i = 1; i < t->actions.count; i++) {
        snprintf(path, sizeof path, "events[%zu].at", i);
        if (t->actions.items[i].at_us < t->actions.items[i - 1].at_us)
            hf_config_refuse(where, path, "not before the line above it");
    }
}

static const struct hf_config_field trace_fields[] = {
    {.name = "events",
     .type = HF_CONFIG_LIST,
     HF_CONFIG_AT(struct trace, actions),
     .item = &hf__action_item,
     .max = 65536},
};
static const struct hf_config_schema trace_schema =
    HF_CONFIG_SCHEMA(struct trace, trace_fields, check_trace);

struct trace_lines {
    struct cells names; /* into the text, as that of a line is */
    struct cells cells;
};

static void trace_line(void *ctx, struct hf_bytes line, bool begins, struct hf_buf *out)
{
    struct trace_lines *t = ctx;
    const char *between = "";
    if (begins) {
        split_by_commas(line, &t->names);
        hf_buf_printf(out, "events:");
        return;
    }
    split_by_commas(line, &t->cells);
    hf_buf_printf(out, "  - {");
    for (size_t i = 0; i < t->cells.count; i++) {
        if (t->cells.at[i].len == 0)
            continue;
        hf_buf_printf(out, "%s", between);
        /* A cell without a name is a field that there is not. */
        put_scalar(i < t->names.count ? t->names.at[i] : hf_bytes_of((const uint8_t *)"further", 7),
                   out);
        hf_buf_printf(out, ": ");
        put_scalar(t->cells.at[i], out);
        between = ", ";
    }
    hf_buf_printf(out, "}");
}

/* Those of the scenario before those of the trace that fall on the same time. */
static struct hf__action *merged(const struct hf__scenario *s, const struct trace *t)
{
    size_t a = 0, b = 0, count = s->actions.count + t->actions.count;
    struct hf__action *all = malloc((count + 1) * sizeof *all);
    hf_assert(all != NULL);
    for (size_t i = 0; i < count; i++) {
        bool own = b == t->actions.count ||
                   (a < s->actions.count && s->actions.items[a].at_us <= t->actions.items[b].at_us);
        all[i] = own ? s->actions.items[a++] : t->actions.items[b++];
    }
    return all;
}

static int read_trace(struct hf__scenario *s, struct hf__scenario_kept *ret_kept,
                      struct hf_config_errors *errors)
{
    static struct trace_lines lines;
    struct trace found = {0};
    const struct table t = {s->trace, "", trace_line, &lines, &trace_schema};
    int r = read_table(&t, &found, &ret_kept->trace, errors);
    if (r != 0)
        return r;
    ret_kept->actions = merged(s, &found);
    s->actions.items = ret_kept->actions;
    s->actions.count += found.actions.count;
    s->trace = NULL;
    return 0;
}

int hf__scenario_files(struct hf__scenario *s, struct hf__scenario_kept *ret_kept,
                       struct hf_config_errors *errors)
{
    int r = 0;
    *ret_kept = (struct hf__scenario_kept){0};
    *errors = (struct hf_config_errors){0};
    if (s->matrix != NULL)
        r = read_matrix(s, ret_kept, errors);
    if (r == 0 && s->trace != NULL)
        r = read_trace(s, ret_kept, errors);
    return r;
}

void hf__scenario_kept_done(struct hf__scenario_kept *kept)
{
    hf_config_doc_free(kept->matrix);
    hf_config_doc_free(kept->trace);
    free(kept->actions);
}
