#include "tree.h"

#include "base/nearest.h"

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

const char *hf__nearest_field(const struct hf_config_schema *schema, const char *name)
{
    struct hf_nearest nearest = hf_nearest_to(name);
    for (size_t i = 0; i < schema->fields_len; i++)
        hf_nearest_offer(&nearest, schema->fields[i].name);
    return nearest.known;
}
