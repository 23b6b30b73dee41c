/*
 * The simulator's codec against the tables: the first byte picks a message, the rest is decoded by
 * both. Both must say the same, name the same place of an error, and write the same bytes of what
 * they read.
 */
#include "codec/codec.h"
#include "wire/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
    MESSAGE_MAX = 1 << 16,
    ARENA_MAX = 1 << 22,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static _Alignas(max_align_t) uint8_t message[MESSAGE_MAX], again[MESSAGE_MAX];
    if (len == 0)
        return 0;
    const struct hf_wire_type *type = hf_wire_types[data[0] % hf_wire_types_count];
    hf_assert(type->size <= MESSAGE_MAX);
    struct hf_arena arena;
    hf_arena_init(&arena, ARENA_MAX);
    struct hf_wire_error error = {.path = ""}, other = {.path = ""};
    struct hf_bytes in = hf_bytes_of(data + 1, len - 1), encoding, same;
    int r = hf_wire_tables.decode(type, in, &arena, message, &error);
    hf_assert(hf__direct.decode(type, in, &arena, again, &other) == r);
    if (r == 0) {
        hf_assert(hf_wire_tables.encode_in(type, message, &arena, &encoding) == 0);
        hf_assert(hf__direct.encode_in(type, message, &arena, &same) == 0);
        hf_assert(hf_bytes_equal(encoding, same));
        hf_assert(hf_wire_tables.encode_in(type, again, &arena, &same) == 0);
        hf_assert(hf_bytes_equal(encoding, same));
    } else {
        hf_assert(error.offset == other.offset && strcmp(error.path, other.path) == 0 &&
                  strcmp(error.expected, other.expected) == 0);
    }
    hf_arena_done(&arena);
    return 0;
}
