#include "cursor.h"
#include "base/error.h"

/* What follows a first byte of the fixed table 0xc0..0xdf. */
struct form {
    uint8_t kind;       /* enum hf__item_kind */
    uint8_t number_len; /* bytes of the big-endian number after the first byte */
    bool body;          /* the number is the length of a body */
    uint8_t extra;      /* bytes besides number and body: an extension's type */
};

enum { RESERVED = 0xff };

/* MessagePack specification, "Formats"; indexed by first byte - 0xc0. */
static const struct form forms[32] = {
    [0x00] = {HF__ITEM_OTHER, 0, false, 0},  /* nil */
    [0x01] = {RESERVED, 0, false, 0},        /* never used */
    [0x02] = {HF__ITEM_BOOL, 0, false, 0},   /* false */
    [0x03] = {HF__ITEM_BOOL, 0, false, 0},   /* true */
    [0x04] = {HF__ITEM_BIN, 1, true, 0},     /* bin 8 */
    [0x05] = {HF__ITEM_BIN, 2, true, 0},     /* bin 16 */
    [0x06] = {HF__ITEM_BIN, 4, true, 0},     /* bin 32 */
    [0x07] = {HF__ITEM_OTHER, 1, true, 1},   /* ext 8 */
    [0x08] = {HF__ITEM_OTHER, 2, true, 1},   /* ext 16 */
    [0x09] = {HF__ITEM_OTHER, 4, true, 1},   /* ext 32 */
    [0x0a] = {HF__ITEM_OTHER, 0, false, 4},  /* float 32 */
    [0x0b] = {HF__ITEM_OTHER, 0, false, 8},  /* float 64 */
    [0x0c] = {HF__ITEM_UINT, 1, false, 0},   /* uint 8 */
    [0x0d] = {HF__ITEM_UINT, 2, false, 0},   /* uint 16 */
    [0x0e] = {HF__ITEM_UINT, 4, false, 0},   /* uint 32 */
    [0x0f] = {HF__ITEM_UINT, 8, false, 0},   /* uint 64 */
    [0x10] = {HF__ITEM_OTHER, 0, false, 1},  /* int 8 */
    [0x11] = {HF__ITEM_OTHER, 0, false, 2},  /* int 16 */
    [0x12] = {HF__ITEM_OTHER, 0, false, 4},  /* int 32 */
    [0x13] = {HF__ITEM_OTHER, 0, false, 8},  /* int 64 */
    [0x14] = {HF__ITEM_OTHER, 0, false, 2},  /* fixext 1 */
    [0x15] = {HF__ITEM_OTHER, 0, false, 3},  /* fixext 2 */
    [0x16] = {HF__ITEM_OTHER, 0, false, 5},  /* fixext 4 */
    [0x17] = {HF__ITEM_OTHER, 0, false, 9},  /* fixext 8 */
    [0x18] = {HF__ITEM_OTHER, 0, false, 17}, /* fixext 16 */
    [0x19] = {HF__ITEM_STR, 1, true, 0},     /* str 8 */
    [0x1a] = {HF__ITEM_STR, 2, true, 0},     /* str 16 */
    [0x1b] = {HF__ITEM_STR, 4, true, 0},     /* str 32 */
    [0x1c] = {HF__ITEM_ARRAY, 2, false, 0},  /* array 16 */
    [0x1d] = {HF__ITEM_ARRAY, 4, false, 0},  /* array 32 */
    [0x1e] = {HF__ITEM_MAP, 2, false, 0},    /* map 16 */
    [0x1f] = {HF__ITEM_MAP, 4, false, 0},    /* map 32 */
};

/* The form of a first byte, with the number that the byte itself carries. */
static struct form form_of(uint8_t first, uint64_t *ret_number)
{
    if (first >= 0xc0 && first <= 0xdf) {
        *ret_number = first & 1u; /* the value, where it is a bool */
        return forms[first - 0xc0];
    }
    if (first <= 0x7f) {
        *ret_number = first;
        return (struct form){.kind = HF__ITEM_UINT};
    }
    if (first <= 0x8f) {
        *ret_number = first & 0x0fu;
        return (struct form){.kind = HF__ITEM_MAP};
    }
    if (first <= 0x9f) {
        *ret_number = first & 0x0fu;
        return (struct form){.kind = HF__ITEM_ARRAY};
    }
    if (first <= 0xbf) {
        *ret_number = first & 0x1fu;
        return (struct form){.kind = HF__ITEM_STR, .body = true};
    }
    *ret_number = 0;
    return (struct form){.kind = HF__ITEM_OTHER}; /* a small negative number */
}

int hf__cursor_any(struct hf__cursor *c, struct hf__item *ret)
{
    const uint8_t *at = c->at;
    if (at == c->end)
        return HF_EMALFORMED;
    uint64_t number;
    struct form form = form_of(*at++, &number);
    if (form.kind == RESERVED || (size_t)(c->end - at) < form.number_len + (size_t)form.extra)
        return HF_EMALFORMED;
    if (form.number_len > 0)
        number = 0;
    for (uint8_t i = 0; i < form.number_len; i++)
        number = number << 8 | *at++;
    at += form.extra;

    size_t left = (size_t)(c->end - at);
    struct hf__item item = {.kind = form.kind, .number = number};
    if (form.body) {
        if (number > left)
            return HF_EMALFORMED;
        item.bytes = hf_bytes_of(at, (size_t)number);
        at += number;
    }
    /* Every element takes at least one byte, and every pair two. */
    if ((item.kind == HF__ITEM_ARRAY && number > left) ||
        (item.kind == HF__ITEM_MAP && number > left / 2))
        return HF_EMALFORMED;
    c->at = at;
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
