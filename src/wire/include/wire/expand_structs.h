/*
 * Turns a list of messages into structs: define HF_WIRE_DEF as the list's file name, then include
 * this. No guard: a program may have several lists (tests have one of their own). The form of a
 * list is in proto/messages.def.
 */
#include "base/bytes.h"
#include "base/id.h"

#define HF_HAS_REQUIRED(member)
#define HF_HAS_OPTIONAL(member) bool has_##member;

#define HF_BEGIN(name, doc)                       struct hf_##name {
#define HF_UINT(key, member, min, max, need, doc) uint64_t member;
#define HF_VERSION(key, member, min, max, doc)    uint64_t member;
#define HF_FIXED(key, member, len, need, doc)                                                      \
    uint8_t member[len];                                                                           \
    HF_HAS_##need(member)
#define HF_VALUE(key, member, type, need, doc)                                                     \
    struct hf_##type member;                                                                       \
    HF_HAS_##need(member)
#define HF_BIN(key, member, min, max, need, doc)  struct hf_bytes member;
#define HF_TEXT(key, member, min, max, need, doc) struct hf_bytes member;
#define HF_BOOL(key, member, doc)                 bool member;
#define HF_SUB(key, member, message, need, doc)                                                    \
    struct hf_##message member;                                                                    \
    HF_HAS_##need(member)
#define HF_LIST(key, member, message, max, doc)                                                    \
    struct hf_##message *member;                                                                   \
    size_t member##_count;
#define HF_END(name)                                                                               \
    }                                                                                              \
    ;                                                                                              \
    extern const struct hf_wire_type hf_wire_##name;

#include HF_WIRE_DEF

#include "wire/expand_end.h"
#undef HF_HAS_REQUIRED
#undef HF_HAS_OPTIONAL
