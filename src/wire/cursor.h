/*
 * Reads MessagePack items one at a time from untrusted bytes. Which byte means what is msgpack-c's:
 * its parser (msgpack/unpack_template.h) runs over one item. Its unpacker, which builds a tree, is
 * not used: that takes memory for a declared count before it has seen one element, and the tables
 * need no tree. This reader allocates nothing, and never believes a length or a count that the
 * remaining bytes cannot hold.
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

/*
 * Reads the next item: a whole one, or the head of an array or map, whose count the remaining bytes
 * can hold. HF_EMALFORMED: truncated, a reserved first byte, or a count past the end; the cursor
 * has not moved.
 */
HF_MUST_USE int hf__cursor_next(struct hf__cursor *c, struct hf__item *ret);

/*
 * Passes over one item and all inside it. depth: how many more maps and arrays may lie inside each
 * other. HF_EMALFORMED: as above, or deeper than depth.
 */
HF_MUST_USE int hf__cursor_skip(struct hf__cursor *c, unsigned depth);

#endif
