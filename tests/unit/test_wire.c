#include "base/error.h"
#include "base/hex.h"
#include "wire/wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define HF_WIRE_DEF "test_wire.def"
#include "wire/expand_structs.h"
#include "wire/expand_tables.h"

/* The encoding of `sample`, written out by hand from the MessagePack specification. */
static const char sample_hex[] = "88"
                                 "0102"
                                 "02cf0000000100000000"
                                 "03c40401020304"
                                 "05c400"
                                 "06a3e282ac"
                                 "07c3"
                                 "0992810105820106"
                                 "02c402beef"
                                 "cd012c8101cc80";

static struct hf_msg_leaf sample_leaves[] = {
    {.index = 5},
    {.index = 6, .data = {(const uint8_t *)"\xbe\xef", 2}},
};

static struct hf_msg_every sample(void)
{
    return (struct hf_msg_every){
        .format = 2,
        .number = UINT64_C(1) << 32,
        .key = {1, 2, 3, 4},
        .name = {(const uint8_t *)"\xe2\x82\xac", 3},
        .flag = true,
        .leaves = sample_leaves,
        .leaves_count = 2,
        .must = {.index = 128},
    };
}

static struct hf_bytes unhex(const char *text)
{
    size_t len = strlen(text) / 2;
    uint8_t *data = malloc(len + 1);
    cr_assert_eq(hf_hex_decode(text, data, len), 0);
    return hf_bytes_of(data, len);
}

/* Decodes hexadecimal text from an allocation of exactly its size, so that a sanitizer sees any
 * reading past it. */
static int decode_hex(const char *text, struct hf_msg_every *ret, struct hf_wire_error *error)
{
    struct hf_bytes in = unhex(text);
    uint8_t *exact = malloc(in.len + (in.len == 0));
    memcpy(exact, in.data, in.len);
    free((void *)in.data);
    struct hf_arena arena;
    hf_arena_init(&arena, 4096);
    struct hf_msg_every every = {.format = 0};
    int r = hf_wire_decode(&hf_wire_every, hf_bytes_of(exact, in.len), &arena, &every, error);
    if (r == 0 && ret != NULL)
        *ret = every;
    hf_arena_done(&arena);
    free(exact);
    return r;
}

#define assert_refused(text, code)                                                                 \
    do {                                                                                           \
        struct hf_wire_error e_;                                                                   \
        int r_ = decode_hex(text, NULL, &e_);                                                      \
        cr_assert_eq(r_, code, "%s: %s, at %zu %s expected %s", text, hf_error_name(r_),           \
                     e_.offset, e_.path, e_.expected);                                             \
    } while (0)

Test(hf_wire_encode, gives_the_bytes_of_the_specification)
{
    struct hf_buf out;
    hf_buf_init(&out, 1000);
    struct hf_msg_every every = sample();
    cr_assert_eq(hf_wire_encode(&hf_wire_every, &every, &out), 0);
    char text[2 * sizeof(sample_hex)];
    hf_hex_encode(out.data, out.len, text);
    cr_assert_str_eq(text, sample_hex);
    hf_buf_done(&out);
}

Test(hf_wire_decode, gives_back_what_was_encoded)
{
    struct hf_bytes in = unhex(sample_hex);
    struct hf_arena arena;
    hf_arena_init(&arena, 4096);
    struct hf_msg_every every;
    cr_assert_eq(hf_wire_decode(&hf_wire_every, in, &arena, &every, NULL), 0);
    cr_assert_eq(every.format, 2);
    cr_assert_eq(every.number, UINT64_C(1) << 32);
    cr_assert_arr_eq(every.key, ((uint8_t[]){1, 2, 3, 4}), 4);
    cr_assert(!every.has_token && !every.has_leaf && every.flag);
    cr_assert(hf_bytes_equal(every.name, hf_bytes_of("\xe2\x82\xac", 3)));
    cr_assert_eq(every.leaves_count, 2);
    cr_assert_eq(every.leaves[0].index, 5);
    cr_assert(hf_bytes_equal(every.leaves[1].data, hf_bytes_of("\xbe\xef", 2)));
    cr_assert_eq(every.must.index, 128);
    hf_arena_done(&arena);
    free((void *)in.data);
}

Test(hf_wire_decode, takes_any_order_longer_forms_and_skips_unknown_keys)
{
    struct hf_msg_every every;
    /* must first; format as a uint 64; key 10 holds a map with an array, a float, an extension and
     * nil. */
    cr_assert_eq(decode_hex("85cd012c810101"
                            "0a820193c0ca00000000d401ff02e0"
                            "05c5000101"
                            "03c60000000401020304"
                            "01cf0000000000000002",
                            &every, NULL),
                 0);
    cr_assert_eq(every.format, 2);
    cr_assert_eq(every.must.index, 1);
}

