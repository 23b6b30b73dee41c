/*
 * Turns a list of messages into straight code for what is plain (codec/direct.h): for each message
 * a function that reads it, one that measures what its encoding takes at most, one that writes it,
 * and the three together as hf__direct_<name>. HF_WIRE_DEF: the list's file name; its structs
 * (wire/expand_structs.h) come first. No guard: as wire/expand_structs.h.
 */
#include "codec/direct.h"

#define HF_IS_REQUIRED true
#define HF_IS_OPTIONAL false

/* ---- hf__read_<name>: from the place of a map to the place behind it; NULL: not plain. */

#define HF_MARK_REQUIRED(member)
#define HF_MARK_OPTIONAL(member) m->has_##member = true;
/* The field with this key, read by `reading`, when it comes next. */
#define HF_NEXT(key, reading)                                                                      \
    if (pairs > 0 && hf__direct_key_is(at, d->end, key)) {                                         \
        pairs--;                                                                                   \
        at += hf__direct_key_len(key);                                                             \
        at = reading;                                                                              \
        if (at == NULL)                                                                            \
            return NULL;

#define HF_BEGIN(name, doc)                                                                        \
    static const uint8_t *hf__read_##name(struct hf__direct *d, const uint8_t *at, unsigned depth, \
                                          struct hf_##name *m)                                     \
    {                                                                                              \
        if (depth == 0 || at == d->end || (*at & 0xf0) != 0x80)                                    \
            return NULL;                                                                           \
        unsigned pairs = *at++ & 0x0fu;
#define HF_OR_ELSE(needed)                                                                         \
    }                                                                                              \
    else if (needed)                                                                               \
    {                                                                                              \
        return NULL;                                                                               \
    }
#define HF_UINT(key, member, min, max, need, doc)                                                  \
    HF_NEXT(key, hf__direct_uint(at, d->end, min, max, &m->member))                                \
    HF_OR_ELSE(HF_IS_##need)
#define HF_VERSION(key, member, min, max, doc)                                                     \
    HF_NEXT(key, hf__direct_uint(at, d->end, min, max, &m->member)) HF_OR_ELSE(true)
#define HF_FIXED(key, member, len, need, doc)                                                      \
    HF_NEXT(key, hf__direct_fixed(at, d->end, len, m->member))                                     \
    HF_MARK_##need(member) HF_OR_ELSE(HF_IS_##need)
#define HF_VALUE(key, member, type, need, doc)                                                     \
    HF_NEXT(key, hf__direct_fixed(at, d->end, sizeof(m->member), m->member.bytes))                 \
    HF_MARK_##need(member) HF_OR_ELSE(HF_IS_##need)
#define HF_BIN(key, member, min, max, need, doc)                                                   \
    HF_NEXT(key, hf__direct_bin(at, d->end, min, max, &m->member))                                 \
    HF_OR_ELSE(HF_IS_##need)
#define HF_TEXT(key, member, min, max, need, doc)                                                  \
    HF_NEXT(key, hf__direct_text(at, d->end, min, max, &m->member))                                \
    HF_OR_ELSE(HF_IS_##need)
#define HF_BOOL(key, member, doc)                                                                  \
    HF_NEXT(key, hf__direct_bool(at, d->end, &m->member)) HF_OR_ELSE(false)
#define HF_SUB(key, member, message, need, doc)                                                    \
    HF_NEXT(key, hf__read_##message(d, at, depth - 1, &m->member))                                 \
    HF_MARK_##need(member) HF_OR_ELSE(HF_IS_##need)
#define HF_LIST(key, member, message, max, doc)                                                    \
    if (pairs > 0 && hf__direct_key_is(at, d->end, key)) {                                         \
        void *list = NULL;                                                                         \
        pairs--;                                                                                   \
        at += hf__direct_key_len(key);                                                             \
        at = depth < 2                                                                             \
                 ? NULL                                                                            \
                 : hf__direct_list(d, at, &hf_wire_##message, max, &list, &m->member##_count);     \
        m->member = list;                                                                          \
        for (size_t i = 0; at != NULL && i < m->member##_count; i++)                               \
            at = hf__read_##message(d, at, depth - 2, &m->member[i]);                              \
        if (at == NULL)                                                                            \
            return NULL;                                                                           \
    }
#define HF_END(name)                                                                               \
    return pairs == 0 ? at : NULL;                                                                 \
    }                                                                                              \
    static int hf__decode_##name(struct hf_bytes in, struct hf_arena *arena, void *ret)            \
    {                                                                                              \
        struct hf_##name m = {0};                                                                  \
        struct hf__direct d = {in.data + in.len, arena, 1};                                        \
        if (hf__read_##name(&d, in.data, HF_WIRE_DEPTH_MAX, &m) != d.end)                          \
            return d.result;                                                                       \
        memcpy(ret, &m, sizeof(m));                                                                \
        return 0;                                                                                  \
    }

#include HF_WIRE_DEF

#include "wire/expand_end.h"
#undef HF_MARK_REQUIRED
#undef HF_MARK_OPTIONAL
#undef HF_NEXT
#undef HF_OR_ELSE

/* ---- hf__measure_<name>: adds the most bytes that writing may take; false: not plain. */

#define HF_HERE_REQUIRED(member, test) true
#define HF_HERE_OPTIONAL(member, test) test
#define HF_HAS_REQUIRED(member)        true
#define HF_HAS_OPTIONAL(member)        m->has_##member
/* A field that is there takes room for its key and `most` bytes. */
#define HF_ROOM(key, here, plain, most)                                                            \
    if (here) {                                                                                    \
        if (!(plain))                                                                              \
            return false;                                                                          \
        fields++;                                                                                  \
        *len += hf__direct_key_len(key) + (most);                                                  \
    }

#define HF_BEGIN(name, doc)                                                                        \
    static bool hf__measure_##name(const struct hf_##name *m, unsigned depth, size_t *len)         \
    {                                                                                              \
        if (depth == 0)                                                                            \
            return false;                                                                          \
        unsigned fields = 0;                                                                       \
        (void)m; /* of fixed fields alone nothing depends on it */                                 \
        *len += 1;
#define HF_UINT(key, member, min, max, need, doc)                                                  \
    HF_ROOM(key, HF_HERE_##need(member, m->member != 0), hf__direct_within(m->member, min, max), 9)
#define HF_VERSION(key, member, min, max, doc)                                                     \
    HF_ROOM(key, true, hf__direct_within(m->member, min, max), 9)
#define HF_FIXED(key, member, length, need, doc)                                                   \
    HF_ROOM(key, HF_HAS_##need(member), true, 5 + (length))
#define HF_VALUE(key, member, type, need, doc)                                                     \
    HF_ROOM(key, HF_HAS_##need(member), true, 5 + sizeof m->member)
#define HF_BIN(key, member, min, max, need, doc)                                                   \
    HF_ROOM(key, HF_HERE_##need(member, m->member.len != 0),                                       \
            hf__direct_within(m->member.len, min, max), 5 + m->member.len)
#define HF_TEXT(key, member, min, max, need, doc)                                                  \
    HF_ROOM(key, HF_HERE_##need(member, m->member.len != 0),                                       \
            hf__direct_within(m->member.len, min, max) && hf__direct_ascii(m->member),             \
            5 + m->member.len)
#define HF_BOOL(key, member, doc) HF_ROOM(key, m->member, true, 1)
#define HF_SUB(key, member, message, need, doc)                                                    \
    HF_ROOM(key, HF_HAS_##need(member), hf__measure_##message(&m->member, depth - 1, len), 0)
#define HF_LIST(key, member, message, max, doc)                                                    \
    HF_ROOM(key, m->member##_count != 0,                                                           \
            depth >= 2 && m->member##_count <= HF__DIRECT_FEW && m->member##_count <= max, 1)      \
    for (size_t i = 0; i < m->member##_count; i++)                                                 \
        if (!hf__measure_##message(&m->member[i], depth - 2, len))                                 \
            return false;
#define HF_END(name)                                                                               \
    return fields <= HF__DIRECT_FEW;                                                               \
    }                                                                                              \
    static size_t hf__most_##name(const void *message)                                             \
    {                                                                                              \
        size_t len = 0;                                                                            \
        return hf__measure_##name(message, HF_WIRE_DEPTH_MAX, &len) ? len : 0;                     \
    }

#include HF_WIRE_DEF

#include "wire/expand_end.h"
#undef HF_ROOM

/* ---- hf__write_<name>: writes what was measured, and returns the place behind it. */

#define HF_PUT(key, here, putting)                                                                 \
    if (here) {                                                                                    \
        fields++;                                                                                  \
        at = hf__direct_put_uint(at, key);                                                         \
        at = putting;                                                                              \
    }

#define HF_BEGIN(name, doc)                                                                        \
    static uint8_t *hf__write_##name(const struct hf_##name *m, uint8_t *at)                       \
    {                                                                                              \
        uint8_t *head = at++;                                                                      \
        unsigned fields = 0;
#define HF_UINT(key, member, min, max, need, doc)                                                  \
    HF_PUT(key, HF_HERE_##need(member, m->member != 0), hf__direct_put_uint(at, m->member))
#define HF_VERSION(key, member, min, max, doc) HF_PUT(key, true, hf__direct_put_uint(at, m->member))
#define HF_FIXED(key, member, len, need, doc)                                                      \
    HF_PUT(key, HF_HAS_##need(member), hf__direct_put_bin(at, m->member, len))
#define HF_VALUE(key, member, type, need, doc)                                                     \
    HF_PUT(key, HF_HAS_##need(member), hf__direct_put_bin(at, m->member.bytes, sizeof m->member))
#define HF_BIN(key, member, min, max, need, doc)                                                   \
    HF_PUT(key, HF_HERE_##need(member, m->member.len != 0),                                        \
           hf__direct_put_bin(at, m->member.data, m->member.len))
#define HF_TEXT(key, member, min, max, need, doc)                                                  \
    HF_PUT(key, HF_HERE_##need(member, m->member.len != 0), hf__direct_put_text(at, m->member))
#define HF_BOOL(key, member, doc) HF_PUT(key, m->member, hf__direct_put_number(at, 0xc3, 0, 0))
#define HF_SUB(key, member, message, need, doc)                                                    \
    HF_PUT(key, HF_HAS_##need(member), hf__write_##message(&m->member, at))
#define HF_LIST(key, member, message, max, doc)                                                    \
    HF_PUT(key, m->member##_count != 0,                                                            \
           hf__direct_put_number(at, (uint8_t)(0x90 | m->member##_count), 0, 0))                   \
    for (size_t i = 0; i < m->member##_count; i++)                                                 \
        at = hf__write_##message(&m->member[i], at);
#define HF_END(name)                                                                               \
    *head = (uint8_t)(0x80 | fields);                                                              \
    return at;                                                                                     \
    }                                                                                              \
    static size_t hf__encode_##name(const void *message, uint8_t *ret)                             \
    {                                                                                              \
        return (size_t)(hf__write_##name(message, ret) - ret);                                     \
    }                                                                                              \
    static const struct hf__direct_code hf__direct_##name = {&hf_wire_##name, hf__decode_##name,   \
                                                             hf__most_##name, hf__encode_##name};

#include HF_WIRE_DEF

#include "wire/expand_end.h"
#undef HF_IS_REQUIRED
#undef HF_IS_OPTIONAL
#undef HF_HERE_REQUIRED
#undef HF_HERE_OPTIONAL
#undef HF_HAS_REQUIRED
#undef HF_HAS_OPTIONAL
#undef HF_PUT
