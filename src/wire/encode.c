#include "field.h"
#include "wire/text.h"

#include <msgpack/pack.h>

/* Where an encoding goes. */
struct encoder {
    struct hf_buf *out; /* or NULL: */
    uint8_t *into;      /* room of the length that was counted; NULL: it only counts */
    size_t len;
    msgpack_packer packer;
};

/* The buffer's error is sticky, so the packer is not asked after each item. */
static int append(void *encoder, const char *data, size_t len)
{
    struct encoder *e = encoder;
    if (e->out != NULL)
        hf_buf_append(e->out, data, len);
    else if (e->into != NULL && len > 0)
        memcpy(e->into + e->len, data, len);
    e->len += len;
    return 0;
}

static int encode_map(struct encoder *e, const struct hf_wire_type *type, const void *message,
                      unsigned depth);

static int encode_uint(struct encoder *e, const struct hf_wire_field *f, uint64_t value)
{
    int r = hf__field_bound(f, value);
    if (r < 0)
        return r;
    msgpack_pack_uint64(&e->packer, value);
    return 0;
}

static int encode_bytes(struct encoder *e, const struct hf_wire_field *f, struct hf_bytes value)
{
    int r = hf__field_bound(f, value.len);
    if (r < 0)
        return r;
    if (f->kind != HF_WIRE_TEXT) {
        msgpack_pack_bin(&e->packer, value.len);
        msgpack_pack_bin_body(&e->packer, value.data, value.len);
        return 0;
    }
    if (!hf_text_valid(value))
        return HF_EMALFORMED;
    msgpack_pack_str(&e->packer, value.len);
    msgpack_pack_str_body(&e->packer, value.data, value.len);
    return 0;
}

static int encode_list(struct encoder *e, const struct hf_wire_field *f, const void *message,
                       unsigned depth)
{
    size_t count = hf__field_count(f, message);
    int r = hf__field_bound(f, count);
    if (r < 0)
        return r;
    if (depth == 0)
        return HF_EMALFORMED;
    msgpack_pack_array(&e->packer, count);
    for (size_t i = 0; i < count && r == 0; i++)
        r = encode_map(e, f->type, hf__field_element(f, message, i), depth - 1);
    return r;
}

static int encode_field(struct encoder *e, const struct hf_wire_field *f, const void *message,
                        unsigned depth)
{
    const void *member = hf__field_at(f, message);
    msgpack_pack_uint64(&e->packer, f->key);
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        return encode_uint(e, f, *(const uint64_t *)member);
    case HF_WIRE_FIXED:
        return encode_bytes(e, f, hf_bytes_of(member, (size_t)f->max));
    case HF_WIRE_BIN:
    case HF_WIRE_TEXT:
        return encode_bytes(e, f, *(const struct hf_bytes *)member);
    case HF_WIRE_BOOL:
        msgpack_pack_true(&e->packer);
        return 0;
    case HF_WIRE_SUB:
        return encode_map(e, f->type, member, depth);
    case HF_WIRE_LIST:
        return encode_list(e, f, message, depth);
    }
    hf_unreachable();
}

static int encode_map(struct encoder *e, const struct hf_wire_type *type, const void *message,
                      unsigned depth)
{
    if (depth == 0)
        return HF_EMALFORMED;
    const struct hf_wire_shape *shape = type->shape();
    uint64_t present = 0; /* a bit for each field: HF_WIRE_FIELDS_MAX are 64 */
    size_t count = 0;
    for (size_t i = 0; i < shape->count; i++) {
        bool here = hf__field_present(&shape->fields[i], message);
        present |= (uint64_t)here << i;
        count += here;
    }
    msgpack_pack_map(&e->packer, count);
    int r = 0;
    for (size_t i = 0; i < shape->count && r == 0; i++) {
        if ((present >> i & 1) != 0)
            r = encode_field(e, &shape->fields[i], message, depth - 1);
    }
    return r;
}

static int encode(struct encoder *e, const struct hf_wire_type *type, const void *message)
{
    msgpack_packer_init(&e->packer, e, append);
    return encode_map(e, type, message, HF_WIRE_DEPTH_MAX);
}

int hf_wire_encode(const struct hf_wire_type *type, const void *message, struct hf_buf *out)
{
    if (out->error != 0)
        return out->error;
    size_t before = out->len;
    struct encoder e = {.out = out};
    int r = encode(&e, type, message);
    if (r == 0)
        r = out->error;
    if (r < 0)
        out->len = before;
    return r;
}

/* An arena's piece cannot grow: the message is gone over twice, first to count. */
int hf_wire_encode_in(const struct hf_wire_type *type, const void *message, struct hf_arena *arena,
                      struct hf_bytes *ret)
{
    struct encoder counter = {.len = 0}, writer = {.len = 0};
    int r = encode(&counter, type, message);
    if (r == 0)
        r = hf_arena_room(arena, counter.len, &writer.into);
    if (r < 0)
        return r;
    r = encode(&writer, type, message);
    hf_assert(r == 0 && writer.len == counter.len);
    *ret = hf_bytes_of(writer.into, hf_arena_take(arena, writer.len));
    return 0;
}

const struct hf_wire_codec hf_wire_tables = {hf_wire_decode, hf_wire_encode_in};
