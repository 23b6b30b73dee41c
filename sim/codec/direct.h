/*
 * The pieces of the straight code that codec/expand_direct.h makes of a list of messages. It takes
 * what is plain: keys in ascending order, at most 15 fields and 15 elements, text in ASCII, nothing
 * unknown and nothing out of bounds. Whatever else comes it leaves to the tables, from the start:
 * they alone say what is refused, and why.
 */
#ifndef HF_SIM_DIRECT_H
#define HF_SIM_DIRECT_H

#include "wire/wire.h"

/* The straight code of one message. */
struct hf__direct_code {
    const struct hf_wire_type *type;
    /* As hf_wire_decode; 1, or an error of the arena: the tables must look. */
    int (*decode)(struct hf_bytes in, struct hf_arena *arena, void *ret_message);
    /* The most bytes that `encode` writes; 0: the tables must look. */
    size_t (*most)(const void *message);
    /* What it wrote. */
    size_t (*encode)(const void *message, uint8_t *ret);
};

enum { HF__DIRECT_FEW = 15 }; /* fields or elements whose count is one byte */

/* Where direct reading stands besides its place in the input. */
struct hf__direct {
    const uint8_t *end;
    struct hf_arena *arena;
    int result; /* when it stops: 1, not plain, or the arena's error */
};

/* Bytes of a field's key as it is written: 1 to 3. */
static HF_ALWAYS_INLINE size_t hf__direct_key_len(unsigned key)
{
    return key <= 0x7f ? 1 : key <= UINT8_MAX ? 2 : 3;
}

/* ---- Reading: each piece returns the place behind what it read; NULL: not plain. */

/* Whether the key that comes next is this one. */
static HF_ALWAYS_INLINE bool hf__direct_key_is(const uint8_t *at, const uint8_t *end, unsigned key)
{
    size_t len = hf__direct_key_len(key);
    if ((size_t)(end - at) < len)
        return false;
    if (len == 1)
        return at[0] == key;
    if (len == 2)
        return at[0] == 0xcc && at[1] == key;
    return at[0] == 0xcd && at[1] == key >> 8 && at[2] == (key & 0xff);
}

/* Whether a value keeps to the bounds of its field, both included. */
static HF_ALWAYS_INLINE bool hf__direct_within(uint64_t value, uint64_t min, uint64_t max)
{
    return value >= min && value <= max;
}

/* A big-endian number of len bytes. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_number(const uint8_t *at, const uint8_t *end,
                                                         size_t len, uint64_t *ret)
{
    if ((size_t)(end - at) < len)
        return NULL;
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++)
        v = v << 8 | at[i];
    *ret = v;
    return at + len;
}

/* A number from min to max. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_uint(const uint8_t *at, const uint8_t *end,
                                                       uint64_t min, uint64_t max, uint64_t *ret)
{
    if (at == end)
        return NULL;
    uint64_t v = *at++;
    if (v > 0x7f) {
        if (v < 0xcc || v > 0xcf)
            return NULL;
        at = hf__direct_number(at, end, (size_t)1 << (v - 0xcc), &v);
    }
    *ret = v;
    return hf__direct_within(v, min, max) ? at : NULL;
}

/* Bytes of a length that the field states, at most 255: copied to ret. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_fixed(const uint8_t *at, const uint8_t *end,
                                                        size_t len, uint8_t *ret)
{
    if (len > UINT8_MAX || (size_t)(end - at) < 2 + len || at[0] != 0xc4 || at[1] != len)
        return NULL;
    memcpy(ret, at + 2, len);
    return at + 2 + len;
}

/* The bytes behind a head that says len, of which min to max are allowed: borrowed. at: NULL when
 * the head was not plain. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_body(const uint8_t *at, const uint8_t *end,
                                                       uint64_t len, uint64_t min, uint64_t max,
                                                       struct hf_bytes *ret)
{
    if (at == NULL || len > (size_t)(end - at) || !hf__direct_within(len, min, max))
        return NULL;
    *ret = hf_bytes_of(at, (size_t)len);
    return at + len;
}

/* Bytes, of which min to max are allowed: borrowed. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_bin(const uint8_t *at, const uint8_t *end,
                                                      uint64_t min, uint64_t max,
                                                      struct hf_bytes *ret)
{
    if (at == end || *at < 0xc4 || *at > 0xc6)
        return NULL;
    uint64_t len;
    at = hf__direct_number(at + 1, end, (size_t)1 << (*at - 0xc4), &len);
    return hf__direct_body(at, end, len, min, max, ret);
}

/* Whether text is printable ASCII: other text is for the tables to judge. */
static HF_ALWAYS_INLINE bool hf__direct_ascii(struct hf_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return false;
    return true;
}

