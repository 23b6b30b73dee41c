#include "tree.h"

#include <stdarg.h>
#include <stdio.h>

/* Text from a file goes to terminals and logs: no control character of
 * its passes. Bytes of UTF-8 do. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void hf__errors_add(struct hf_config_errors *errors, unsigned line, unsigned column,
                    const char *path, const char *fmt, ...)
{
    if (errors->count == HF_CONFIG_ERRORS_MAX) {
        errors->dropped++;
        return;
    }
    struct hf_config_error *e = &errors->items[errors->count++];
    e->line = line;
    e->column = column;
    snprintf(e->path, sizeof e->path, "%s", path);
    va_list args;
    va_start(args, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
    make_printable(e->path);
    make_printable(e->text);
}

/* An insertion sort: there are few, and errors of one line keep the order in
 * which they were found. */
void hf__errors_sort(struct hf_config_errors *errors)
{
    for (size_t i = 1; i < errors->count; i++) {
        struct hf_config_error moved = errors->items[i];
        size_t at = i;
        for (; at > 0; at--) {
            const struct hf_config_error *before = &errors->items[at - 1];
            if (before->line < moved.line ||
                (before->line == moved.line && before->column <= moved.column))
                break;
            errors->items[at] = *before;
        }
        errors->items[at] = moved;
    }
}

void hf_config_errors_print(const struct hf_config_errors *errors, struct hf_buf *out)
{
    for (size_t i = 0; i < errors->count; i++) {
        const struct hf_config_error *e = &errors->items[i];
        hf_buf_printf(out, "%s:", errors->file);
        if (e->line > 0)
            hf_buf_printf(out, "%u:%u:", e->line, e->column);
        if (e->path[0] != '\0')
            hf_buf_printf(out, " %s:", e->path);
        hf_buf_printf(out, " %s\n", e->text);
    }
    if (errors->dropped > 0)
        hf_buf_printf(out, "%s: %zu more errors\n", errors->file, errors->dropped);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap neighbours) between two words of at most 32 bytes. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][33] = {{0}};
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *before_that = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t edits = before[j - 1] + (a[i - 1] != b[j - 1]);
            edits = least(edits, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                edits = least(edits, before_that[j - 2] + 1);
            now[j] = edits;
        }
    }
    return rows[a_len % 3][b_len];
}

const char *hf__nearest_field(const struct hf_config_schema *schema, const char *name)
{
    size_t len = strlen(name);
    const char *best = NULL;
    size_t best_edits = len / 3 + 1; /* from there on it is another word, not a slip */
    for (size_t i = 0; i < schema->fields_len && len <= 32; i++) {
        const char *known = schema->fields[i].name;
        if (strlen(known) > 32)
            continue;
        size_t edits = distance(name, len, known, strlen(known));
        if (edits < best_edits) {
            best = known;
            best_edits = edits;
        }
    }
    return best;
}
