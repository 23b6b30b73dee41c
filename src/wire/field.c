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
