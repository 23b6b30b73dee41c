/*
 * Reads MessagePack items one at a time from untrusted bytes. msgpack-c packs for us but does not
 * read: its unpacker allocates a tree for a declared count before it has seen one element. A reader
 * over tables needs no tree; this one allocates nothing, and never believes a length or a count
 * that the remaining bytes cannot hold.
 */
#ifndef HF_WIRE_CURSOR_H
#define HF_WIRE_CURSOR_H

#include "base/bytes.h"
#include "base/check.h"

struct hf__cursor {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
};

enum hf__item_kind {
    HF__ITEM_UINT,
    HF__ITEM_BOOL,
    HF__ITEM_BIN,
    HF__ITEM_STR,
    HF__ITEM_ARRAY,
    HF__ITEM_MAP,
    HF__ITEM_OTHER, /* nil, negative, float, extension: no field of ours holds one, but a skipped
                       one may */
};

struct hf__item {
    enum hf__item_kind kind;
    uint64_t number;       /* of UINT and BOOL: the value; ARRAY: elements; MAP: pairs */
    struct hf_bytes bytes; /* of BIN and STR: borrowed from the input */
};

/* As hf__cursor_next, for every form of item. */
HF_MUST_USE int hf__cursor_any(struct hf__cursor *c, struct hf__item *ret);

/*
 * Reads the next item: a whole one, or the head of an array or map, whose count the remaining bytes
 * can hold. HF_EMALFORMED: truncated, a reserved first byte, or a count past the end; the cursor
 * has not moved.
 */
static inline HF_MUST_USE int hf__cursor_next(struct hf__cursor *c, struct hf__item *ret)
{
    const uint8_t *at = c->at;
    size_t left = (size_t)(c->end - at);
    /* Almost all that messages hold: keys and small numbers, and binary of up to 255 bytes. */
    if (left > 0 && at[0] <= 0x7f) {
        *ret = (struct hf__item){.kind = HF__ITEM_UINT, .number = at[0]};
        c->at = at + 1;
        return 0;
    }
    if (left > 1 && at[0] == 0xc4 && at[1] <= left - 2) {
        *ret = (struct hf__item){
            .kind = HF__ITEM_BIN, .number = at[1], .bytes = hf_bytes_of(at + 2, at[1])};
        c->at = at + 2 + at[1];
        return 0;
    }
    return hf__cursor_any(c, ret);
}

/*
 * Passes over one item and all inside it. depth: how many more maps and arrays may lie inside each
 * other. HF_EMALFORMED: as above, or deeper than depth.
 */
HF_MUST_USE int hf__cursor_skip(struct hf__cursor *c, unsigned depth);

#endif
