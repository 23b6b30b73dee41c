/*
 * Every message: the first byte picks one, the rest is decoded. What decodes must encode, and that
 * encoding must decode to a struct that encodes to the same bytes: of one struct there is one
 * encoding.
 */
#include "base/error.h"
#include "wire/messages.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
    MESSAGE_MAX = 1 << 16,
    ARENA_MAX = 1 << 20,
    OUT_MAX = 1 << 22,
};

static void check_round_trip(const struct hf_wire_type *type, struct hf_arena *arena,
                             const void *message, void *again)
{
    struct hf_buf first, second, text;
    hf_buf_init(&first, OUT_MAX);
    hf_buf_init(&second, OUT_MAX);
    hf_buf_init(&text, 8 * OUT_MAX);
    hf_assert(hf_wire_encode(type, message, &first) == 0);
    hf_assert(hf_wire_decode(type, hf_buf_bytes(&first), arena, again, NULL) == 0);
    hf_assert(hf_wire_encode(type, again, &second) == 0);
    hf_assert(hf_bytes_equal(hf_buf_bytes(&first), hf_buf_bytes(&second)));
    hf_wire_print(type, again, &text);
    hf_wire_to_json(type, again, &text);
    hf_assert(text.error == 0);
    hf_buf_done(&first);
    hf_buf_done(&second);
    hf_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static _Alignas(max_align_t) uint8_t message[MESSAGE_MAX], again[MESSAGE_MAX];
    if (len == 0)
        return 0;
    const struct hf_wire_type *type = hf_wire_types[data[0] % hf_wire_types_count];
    hf_assert(type->size <= MESSAGE_MAX);
    struct hf_arena arena;
    hf_arena_init(&arena, ARENA_MAX);
    struct hf_wire_error error = {.path = ""};
    struct hf_bytes in = hf_bytes_of(data + 1, len - 1);
    int r = hf_wire_decode(type, in, &arena, message, &error);
    if (r == 0) {
        check_round_trip(type, &arena, message, again);
    } else {
        hf_assert(error.offset < len && error.path[0] != '\0' && error.expected[0] != '\0');
    }
    hf_arena_done(&arena);
    return 0;
}
