#include "field.h"

bool hf__field_present(const struct hf_wire_field *f, const void *message)
{
    if (f->required)
        return true;
    if (f->has)
        return *(const bool *)((const char *)message + f->has_offset);
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
        return *(const uint64_t *)hf__field_at(f, message) != 0;
    case HF_WIRE_BOOL:
        return *(const bool *)hf__field_at(f, message);
    case HF_WIRE_BIN:
    case HF_WIRE_TEXT:
        return ((const struct hf_bytes *)hf__field_at(f, message))->len != 0;
    case HF_WIRE_LIST:
        return hf__field_count(f, message) != 0;
    case HF_WIRE_VERSION:
    case HF_WIRE_FIXED:
    case HF_WIRE_SUB:
        break;
    }
    hf_unreachable();
}

/* The length of the shortest head that carries this number, in any of the forms that MessagePack
 * has. */
static size_t head_len(uint64_t number, uint64_t short_max)
{
    if (number <= short_max)
        return 1;
    if (number <= UINT8_MAX)
        return 2;
    if (number <= UINT16_MAX)
        return 3;
    return number <= UINT32_MAX ? 5 : 9;
}

static size_t value_len_min(const struct hf_wire_field *f)
{
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        return head_len(f->min, 0x7f);
    case HF_WIRE_FIXED:
    case HF_WIRE_BIN:
        return (size_t)f->min + (f->min <= UINT8_MAX ? 2 : head_len(f->min, 0));
    case HF_WIRE_TEXT:
        return (size_t)f->min + head_len(f->min, 31);
    case HF_WIRE_SUB:
        return hf__type_len_min(f->type);
    case HF_WIRE_BOOL:
    case HF_WIRE_LIST:
        return 1;
    }
    hf_unreachable();
}

size_t hf__type_len_min(const struct hf_wire_type *type)
{
    const struct hf_wire_shape *shape = type->shape();
    size_t len = 1;
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].required)
            len += head_len(shape->fields[i].key, 0x7f) + value_len_min(&shape->fields[i]);
    }
    return len;
}