Test(hf_wire_decode, every_truncation_is_refused)
{
    struct hf_msg_every every;
    char text[sizeof(sample_hex)];
    for (size_t len = 0; len + 1 < sizeof(sample_hex); len += 2) {
        memcpy(text, sample_hex, len);
        text[len] = '\0';
        cr_assert_lt(decode_hex(text, &every, NULL), 0, "%zu bytes were taken", len / 2);
    }
}

Test(hf_wire_decode, refusals)
{
    /* The smallest message is 84 0102 03c40400000000 05c400 cd012c810101. */
    assert_refused("8401020303c4040000000005c400cd012c810101",
                   HF_EMALFORMED); /* not a key's value */
    assert_refused("84010203c4040000000005c400cd012c81010100", HF_EMALFORMED);   /* left over */
    assert_refused("850102010203c4040000000005c400cd012c810101", HF_EMALFORMED); /* twice */
    assert_refused("83010203c4040000000005c400", HF_EMISSING);
    assert_refused("84010203c4040000000005c400cd012c80", HF_EMISSING); /* in the inner one */
    assert_refused("84010403c4040000000005c400cd012c810101", HF_EVERSION);
    assert_refused("84010103c4040000000005c400cd012c810101", HF_EBOUND);
    assert_refused("84010203c40300000005c400cd012c810101", HF_EBOUND);
    assert_refused("84010203a40000000005c400cd012c810101", HF_EMALFORMED);     /* text for binary */
    assert_refused("84a1010203c4040000000005c400cd012c810101", HF_EMALFORMED); /* a text key */
    assert_refused("8401e203c4040000000005c400cd012c810101", HF_EMALFORMED);   /* negative */
    assert_refused("85010203c4040000000005c40006a101cd012c810101", HF_EMALFORMED); /* control */
    assert_refused("85010203c4040000000005c40006a0cd012c810101", HF_EBOUND);
    assert_refused("85010203c4040000000005c4000994810101810101810101810101cd012c810101", HF_EBOUND);
    assert_refused("84010203c4040000000005c400cd012c8101cd0100", HF_EBOUND);
    assert_refused("85010203c4040000000005c4000ac1cd012c810101", HF_EMALFORMED); /* reserved byte */
    assert_refused("85010203c4040000000005c4000ac9ffffffff01cd012c810101",
                   HF_EMALFORMED); /* an extension of 2^32 - 1 bytes, of which there is none */
    assert_refused("dfffffffff", HF_EMALFORMED);
    assert_refused("90", HF_EMALFORMED);
    assert_refused("", HF_EMALFORMED);
}

Test(hf_wire_decode, an_error_names_the_place_and_leaves_the_struct_alone)
{
    struct hf_wire_error e;
    struct hf_msg_every every = {.number = 77};
    cr_assert_eq(decode_hex("85010203c4040000000005c4000992810101810100cd012c810101", &every, &e),
                 HF_EBOUND);
    cr_assert_str_eq(e.path, "every.leaves[1].index");
    cr_assert_eq(e.offset, 20);
    cr_assert_str_eq(e.expected, "an unsigned integer from 1 to 255");
    cr_assert_eq(every.number, 77);
}

Test(hf_wire_encode, refuses_what_the_decoder_would_and_appends_nothing)
{
    struct hf_buf out;
    hf_buf_init(&out, 1000);
    hf_buf_append_u8(&out, 9);
    struct hf_msg_every every = sample();
    every.format = 4;
    cr_assert_eq(hf_wire_encode(&hf_wire_every, &every, &out), HF_EVERSION);
    every = sample();
    every.leaves_count = 4;
    cr_assert_eq(hf_wire_encode(&hf_wire_every, &every, &out), HF_EBOUND);
    every = sample();
    every.must.index = 0;
    cr_assert_eq(hf_wire_encode(&hf_wire_every, &every, &out), HF_EBOUND);
    every = sample();
    every.name = hf_bytes_of("\xc0\x80", 2);
    cr_assert_eq(hf_wire_encode(&hf_wire_every, &every, &out), HF_EMALFORMED);
    cr_assert_eq(out.len, 1);
    cr_assert_eq(out.error, 0);
    hf_buf_done(&out);
}

