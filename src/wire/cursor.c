#include "cursor.h"
#include "base/error.h"

/*
 * msgpack-c's parser, for one item: each callback notes what it was told. That of an array or map
 * ends the parser at the head, so that it never needs its stack.
 */
enum { HEAD = -16, BAD = -17 }; /* apart from its own codes */

#define MSGPACK_EMBED_STACK_SIZE 1
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>

#define msgpack_unpack_struct(name)    struct parser##name
#define msgpack_unpack_func(ret, name) static inline ret parser##name
#define msgpack_unpack_callback(name)  on##name
#define msgpack_unpack_object          struct hf__item
#define msgpack_unpack_user            char

static inline struct hf__item on_root(char *user)
{
    (void)user;
    return (struct hf__item){.kind = HF__ITEM_OTHER};
}

static inline int note(struct hf__item *ret, enum hf__item_kind kind, uint64_t number)
{
    *ret = (struct hf__item){.kind = kind, .number = number};
    return 0;
}

#define ON_NUMBER(name, type, kind)                                                                \
    static inline int on_##name(char *user, type value, struct hf__item *ret)                      \
    {                                                                                              \
        (void)user, (void)value;                                                                   \
        return note(ret, kind, kind == HF__ITEM_UINT ? (uint64_t)value : 0);                       \
    }
ON_NUMBER(uint8, uint8_t, HF__ITEM_UINT)
ON_NUMBER(uint16, uint16_t, HF__ITEM_UINT)
ON_NUMBER(uint32, uint32_t, HF__ITEM_UINT)
ON_NUMBER(uint64, uint64_t, HF__ITEM_UINT)
ON_NUMBER(int8, int8_t, HF__ITEM_OTHER)
ON_NUMBER(int16, int16_t, HF__ITEM_OTHER)
ON_NUMBER(int32, int32_t, HF__ITEM_OTHER)
ON_NUMBER(int64, int64_t, HF__ITEM_OTHER)
ON_NUMBER(float, float, HF__ITEM_OTHER)
ON_NUMBER(double, double, HF__ITEM_OTHER)

static inline int on_nil(char *user, struct hf__item *ret)
{
    (void)user;
    return note(ret, HF__ITEM_OTHER, 0);
}

static inline int on_false(char *user, struct hf__item *ret)
{
    (void)user;
    return note(ret, HF__ITEM_BOOL, 0);
}

static inline int on_true(char *user, struct hf__item *ret)
{
    (void)user;
    return note(ret, HF__ITEM_BOOL, 1);
}

/* An empty body comes without a place. */
static inline int note_body(struct hf__item *ret, enum hf__item_kind kind, const char *base,
                            const char *at, unsigned len)
{
    *ret = (struct hf__item){.kind = kind, .number = len};
    ret->bytes = hf_bytes_of(len > 0 ? at : base, len);
    return 0;
}

static inline int on_str(char *user, const char *base, const char *at, unsigned len,
                         struct hf__item *ret)
{
    (void)user;
    return note_body(ret, HF__ITEM_STR, base, at, len);
}

static inline int on_bin(char *user, const char *base, const char *at, unsigned len,
                         struct hf__item *ret)
{
    (void)user;
    return note_body(ret, HF__ITEM_BIN, base, at, len);
}

/* The length counts the type too, so it is never 0; but the parser adds that one to a length of 32
 * bits, and takes the largest of all for 0. */
static inline int on_ext(char *user, const char *base, const char *at, unsigned len,
                         struct hf__item *ret)
{
    (void)user, (void)base, (void)at;
    return len == 0 ? BAD : note(ret, HF__ITEM_OTHER, 0);
}

static inline int on_array(char *user, unsigned count, struct hf__item *ret)
{
    (void)user;
    note(ret, HF__ITEM_ARRAY, count);
    return HEAD;
}

static inline int on_map(char *user, unsigned count, struct hf__item *ret)
{
    (void)user;
    note(ret, HF__ITEM_MAP, count);
    return HEAD;
}

/* Never called: the parser goes past no head. */
static inline int on_array_item(char *user, struct hf__item *array, struct hf__item item)
{
    (void)user, (void)array, (void)item;
    return BAD;
}

static inline int on_map_item(char *user, struct hf__item *map, struct hf__item key,
                              struct hf__item value)
{
    (void)user, (void)map, (void)key, (void)value;
    return BAD;
}

#include <msgpack/unpack_template.h>

int hf__cursor_next(struct hf__cursor *c, struct hf__item *ret)
{
    struct parser_context parser;
    size_t len = 0, left = (size_t)(c->end - c->at);
    parser_init(&parser);
    int r = parser_execute(&parser, (const char *)c->at, left, &len);
    struct hf__item item = parser_data(&parser);
    if (r == HEAD) {
        len++; /* it stopped at the last byte of the head */
        left -= len;
        /* Every element takes at least one byte, and every pair two. */
        if (item.number > (item.kind == HF__ITEM_MAP ? left / 2 : left))
            return HF_EMALFORMED;
    } else if (r != 1) {
        return HF_EMALFORMED;
    }
    c->at += len;
    *ret = item;
    return 0;
}

int hf__cursor_skip(struct hf__cursor *c, unsigned depth)
{
    struct hf__item item;
    int r = hf__cursor_next(c, &item);
    if (r < 0)
        return r;
    if (item.kind != HF__ITEM_ARRAY && item.kind != HF__ITEM_MAP)
        return 0;
    if (depth == 0)
        return HF_EMALFORMED;
    /* No overflow: the count was held against the bytes that are left. */
    uint64_t inside = item.kind == HF__ITEM_MAP ? 2 * item.number : item.number;
    for (uint64_t i = 0; i < inside && r == 0; i++)
        r = hf__cursor_skip(c, depth - 1);
    return r;
}
