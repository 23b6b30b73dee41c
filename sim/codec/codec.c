#include "codec/codec.h"

#include "codec/direct.h"

#include "base/error.h"
#include "wire/messages.h"

#define HF_WIRE_DEF "messages.def"
#include "codec/expand_direct.h"

static const struct hf__direct_code *const codes[] = {
#define HF_EACH(name) &hf__direct_##name,
#include "wire/expand_each.h"
};

static HF_ALWAYS_INLINE const struct hf__direct_code *code_of(const struct hf_wire_type *type)
{
    const struct hf__direct_code *code = codes[type->number];
    hf_assert(code->type == type);
    return code;
}

static HF_ALWAYS_INLINE int decode_by(const struct hf__direct_code *code, struct hf_bytes in,
                                      struct hf_arena *arena, void *ret_message,
                                      struct hf_wire_error *ret_error)
{
    if (in.len > 0 && code->decode(in, arena, ret_message) == 0)
        return 0;
    return hf_wire_decode(code->type, in, arena, ret_message, ret_error);
}

static HF_ALWAYS_INLINE int encode_by(const struct hf__direct_code *code, const void *message,
                                      struct hf_arena *arena, struct hf_bytes *ret)
{
    uint8_t *at;
    size_t most = code->most(message);
    if (most == 0 || hf_arena_room(arena, most, &at) != 0)
        return hf_wire_encode_in(code->type, message, arena, ret);
    *ret = hf_bytes_of(at, hf_arena_take(arena, code->encode(message, at)));
    return 0;
}

const struct hf__direct_code *hf__direct_code(const struct hf_wire_type *type)
{
    return code_of(type);
}

int hf__direct_decode(const struct hf__direct_code *code, struct hf_bytes in,
                      struct hf_arena *arena, void *ret_message, struct hf_wire_error *ret_error)
{
    return decode_by(code, in, arena, ret_message, ret_error);
}

int hf__direct_encode_in(const struct hf__direct_code *code, const void *message,
                         struct hf_arena *arena, struct hf_bytes *ret)
{
    return encode_by(code, message, arena, ret);
}

static int decode(const struct hf_wire_type *type, struct hf_bytes in, struct hf_arena *arena,
                  void *ret_message, struct hf_wire_error *ret_error)
{
    return decode_by(code_of(type), in, arena, ret_message, ret_error);
}

static int encode_in(const struct hf_wire_type *type, const void *message, struct hf_arena *arena,
                     struct hf_bytes *ret)
{
    return encode_by(code_of(type), message, arena, ret);
}

const struct hf_wire_codec hf__direct = {decode, encode_in};

int hf__encode_into(const struct hf_wire_type *type, const void *message, struct hf_buf *out)
{
    const struct hf__direct_code *code = code_of(type);
    size_t most = out->error == 0 ? code->most(message) : 0;
    if (most == 0 || most > out->max - out->len)
        return hf_wire_encode(type, message, out);
    uint8_t *at = hf_buf_room(out, most);
    if (at != NULL)
        out->len += code->encode(message, at);
    return out->error;
}
