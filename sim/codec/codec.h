/*
 * The simulator's codec: straight code, made of the same list as the tables and several times as
 * fast, because a simulated network encodes and decodes some millions of messages a minute. It
 * gives what hf_wire_tables gives, byte for byte and error for error: fuzz_wire and the unit tests
 * hold the two against each other. It is in no daemon.
 */
#ifndef HF_SIM_CODEC_H
#define HF_SIM_CODEC_H

#include "wire/wire.h"

struct hf__direct_code;

/* As hf_wire_decode, by this code where it takes the message. */
HF_MUST_USE int hf__direct_decode(const struct hf__direct_code *code, struct hf_bytes in,
                                  struct hf_arena *arena, void *ret_message,
                                  struct hf_wire_error *ret_error);
/* As hf_wire_encode_in, likewise. */
HF_MUST_USE int hf__direct_encode_in(const struct hf__direct_code *code, const void *message,
                                     struct hf_arena *arena, struct hf_bytes *ret);

/* The code of a message of proto/messages.def. */
const struct hf__direct_code *hf__direct_code(const struct hf_wire_type *type);

extern const struct hf_wire_codec hf__direct;
/* As hf_wire_encode. */
HF_MUST_USE int hf__encode_into(const struct hf_wire_type *type, const void *message,
                                struct hf_buf *out);

#endif