Test(hf_wire_encode, a_full_buffer_is_its_error)
{
    struct hf_buf out;
    hf_buf_init(&out, 10);
    struct hf_msg_every every = sample();
    cr_assert_eq(hf_wire_encode(&hf_wire_every, &every, &out), HF_ETOOBIG);
    hf_buf_done(&out);
}

Test(hf_wire_decode, nesting_is_bounded)
{
    /* Each knot is a map and an array: eight of them are the sixteen levels, and the last may hold
     * nothing. */
    uint8_t deep[64];
    struct hf_arena arena;
    hf_arena_init(&arena, 4096);
    struct hf_msg_knot knot;
    for (size_t knots = 1; knots <= 20; knots++) {
        size_t len = 0;
        for (size_t i = 1; i < knots; i++) {
            memcpy(deep + len, "\x81\x01\x91", 3);
            len += 3;
        }
        deep[len++] = 0x80;
        int r = hf_wire_decode(&hf_wire_knot, hf_bytes_of(deep, len), &arena, &knot, NULL);
        cr_assert_eq(r, knots <= 8 ? 0 : HF_EMALFORMED, "%zu knots: %d", knots, r);
        hf_arena_reset(&arena);
    }
    hf_arena_done(&arena);
}

Test(hf_wire_decode, nesting_of_skipped_values_is_bounded)
{
    uint8_t deep[100] = {0x81, 0x05};
    struct hf_arena arena;
    hf_arena_init(&arena, 4096);
    struct hf_msg_knot knot;
    for (size_t arrays = 1; arrays <= 90; arrays++) {
        memset(deep + 2, 0x91, arrays);
        deep[1 + arrays] = 0x90;
        int r = hf_wire_decode(&hf_wire_knot, hf_bytes_of(deep, 2 + arrays), &arena, &knot, NULL);
        cr_assert_eq(r, arrays <= 15 ? 0 : HF_EMALFORMED, "%zu arrays: %d", arrays, r);
    }
    hf_arena_done(&arena);
}

Test(hf_wire_decode, a_count_that_the_input_cannot_hold_allocates_nothing)
{
    /* Three leaves need nine bytes at least; the arena has room for the message alone. */
    struct hf_msg_every every;
    struct hf_wire_error e;
    struct hf_arena arena;
    hf_arena_init(&arena, sizeof(every) + 16);
    int r = hf_wire_decode(&hf_wire_every,
                           hf_bytes_of("\x85\x09\x93\x81\x01\x05\x81\x01\x05\x81\x01", 11), &arena,
                           &every, &e);
    cr_assert_eq(r, HF_EMALFORMED);
    cr_assert_str_eq(e.path, "every.leaves");
    hf_arena_done(&arena);
}

Test(hf_wire_decode, the_arena_bounds_what_a_message_takes)
{
    struct hf_bytes in = unhex(sample_hex);
    struct hf_msg_every every;
    for (size_t max = 0; max < 512; max++) {
        struct hf_arena arena;
        hf_arena_init(&arena, max);
        int r = hf_wire_decode(&hf_wire_every, in, &arena, &every, NULL);
        cr_assert(r == 0 || (r == HF_ETOOBIG && max < 400));
        hf_arena_done(&arena);
    }
    free((void *)in.data);
}

Test(hf_wire_print, is_one_line_without_absent_fields)
{
    struct hf_buf out;
    hf_buf_init(&out, 1000);
    struct hf_msg_every every = sample();
    hf_wire_print(&hf_wire_every, &every, &out);
    hf_buf_append_u8(&out, 0);
    cr_assert_str_eq(
        (char *)out.data,
        "every{format=2 number=4294967296 key=01020304 blob= name=\"\\xe2\\x82\\xac\" "
        "flag=true leaves=[leaf{index=5} leaf{index=6 data=beef}] must=leaf{index=128}}");
    hf_buf_done(&out);
}

Test(hf_wire_to_json, is_json_with_large_numbers_as_text)
{
    struct hf_buf out;
    hf_buf_init(&out, 1000);
    struct hf_msg_every every = sample();
    every.number = UINT64_MAX;
    hf_wire_to_json(&hf_wire_every, &every, &out);
    hf_buf_append_u8(&out, 0);
    cr_assert_str_eq(
        (char *)out.data,
        "{\"format\":2,\"number\":\"18446744073709551615\",\"key\":\"01020304\",\"blob\":\"\","
        "\"name\":\"\xe2\x82\xac\",\"flag\":true,\"leaves\":[{\"index\":5},"
        "{\"index\":6,\"data\":\"beef\"}],\"must\":{\"index\":128}}");
    hf_buf_done(&out);
}