/* Text of min to max bytes: borrowed. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_text(const uint8_t *at, const uint8_t *end,
                                                       uint64_t min, uint64_t max,
                                                       struct hf_bytes *ret)
{
    if (at == end)
        return NULL;
    uint64_t len = *at++;
    if (len >= 0xd9 && len <= 0xdb)
        at = hf__direct_number(at, end, (size_t)1 << (len - 0xd9), &len);
    else if (len >= 0xa0 && len <= 0xbf)
        len -= 0xa0;
    else
        return NULL;
    at = hf__direct_body(at, end, len, min, max, ret);
    return at != NULL && hf__direct_ascii(*ret) ? at : NULL;
}

/* True or false. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_bool(const uint8_t *at, const uint8_t *end,
                                                       bool *ret)
{
    if (at == end || (*at & 0xfe) != 0xc2)
        return NULL;
    *ret = *at == 0xc3;
    return at + 1;
}

/* The count of a list and memory for its elements, which are few: the tables judge more sharply
 * whether the input is long enough for them. */
static HF_ALWAYS_INLINE const uint8_t *hf__direct_list(struct hf__direct *d, const uint8_t *at,
                                                       const struct hf_wire_type *type,
                                                       uint64_t max, void **ret, size_t *ret_count)
{
    if (at == d->end || (*at & 0xf0) != 0x90)
        return NULL;
    size_t count = *at++ & 0x0f;
    if (count == 0)
        return at;
    if (count > max || count > (size_t)(d->end - at))
        return NULL;
    int r = hf_arena_alloc(d->arena, count, type->size, ret);
    if (r < 0) {
        d->result = r;
        return NULL;
    }
    *ret_count = count;
    return at;
}

/* ---- Writing: into room that was measured before; each piece returns the place behind what it
 * wrote. */

/* A head, and a big-endian number of len bytes. */
static HF_ALWAYS_INLINE uint8_t *hf__direct_put_number(uint8_t *at, uint8_t head, uint64_t value,
                                                       size_t len)
{
    *at++ = head;
    for (size_t i = 0; i < len; i++)
        *at++ = (uint8_t)(value >> (8 * (len - 1 - i)));
    return at;
}

/* A number in its shortest form: at most 9 bytes. */
static HF_ALWAYS_INLINE uint8_t *hf__direct_put_uint(uint8_t *at, uint64_t value)
{
    if (value <= 0x7f) {
        *at = (uint8_t)value;
        return at + 1;
    }
    if (value <= UINT8_MAX)
        return hf__direct_put_number(at, 0xcc, value, 1);
    if (value <= UINT16_MAX)
        return hf__direct_put_number(at, 0xcd, value, 2);
    if (value <= UINT32_MAX)
        return hf__direct_put_number(at, 0xce, value, 4);
    return hf__direct_put_number(at, 0xcf, value, 8);
}

/* head: of the form with a length of one byte; those with two and four follow it. */
static HF_ALWAYS_INLINE uint8_t *hf__direct_put_body(uint8_t *at, uint8_t head, const uint8_t *data,
                                                     size_t len)
{
    if (len <= UINT8_MAX)
        at = hf__direct_put_number(at, head, len, 1);
    else if (len <= UINT16_MAX)
        at = hf__direct_put_number(at, (uint8_t)(head + 1), len, 2);
    else
        at = hf__direct_put_number(at, (uint8_t)(head + 2), len, 4);
    if (len > 0)
        memcpy(at, data, len);
    return at + len;
}

/* Bytes: at most 5 more than len. */
static HF_ALWAYS_INLINE uint8_t *hf__direct_put_bin(uint8_t *at, const uint8_t *data, size_t len)
{
    return hf__direct_put_body(at, 0xc4, data, len);
}

/* Text: at most 5 bytes more than it has. */
static HF_ALWAYS_INLINE uint8_t *hf__direct_put_text(uint8_t *at, struct hf_bytes text)
{
    if (text.len > 31)
        return hf__direct_put_body(at, 0xd9, text.data, text.len);
    *at++ = (uint8_t)(0xa0 | text.len);
    if (text.len > 0)
        memcpy(at, text.data, text.len);
    return at + text.len;
}

#endif
