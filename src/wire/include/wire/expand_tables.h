/*
 * Turns a list of messages into the tables that the encoder, the decoder and the printers run over:
 * define HF_WIRE_DEF as for wire/expand_structs.h, which must come first, then include this in one
 * .c file. No guard, likewise.
 */

/* The place of each message in the list. */
enum {
#define HF_EACH(name) hf__number_##name,
#include "wire/expand_each.h"
};

#define HF_IS_REQUIRED true
#define HF_IS_OPTIONAL false
#define HF_HAS_REQUIRED(member)
#define HF_HAS_OPTIONAL(member) .has = true, .has_offset = offsetof(self, has_##member),

#define HF_FIELD(key_, member, kind_, doc_)                                                        \
    .name = #member, .doc = doc_, .key = key_, .kind = kind_, .offset = offsetof(self, member)

#define HF_BEGIN(name, doc)                                                                        \
    static const struct hf_wire_shape *shape_##name(void)                                          \
    {                                                                                              \
        typedef struct hf_##name self;                                                             \
        static const char text[] = doc;                                                            \
        static const struct hf_wire_field fields[] = {
#define HF_UINT(key, member, min_, max_, need, doc)                                                \
    {HF_FIELD(key, member, HF_WIRE_UINT, doc), .min = min_, .max = max_, .required = HF_IS_##need},
#define HF_VERSION(key, member, min_, max_, doc)                                                   \
    {HF_FIELD(key, member, HF_WIRE_VERSION, doc), .min = min_, .max = max_, .required = true},
#define HF_FIXED(key, member, len, need, doc)                                                      \
    {HF_FIELD(key, member, HF_WIRE_FIXED, doc), .min = len, .max = len,                            \
     HF_HAS_##need(member).required = HF_IS_##need},
#define HF_VALUE(key, member, type, need, doc)                                                     \
    HF_FIXED(key, member, sizeof(struct hf_##type), need, doc)
#define HF_BIN(key, member, min_, max_, need, doc)                                                 \
    {HF_FIELD(key, member, HF_WIRE_BIN, doc), .min = min_, .max = max_, .required = HF_IS_##need},
#define HF_TEXT(key, member, min_, max_, need, doc)                                                \
    {HF_FIELD(key, member, HF_WIRE_TEXT, doc), .min = min_, .max = max_, .required = HF_IS_##need},
#define HF_BOOL(key, member, doc) {HF_FIELD(key, member, HF_WIRE_BOOL, doc)},
#define HF_SUB(key, member, message, need, doc)                                                    \
    {HF_FIELD(key, member, HF_WIRE_SUB, doc), .type = &hf_wire_##message,                          \
     HF_HAS_##need(member).required = HF_IS_##need},
#define HF_LIST(key, member, message, max_, doc)                                                   \
    {HF_FIELD(key, member, HF_WIRE_LIST, doc), .type = &hf_wire_##message, .max = max_,            \
     .count_offset = offsetof(self, member##_count)},
#define HF_END(name_)                                                                              \
    }                                                                                              \
    ;                                                                                              \
    _Static_assert(HF_ARRAY_LEN(fields) <= HF_WIRE_FIELDS_MAX, #name_ " has too many fields");     \
    _Static_assert(sizeof(self) <= UINT16_MAX, #name_ " is too large for the table's offsets");    \
    static const struct hf_wire_shape shape = {text, fields, HF_ARRAY_LEN(fields)};                \
    return &shape;                                                                                 \
    }                                                                                              \
    const struct hf_wire_type hf_wire_##name_ = {#name_, sizeof(struct hf_##name_), shape_##name_, \
                                                 hf__number_##name_};

#include HF_WIRE_DEF

#include "wire/expand_end.h"
#undef HF_IS_REQUIRED
#undef HF_IS_OPTIONAL
#undef HF_HAS_REQUIRED
#undef HF_HAS_OPTIONAL
#undef HF_FIELD
