#include "field.h"

#include <inttypes.h>

enum { PRINT_BYTES_MAX = 32 };

static void print_hex(struct hf_bytes bytes, size_t max, struct hf_buf *out)
{
    for (size_t i = 0; i < bytes.len && i < max; i++)
        hf_buf_printf(out, "%02x", bytes.data[i]);
}

static void print_bytes(struct hf_bytes bytes, struct hf_buf *out)
{
    print_hex(bytes, PRINT_BYTES_MAX, out);
    if (bytes.len > PRINT_BYTES_MAX)
        hf_buf_printf(out, "..(%zu bytes)", bytes.len);
}

/* Whatever the bytes are, the line stays one line of plain ASCII. */
static void print_text(struct hf_bytes text, struct hf_buf *out)
{
    hf_buf_append_u8(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\')
            hf_buf_printf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            hf_buf_append_u8(out, c);
        else
            hf_buf_printf(out, "\\x%02x", c);
    }
    hf_buf_append_u8(out, '"');
}

static void print_list(const struct hf_wire_field *f, const void *message, struct hf_buf *out)
{
    hf_buf_append_u8(out, '[');
    for (size_t i = 0; i < hf__field_count(f, message); i++) {
        if (i > 0)
            hf_buf_append_u8(out, ' ');
        hf_wire_print(f->type, hf__field_element(f, message, i), out);
    }
    hf_buf_append_u8(out, ']');
}

static void print_field(const struct hf_wire_field *f, const void *message, struct hf_buf *out)
{
    const void *member = hf__field_at(f, message);
    hf_buf_printf(out, "%s=", f->name);
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        hf_buf_printf(out, "%" PRIu64, *(const uint64_t *)member);
        return;
    case HF_WIRE_FIXED:
        print_hex(hf_bytes_of(member, (size_t)f->max), SIZE_MAX, out);
        return;
    case HF_WIRE_BIN:
        print_bytes(*(const struct hf_bytes *)member, out);
        return;
    case HF_WIRE_TEXT:
        print_text(*(const struct hf_bytes *)member, out);
        return;
    case HF_WIRE_BOOL:
        hf_buf_printf(out, "true");
        return;
    case HF_WIRE_SUB:
        hf_wire_print(f->type, member, out);
        return;
    case HF_WIRE_LIST:
        print_list(f, message, out);
        return;
    }
    hf_unreachable();
}

void hf_wire_print(const struct hf_wire_type *type, const void *message, struct hf_buf *out)
{
    const struct hf_wire_shape *shape = type->shape();
    const char *between = "";
    hf_buf_printf(out, "%s{", type->name);
    for (size_t i = 0; i < shape->count; i++) {
        if (!hf__field_present(&shape->fields[i], message))
            continue;
        hf_buf_printf(out, "%s", between);
        print_field(&shape->fields[i], message, out);
        between = " ";
    }
    hf_buf_append_u8(out, '}');
}

/* Text is valid UTF-8, which JSON takes as it is, but for a few characters. */
static void json_text(struct hf_bytes text, struct hf_buf *out)
{
    hf_buf_append_u8(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20) {
            hf_buf_printf(out, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\')
            hf_buf_append_u8(out, '\\');
        hf_buf_append_u8(out, c);
    }
    hf_buf_append_u8(out, '"');
}

static void json_bytes(struct hf_bytes bytes, struct hf_buf *out)
{
    hf_buf_append_u8(out, '"');
    print_hex(bytes, SIZE_MAX, out);
    hf_buf_append_u8(out, '"');
}

static void json_uint(uint64_t value, struct hf_buf *out)
{
    const char *quote = value > (UINT64_C(1) << 53) - 1 ? "\"" : "";
    hf_buf_printf(out, "%s%" PRIu64 "%s", quote, value, quote);
}

static void json_list(const struct hf_wire_field *f, const void *message, struct hf_buf *out)
{
    hf_buf_append_u8(out, '[');
    for (size_t i = 0; i < hf__field_count(f, message); i++) {
        if (i > 0)
            hf_buf_append_u8(out, ',');
        hf_wire_to_json(f->type, hf__field_element(f, message, i), out);
    }
    hf_buf_append_u8(out, ']');
}

static void json_field(const struct hf_wire_field *f, const void *message, struct hf_buf *out)
{
    const void *member = hf__field_at(f, message);
    hf_buf_printf(out, "\"%s\":", f->name);
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        json_uint(*(const uint64_t *)member, out);
        return;
    case HF_WIRE_FIXED:
        json_bytes(hf_bytes_of(member, (size_t)f->max), out);
        return;
    case HF_WIRE_BIN:
        json_bytes(*(const struct hf_bytes *)member, out);
        return;
    case HF_WIRE_TEXT:
        json_text(*(const struct hf_bytes *)member, out);
        return;
    case HF_WIRE_BOOL:
        hf_buf_printf(out, "true");
        return;
    case HF_WIRE_SUB:
        hf_wire_to_json(f->type, member, out);
        return;
    case HF_WIRE_LIST:
        json_list(f, message, out);
        return;
    }
    hf_unreachable();
}

void hf_wire_to_json(const struct hf_wire_type *type, const void *message, struct hf_buf *out)
{
    const struct hf_wire_shape *shape = type->shape();
    const char *between = "";
    hf_buf_append_u8(out, '{');
    for (size_t i = 0; i < shape->count; i++) {
        if (!hf__field_present(&shape->fields[i], message))
            continue;
        hf_buf_printf(out, "%s", between);
        json_field(&shape->fields[i], message, out);
        between = ",";
    }
    hf_buf_append_u8(out, '}');
}
