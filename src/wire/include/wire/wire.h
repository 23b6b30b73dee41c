/*
 * Messages as tables. proto/messages.def names every message and every field once; from it come the
 * structs (wire/messages.h), and the tables below, over which one encoder, one decoder and the
 * printers run. No code for any single message is written by hand, so none can disagree with its
 * description. MessagePack itself is read and written by msgpack-c.
 *
 * The encoding is specified in proto/PROTOCOL.md, section 2: a MessagePack map with unsigned
 * integer keys. Of one struct there is one encoding, so encodings can be hashed and signed: the
 * transcript of a thing is its encoding. The decoder is more liberal (any order of keys, longer
 * forms of numbers), so what was signed must be kept and checked as the bytes that came, never
 * encoded again.
 */
#ifndef HF_WIRE_WIRE_H
#define HF_WIRE_WIRE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/arena.h"

enum {
    HF_WIRE_FIELDS_MAX = 64, /* fields of one message */
    HF_WIRE_DEPTH_MAX = 16,  /* maps and arrays inside each other, the message itself counted */
};

/* What a field holds. The member's type in the struct stands beside it. */
enum hf_wire_kind {
    HF_WIRE_UINT,    /* uint64_t */
    HF_WIRE_VERSION, /* uint64_t; above its maximum is HF_EVERSION rather than HF_EBOUND */
    HF_WIRE_FIXED,   /* uint8_t[max] */
    HF_WIRE_BIN,     /* struct hf_bytes */
    HF_WIRE_TEXT,    /* struct hf_bytes: UTF-8 without control characters, not terminated */
    HF_WIRE_BOOL,    /* bool */
    HF_WIRE_SUB,     /* the struct of another message */
    HF_WIRE_LIST,    /* a pointer to such structs; its count stands in <name>_count */
};

struct hf_wire_type;

struct hf_wire_field {
    const char *name;
    const char *doc;
    const struct hf_wire_type *type; /* of SUB and LIST, else NULL */
    uint64_t min; /* of UINT: the value; FIXED, BIN, TEXT: bytes; LIST: elements */
    uint64_t max;
    uint16_t key;
    uint16_t offset;       /* of the member in the struct */
    uint16_t has_offset;   /* of `bool has_<name>`, where has is set */
    uint16_t count_offset; /* of `size_t <name>_count`, for LIST */
    uint8_t kind;          /* enum hf_wire_kind */
    bool required;
    bool has; /* an optional FIXED or SUB: another member says whether it is there */
};

struct hf_wire_shape {
    const char *doc;
    const struct hf_wire_field *fields; /* by ascending key */
    size_t count;
};

/* A function rather than a pointer: only inside a function can the table's macros name "the struct
 * of this one". */
struct hf_wire_type {
    const char *name;
    size_t size; /* of the struct */
    const struct hf_wire_shape *(*shape)(void);
    size_t number; /* its place in the list */
};

/* Where and why decoding stopped. Text for a person; holds no value of any field. */
struct hf_wire_error {
    size_t offset;     /* in the input, of the item that was refused */
    char path[96];     /* "deposit.shares[3].index"; terminated, cut where it is longer */
    char expected[96]; /* "an unsigned integer from 1 to 255"; terminated */
};

/*
 * Appends the encoding of message to out. message: the struct that type describes. Fails before it
 * appends what the decoder would refuse; out is then as before. HF_EBOUND: a value, length or count
 * outside its bounds. HF_EVERSION: the same of a version. HF_EMALFORMED: text that is not UTF-8 or
 * has control characters, or nesting past HF_WIRE_DEPTH_MAX. HF_ENOMEM, HF_ETOOBIG: out's.
 */
HF_MUST_USE int hf_wire_encode(const struct hf_wire_type *type, const void *message,
                               struct hf_buf *out);

/*
 * The same into the arena, where ret lives as long as it does. The arena's errors instead of a
 * buffer's.
 */
HF_MUST_USE int hf_wire_encode_in(const struct hf_wire_type *type, const void *message,
                                  struct hf_arena *arena, struct hf_bytes *ret);

/*
 * Reads the whole of in as one message. ret_message: the struct that type describes; what it points
 * to lies in `in` (bytes and text) or in the arena (lists), and lives as long as both. ret_error:
 * filled on failure; may be NULL. Optional fields that are absent are zero. HF_EMALFORMED: not the
 * encoding of a map with unsigned keys, a wrong kind of value, a key twice, bytes left over, bad
 * text, nesting past HF_WIRE_DEPTH_MAX. HF_EMISSING: a required field is absent. HF_EBOUND: a
 * value, length or count outside its bounds. HF_EVERSION: a version that is not known. HF_ETOOBIG,
 * HF_ENOMEM: the arena's.
 */
HF_MUST_USE int hf_wire_decode(const struct hf_wire_type *type, struct hf_bytes in,
                               struct hf_arena *arena, void *ret_message,
                               struct hf_wire_error *ret_error);

/*
 * How a program reads and writes its messages: hf_wire_decode and hf_wire_encode_in, or another way
 * that gives the same for every input.
 */
struct hf_wire_codec {
    int (*decode)(const struct hf_wire_type *type, struct hf_bytes in, struct hf_arena *arena,
                  void *ret_message, struct hf_wire_error *ret_error);
    int (*encode_in)(const struct hf_wire_type *type, const void *message, struct hf_arena *arena,
                     struct hf_bytes *ret);
};
/* Over the tables, on msgpack-c. */
extern const struct hf_wire_codec hf_wire_tables;

/*
 * Appends one line for a person: name{field=value …}. Bytes are hexadecimal, cut after 32; absent
 * fields are left out; text is quoted, with what is not plain ASCII escaped. Problems are left in
 * out->error. message: as for encode, but its bounds need not hold.
 */
void hf_wire_print(const struct hf_wire_type *type, const void *message, struct hf_buf *out);

/*
 * Appends a JSON object: bytes as hexadecimal strings, unsigned integers as numbers up to 2^53 - 1
 * and as decimal strings above (a reader with doubles would round them), absent fields left out.
 */
void hf_wire_to_json(const struct hf_wire_type *type, const void *message, struct hf_buf *out);

#endif
