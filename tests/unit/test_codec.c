/* The simulator's codec takes what is plain by itself, and gives what the tables give. */
#include "base/error.h"
#include "codec/codec.h"
#include "filler.h"
#include "wire/messages.h"

#include <criterion/criterion.h>

#define HF_WIRE_DEF "test_wire.def"
#include "wire/expand_structs.h"
#include "wire/expand_tables.h"
#include "codec/expand_direct.h"

enum { MESSAGE_MAX = 1 << 16, ARENA_MAX = 1 << 20 };

static _Alignas(max_align_t) uint8_t message[MESSAGE_MAX], again[MESSAGE_MAX];

/* Decodes by both, and what decodes is encoded by both; returns the result. */
static int compare(const struct hf__direct_code *code, struct hf_bytes in)
{
    struct hf_arena arena;
    struct hf_wire_error error = {.path = ""}, other = {.path = ""};
    struct hf_bytes encoding, same;
    hf_arena_init(&arena, ARENA_MAX);
    int r = hf_wire_decode(code->type, in, &arena, message, &error);
    cr_assert_eq(hf__direct_decode(code, in, &arena, again, &other), r, "%s", code->type->name);
    if (r == 0) {
        cr_assert_eq(hf_wire_encode_in(code->type, message, &arena, &encoding), 0);
        cr_assert_eq(hf__direct_encode_in(code, again, &arena, &same), 0);
        cr_assert(hf_bytes_equal(encoding, same), "%s", code->type->name);
    } else {
        cr_assert_str_eq(error.path, other.path);
        cr_assert_str_eq(error.expected, other.expected);
        cr_assert_eq(error.offset, other.offset);
    }
    hf_arena_done(&arena);
    return r;
}

/* Compares an encoding, each of its beginnings, and each of its bytes changed; returns how many of
 * them decode. */
static size_t compare_around(const struct hf__direct_code *code, struct hf_bytes in, uint64_t seed)
{
    static uint8_t bytes[MESSAGE_MAX];
    size_t decode = 0;
    hf_assert(in.len <= sizeof bytes);
    for (size_t i = 0; i < in.len; i++) {
        decode += compare(code, hf_bytes_of(in.data, i)) == 0;
        memcpy(bytes, in.data, in.len);
        bytes[i] ^= (uint8_t)(1 + ((seed + i) * 0x9e3779b97f4a7c15u >> 32) % 255);
        decode += compare(code, hf_bytes_of(bytes, in.len)) == 0;
    }
    cr_assert_eq(compare(code, in), 0, "%s", code->type->name);
    return decode + 1;
}

Test(codec, straight_code_takes_what_is_plain)
{
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        const struct hf__direct_code *code = hf__direct_code(hf_wire_types[t]);
        struct hf_arena arena;
        struct hf_bytes encoding;
        hf_arena_init(&arena, ARENA_MAX);
        hf_filler_fill(code->type, HF_FILLING_LEAST, t, &arena, message);
        cr_assert_eq(hf__direct_encode_in(code, message, &arena, &encoding), 0);
        cr_assert_geq(code->most(message), encoding.len, "%s", code->type->name);
        cr_assert_eq(code->decode(encoding, &arena, message), 0, "%s", code->type->name);
        hf_arena_done(&arena);
    }
}

Test(codec, every_message_and_what_is_near_it_reads_and_writes_as_over_the_tables)
{
    static const enum hf_filling fillings[] = {HF_FILLING_LEAST, HF_FILLING_SOME};
    size_t decode = 0;
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        for (size_t f = 0; f < HF_ARRAY_LEN(fillings); f++) {
            struct hf_arena arena;
            struct hf_bytes encoding;
            hf_arena_init(&arena, ARENA_MAX);
            hf_filler_fill(hf_wire_types[t], fillings[f], t, &arena, message);
            cr_assert_eq(hf_wire_encode_in(hf_wire_types[t], message, &arena, &encoding), 0);
            decode += compare_around(hf__direct_code(hf_wire_types[t]), encoding, t);
            hf_arena_done(&arena);
        }
    }
    cr_assert_gt(decode, 100 * hf_wire_types_count);
}

Test(codec, every_kind_of_field_reads_and_writes_as_over_the_tables)
{
    static const struct hf__direct_code *const codes[] = {&hf__direct_leaf, &hf__direct_every,
                                                          &hf__direct_knot};
    static const enum hf_filling fillings[] = {HF_FILLING_LEAST, HF_FILLING_SOME, HF_FILLING_MOST};
    for (size_t i = 0; i < HF_ARRAY_LEN(codes) - 1; i++) {
        for (size_t f = 0; f < HF_ARRAY_LEN(fillings); f++) {
            struct hf_arena arena;
            struct hf_bytes encoding;
            hf_arena_init(&arena, ARENA_MAX);
            hf_filler_fill(codes[i]->type, fillings[f], f, &arena, message);
            cr_assert_eq(hf_wire_encode_in(codes[i]->type, message, &arena, &encoding), 0);
            compare_around(codes[i], encoding, f);
            hf_arena_done(&arena);
        }
    }
}

Test(codec, nesting_ends_where_it_does_over_the_tables)
{
    uint8_t deep[64];
    for (size_t knots = 1; knots <= 20; knots++) {
        size_t len = 0;
        for (size_t i = 1; i < knots; i++) {
            memcpy(deep + len, "\x81\x01\x91", 3);
            len += 3;
        }
        deep[len++] = 0x80;
        cr_assert_eq(compare(&hf__direct_knot, hf_bytes_of(deep, len)),
                     knots <= 8 ? 0 : HF_EMALFORMED);
    }
}
