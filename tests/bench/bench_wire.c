/*
 * What messages cost to encode and to decode: one of each kind that travels, by the daemon's codec
 * and by the simulator's. One JSON line a message: nanoseconds of processor time each, the best of
 * several rounds.
 */
#include "codec/codec.h"
#include "filler.h"
#include "wire/messages.h"

#include <stdio.h>
#include <time.h>

enum { ROUNDS = 7, TIMES = 20000, ARENA_MAX = 1 << 20, MESSAGE_MAX = 1 << 16 };

static _Alignas(max_align_t) uint8_t message[MESSAGE_MAX];

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double encode_ns(const struct hf_wire_codec *codec, const struct hf_wire_type *type,
                        const void *m, struct hf_arena *arena)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < TIMES; i++) {
            struct hf_bytes out;
            hf_arena_reset(arena);
            int r = codec->encode_in(type, m, arena, &out);
            hf_assert(r == 0);
        }
        double each = (now_ns() - start) / TIMES;
        best = each < best ? each : best;
    }
    return best;
}

static double decode_ns(const struct hf_wire_codec *codec, const struct hf_wire_type *type,
                        struct hf_bytes in, struct hf_arena *arena)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < TIMES; i++) {
            hf_arena_reset(arena);
            int r = codec->decode(type, in, arena, message, NULL);
            hf_assert(r == 0);
        }
        double each = (now_ns() - start) / TIMES;
        best = each < best ? each : best;
    }
    return best;
}

static void measure(const struct hf_wire_type *type)
{
    struct hf_arena fill, arena;
    struct hf_bytes encoding;
    hf_arena_init(&fill, ARENA_MAX);
    hf_arena_init(&arena, ARENA_MAX);
    void *filled;
    int r = hf_arena_alloc(&fill, 1, type->size, &filled);
    hf_assert(r == 0);
    hf_filler_fill(type, HF_FILLING_SOME, 1, &fill, filled);
    r = hf_wire_encode_in(type, filled, &fill, &encoding);
    hf_assert(r == 0);
    printf("{\"message\":\"%s\",\"bytes\":%zu,\"encode_ns\":%.0f,\"decode_ns\":%.0f,"
           "\"sim_encode_ns\":%.0f,\"sim_decode_ns\":%.0f}\n",
           type->name, encoding.len, encode_ns(&hf_wire_tables, type, filled, &arena),
           decode_ns(&hf_wire_tables, type, encoding, &arena),
           encode_ns(&hf__direct, type, filled, &arena),
           decode_ns(&hf__direct, type, encoding, &arena));
    hf_arena_done(&arena);
    hf_arena_done(&fill);
}

int main(void)
{
    static const struct hf_wire_type *const types[] = {
        &hf_wire_owner_request,   &hf_wire_offer,
        &hf_wire_deposit,         &hf_wire_deposit_transcript,
        &hf_wire_nonce_request,   &hf_wire_nonce_response,
        &hf_wire_recover_request, &hf_wire_recover_response,
        &hf_wire_claim_request,   &hf_wire_placement_record,
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(types); i++)
        measure(types[i]);
    return 0;
}
