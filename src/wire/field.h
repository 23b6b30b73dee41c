/* Reaching the members of a message through its table. */
#ifndef HF_WIRE_FIELD_H
#define HF_WIRE_FIELD_H

#include "base/error.h"
#include "wire/wire.h"

/* Where the field's member is in a message. */
static inline const void *hf__field_at(const struct hf_wire_field *f, const void *message)
{
    return (const char *)message + f->offset;
}

/* The same, to be written. */
static inline void *hf__field_into(const struct hf_wire_field *f, void *message)
{
    return (char *)message + f->offset;
}

/* How many elements a list field has in a message. */
static inline size_t hf__field_count(const struct hf_wire_field *f, const void *message)
{
    return *(const size_t *)(const void *)((const char *)message + f->count_offset);
}

/* Element i of a list. */
static inline const void *hf__field_element(const struct hf_wire_field *f, const void *message,
                                            size_t i)
{
    return *(const char *const *)hf__field_at(f, message) + i * f->type->size;
}

/* Whether the field stands in the encoding of this message: always when required, else unless it is
 * empty. */
bool hf__field_present(const struct hf_wire_field *f, const void *message);

/* The fewest bytes that any encoding of this message can have. */
size_t hf__type_len_min(const struct hf_wire_type *type);

/* Whether a value, length or count is within the field's bounds: 0, HF_EVERSION or HF_EBOUND. */
static inline int hf__field_bound(const struct hf_wire_field *f, uint64_t value)
{
    if (value >= f->min && value <= f->max)
        return 0;
    return f->kind == HF_WIRE_VERSION && value > f->max ? HF_EVERSION : HF_EBOUND;
}

#endif
