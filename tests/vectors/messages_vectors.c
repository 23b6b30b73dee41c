/*
 * Prints tests/vectors/messages.json: for every message three encodings with their fields,
 * encodings that must be taken though no encoder of ours makes them, and ones that must be refused,
 * with the error. Content is filler.
 */
#include "base/error.h"
#include "filler.h"
#include "generated.h"
#include "wire/messages.h"

#include <stdlib.h>

enum { ARENA_MAX = 1 << 24, ENCODING_MAX = 1 << 20 };

static void print_hex(struct hf_bytes bytes, struct hf_buf *out)
{
    hf_buf_append_u8(out, '"');
    for (size_t i = 0; i < bytes.len; i++)
        hf_buf_printf(out, "%02x", bytes.data[i]);
    hf_buf_append_u8(out, '"');
}

/* An encoding of filler; the caller frees it with hf_buf_done. */
static void make_encoding(const struct hf_wire_type *type, enum hf_filling filling,
                          uint64_t counter, struct hf_buf *ret_encoding, struct hf_buf *json)
{
    struct hf_arena arena;
    void *message;
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_arena_alloc(&arena, 1, type->size, &message);
    hf_assert(r == 0);
    hf_filler_fill(type, filling, counter, &arena, message);
    hf_buf_init(ret_encoding, ENCODING_MAX);
    r = hf_wire_encode(type, message, ret_encoding);
    hf_assert(r == 0);
    if (json != NULL)
        hf_wire_to_json(type, message, json);
    hf_arena_done(&arena);
}

static void print_messages(struct hf_buf *out)
{
    const char *between = "";
    hf_buf_printf(out, "  \"messages\": [");
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        for (int filling = HF_FILLING_LEAST; filling <= HF_FILLING_MOST; filling++) {
            struct hf_buf encoding;
            hf_buf_printf(out, "%s\n    {\"message\": \"%s\",\n     \"fields\": ", between,
                          hf_wire_types[t]->name);
            make_encoding(hf_wire_types[t], (enum hf_filling)filling, t, &encoding, out);
            hf_buf_printf(out, ",\n     \"encoding\": ");
            print_hex(hf_buf_bytes(&encoding), out);
            hf_buf_append_u8(out, '}');
            hf_buf_done(&encoding);
            between = ",";
        }
    }
    hf_buf_printf(out, "\n  ]");
}

/* What stands before and after the encoding, or in place of its first byte, to make a variant of
 * it. */
struct variant {
    const char *why;
    const char *error; /* NULL: it must be taken */
    const char *head;  /* hexadecimal, in place of the first byte */
    const char *tail;  /* hexadecimal, appended */
    size_t cut;        /* bytes taken off the end */
};

/* Of versions, encoded as 84 01.. 02.. 03.. 04..: four small numbers. */
static const struct variant variants[] = {
    {"as it is made", NULL, "84", "", 0},
    {"the count of pairs in 16 bits", NULL, "de0004", "", 0},
    {"the count of pairs in 32 bits", NULL, "df00000004", "", 0},
    {"an unknown key with a number", NULL, "85", "0505", 0},
    {"an unknown key with nil", NULL, "85", "05c0", 0},
    {"an unknown key with a negative number", NULL, "85", "05d0ff", 0},
    {"an unknown key with a float", NULL, "85", "05cb0000000000000000", 0},
    {"an unknown key with an extension", NULL, "85", "05d401aa", 0},
    {"an unknown key with a map in an array", NULL, "85", "059181a16105", 0},
    {"an unknown key with 15 arrays inside each other", NULL, "85",
     "05919191919191919191919191919190", 0},
    {"an unknown key before the known", NULL, "85cd012ca0", "", 0},
    {"an unknown key with 16 arrays inside each other", "malformed", "85",
     "0591919191919191919191919191919190", 0},
    {"a byte left over", "malformed", "84", "00", 0},
    {"the last byte missing", "malformed", "84", "", 1},
    {"one pair more than there are", "malformed", "85", "", 0},
    {"one pair fewer than there are", "malformed", "83", "", 0},
    {"a key twice", "malformed", "85", "0401", 0},
    {"a text key", "malformed", "85", "a10401", 0},
    {"a negative key", "malformed", "85", "ff01", 0},
    {"the byte c1, which MessagePack never uses", "malformed", "85", "05c1", 0},
    {"an unknown key without a value", "malformed", "85", "05", 0},
    {"an array in place of the map", "malformed", "98", "", 0},
    {"a count that the bytes cannot hold", "malformed", "dfffffffff", "", 0},
};

static void append_hex(const char *text, struct hf_buf *out)
{
    for (size_t i = 0; text[i] != '\0'; i += 2) {
        const char digits[3] = {text[i], text[i + 1], '\0'};
        hf_buf_append_u8(out, (uint8_t)strtoul(digits, NULL, 16));
    }
}

static void print_case(const char *message, const char *why, const char *error,
                       struct hf_bytes encoding, struct hf_buf *out)
{
    hf_buf_printf(out, "\n    {\"message\": \"%s\", \"why\": \"%s\",", message, why);
    if (error != NULL)
        hf_buf_printf(out, " \"error\": \"%s\",", error);
    hf_buf_printf(out, "\n     \"encoding\": ");
    print_hex(encoding, out);
    hf_buf_append_u8(out, '}');
}

static void print_variants(bool refused, struct hf_buf *out)
{
    struct hf_buf plain;
    make_encoding(&hf_wire_versions, HF_FILLING_SOME, 0, &plain, NULL);
    const char *between = "";
    for (size_t i = 0; i < HF_ARRAY_LEN(variants); i++) {
        const struct variant *v = &variants[i];
        if ((v->error != NULL) != refused)
            continue;
        struct hf_buf made;
        hf_buf_init(&made, ENCODING_MAX);
        append_hex(v->head, &made);
        hf_buf_append(&made, plain.data + 1, plain.len - 1 - v->cut);
        append_hex(v->tail, &made);
        hf_buf_printf(out, "%s", between);
        print_case("versions", v->why, v->error, hf_buf_bytes(&made), out);
        hf_buf_done(&made);
        between = ",";
    }
    hf_buf_done(&plain);
}

/* Every message whose first field is required without it: its pair is given an unknown key. */
static void print_missing(struct hf_buf *out)
{
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        if (!hf_wire_types[t]->shape()->fields[0].required)
            continue;
        struct hf_buf encoding;
        make_encoding(hf_wire_types[t], HF_FILLING_LEAST, t, &encoding, NULL);
        encoding.data[1] = 0x7f; /* the key, behind the head of the map */
        hf_buf_append_u8(out, ',');
        print_case(hf_wire_types[t]->name, "its first field is missing", "field_missing",
                   hf_buf_bytes(&encoding), out);
        hf_buf_done(&encoding);
    }
}

int main(int argc, char **argv)
{
    struct hf_buf out;
    hf_buf_init(&out, 1 << 26);
    hf_buf_printf(
        &out,
        "{\n  \"about\": \"Encodings of every message of proto/messages.def, filled by a counter. "
        "Bytes are hexadecimal. A decoder must give these fields, an encoder these bytes; what is "
        "accepted decodes though no encoder makes it; what is refused gives this error.\",\n");
    print_messages(&out);
    hf_buf_printf(&out, ",\n  \"accepted\": [");
    print_variants(false, &out);
    hf_buf_printf(&out, "\n  ],\n  \"refused\": [");
    print_variants(true, &out);
    print_missing(&out);
    hf_buf_printf(&out, "\n  ]\n}\n");
    return generated_main(argc, argv, &out);
}
