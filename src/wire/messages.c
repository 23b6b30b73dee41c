#include "wire/messages.h"

#define HF_WIRE_DEF "messages.def"
#include "wire/expand_tables.h"

const struct hf_wire_type *const hf_wire_types[] = {
#define HF_BEGIN(name, doc) &hf_wire_##name,
#define HF_UINT(...)
#define HF_VERSION(...)
#define HF_FIXED(...)
#define HF_BIN(...)
#define HF_TEXT(...)
#define HF_BOOL(...)
#define HF_SUB(...)
#define HF_LIST(...)
#define HF_END(name)
#include HF_WIRE_DEF
#include "wire/expand_end.h"
};
const size_t hf_wire_types_count = HF_ARRAY_LEN(hf_wire_types);
