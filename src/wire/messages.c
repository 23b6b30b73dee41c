#include "wire/messages.h"

#define HF_WIRE_DEF "messages.def"
#include "wire/expand_tables.h"

const struct hf_wire_type *const hf_wire_types[] = {
#define HF_EACH(name) &hf_wire_##name,
#include "wire/expand_each.h"
};
const size_t hf_wire_types_count = HF_ARRAY_LEN(hf_wire_types);
