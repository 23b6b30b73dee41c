#include "cursor.h"
#include "field.h"
#include "wire/text.h"

#include <inttypes.h>
#include <stdio.h>

struct decoder {
    struct hf__cursor cursor;
    struct hf_arena *arena;
    struct hf_wire_error *error; /* NULL where the caller does not ask */
};

/* Where the decoder stands: a chain on the stack from the item at hand up to the message. */
struct place {
    const struct place *up;
    const struct hf_wire_type *type;
    const struct hf_wire_field *field; /* NULL: the map itself */
    size_t index;                      /* of the element in a list; SIZE_MAX: the field itself */
    unsigned depth;                    /* maps and arrays that may still lie inside each other */
};

static int decode_map(struct decoder *d, struct place *place, void *message);

/* Writes "message.field[index].field" and returns its length, below the size of path. */
static size_t path_write(const struct place *place, char path[static 96])
{
    size_t len = 0;
    if (place->up == NULL)
        len += (size_t)snprintf(path, 96, "%s", place->type->name);
    else
        len = path_write(place->up, path);
    if (place->field != NULL && len < 96)
        len += (size_t)snprintf(path + len, 96 - len, ".%s", place->field->name);
    if (place->index != SIZE_MAX && len < 96)
        len += (size_t)snprintf(path + len, 96 - len, "[%zu]", place->index);
    return len < 96 ? len : 95;
}

/* Notes where it failed, and returns code. */
static int fail(struct decoder *d, const struct place *place, const uint8_t *at, int code,
                const char *expected)
{
    if (d->error == NULL)
        return code;
    *d->error = (struct hf_wire_error){.offset = (size_t)(at - d->cursor.start)};
    path_write(place, d->error->path);
    snprintf(d->error->expected, sizeof d->error->expected, "%s", expected);
    return code;
}

/* As fail, for a field: what it expects is in its table. */
static int fail_field(struct decoder *d, const struct place *place, const uint8_t *at, int code)
{
    static const char *const what[] = {
        [HF_WIRE_UINT] = "an unsigned integer",
        [HF_WIRE_VERSION] = "a known version",
        [HF_WIRE_FIXED] = "binary, its length",
        [HF_WIRE_BIN] = "binary, its length",
        [HF_WIRE_TEXT] = "text, its bytes",
        [HF_WIRE_BOOL] = "true or false",
        [HF_WIRE_SUB] = "a map",
        [HF_WIRE_LIST] = "an array, its count",
    };
    const struct hf_wire_field *f = place->field;
    char text[96];
    if (f->kind == HF_WIRE_BOOL || f->kind == HF_WIRE_SUB)
        return fail(d, place, at, code, what[f->kind]);
    snprintf(text, sizeof text, "%s from %" PRIu64 " to %" PRIu64, what[f->kind], f->min, f->max);
    return fail(d, place, at, code, text);
}

/* Reads the next item, which must be of this kind. */
static int next_of_kind(struct decoder *d, const struct place *place, enum hf__item_kind kind,
                        struct hf__item *ret)
{
    const uint8_t *at = d->cursor.at;
    struct hf__item item;
    int r = hf__cursor_next(&d->cursor, &item);
    if (r < 0)
        return fail(d, place, at, r, "a whole MessagePack item");
    if (item.kind != kind)
        return fail_field(d, place, at, HF_EMALFORMED);
    *ret = item;
    return 0;
}

static int decode_scalar(struct decoder *d, const struct place *place, enum hf__item_kind kind,
                         struct hf__item *ret)
{
    const uint8_t *at = d->cursor.at;
    int r = next_of_kind(d, place, kind, ret);
    if (r < 0 || kind == HF__ITEM_BOOL)
        return r;
    bool sized = kind == HF__ITEM_BIN || kind == HF__ITEM_STR;
    r = hf__field_bound(place->field, sized ? ret->bytes.len : ret->number);
    return r < 0 ? fail_field(d, place, at, r) : 0;
}

static int decode_text(struct decoder *d, const struct place *place, struct hf_bytes *ret)
{
    const uint8_t *at = d->cursor.at;
    struct hf__item item;
    int r = decode_scalar(d, place, HF__ITEM_STR, &item);
    if (r < 0)
        return r;
    if (!hf_text_valid(item.bytes))
        return fail(d, place, at, HF_EMALFORMED, "UTF-8 without control characters");
    *ret = item.bytes;
    return 0;
}

/* The count is within the field's bound, and the input is long enough for it,
 * before anything is allocated. */
static int decode_list(struct decoder *d, struct place *place, void *message)
{
    const struct hf_wire_field *f = place->field;
    const uint8_t *at = d->cursor.at;
    struct hf__item item;
    int r = decode_scalar(d, place, HF__ITEM_ARRAY, &item);
    if (r < 0)
        return r;
    if (place->depth == 0)
        return fail(d, place, at, HF_EMALFORMED, "less nesting");
    if (item.number > (size_t)(d->cursor.end - d->cursor.at) / hf__type_len_min(f->type))
        return fail(d, place, at, HF_EMALFORMED, "as many elements as the array says");
    if (item.number == 0)
        return 0;
    void *elements;
    r = hf_arena_alloc(d->arena, (size_t)item.number, f->type->size, &elements);
    if (r < 0)
        return fail(d, place, at, r, "less in one message");
    struct place in_list = *place;
    in_list.depth--;
    for (size_t i = 0; i < item.number && r == 0; i++) {
        in_list.index = i;
        struct place element = {&in_list, f->type, NULL, SIZE_MAX, in_list.depth};
        r = decode_map(d, &element, (char *)elements + i * f->type->size);
    }
    if (r < 0)
        return r;
    *(void **)hf__field_into(f, message) = elements;
    *(size_t *)(void *)((char *)message + f->count_offset) = (size_t)item.number;
    return 0;
}

static int decode_sub(struct decoder *d, const struct place *place, void *message)
{
    struct place sub = {place, place->field->type, NULL, SIZE_MAX, place->depth};
    return decode_map(d, &sub, hf__field_into(place->field, message));
}

static int decode_field(struct decoder *d, struct place *place, void *message)
{
    const struct hf_wire_field *f = place->field;
    void *member = hf__field_into(f, message);
    struct hf__item item = {.number = 0};
    int r = 0;
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        if ((r = decode_scalar(d, place, HF__ITEM_UINT, &item)) == 0)
            *(uint64_t *)member = item.number;
        break;
    case HF_WIRE_FIXED:
        if ((r = decode_scalar(d, place, HF__ITEM_BIN, &item)) == 0)
            memcpy(member, item.bytes.data, item.bytes.len);
        break;
    case HF_WIRE_BIN:
        if ((r = decode_scalar(d, place, HF__ITEM_BIN, &item)) == 0)
            *(struct hf_bytes *)member = item.bytes;
        break;
    case HF_WIRE_TEXT:
        r = decode_text(d, place, member);
        break;
    case HF_WIRE_BOOL:
        if ((r = decode_scalar(d, place, HF__ITEM_BOOL, &item)) == 0)
            *(bool *)member = item.number != 0;
        break;
    case HF_WIRE_SUB:
        r = decode_sub(d, place, message);
        break;
    case HF_WIRE_LIST:
        r = decode_list(d, place, message);
        break;
    }
    if (r == 0 && f->has)
        *(bool *)((char *)message + f->has_offset) = true;
    return r;
}

/* The index of the field with this key, or shape->count: a field of a later version, to be skipped.
 * Encoders write fields in order, so the search begins where the last one ended. */
static size_t find_field(const struct hf_wire_shape *shape, uint64_t key, size_t next)
{
    if (next < shape->count && shape->fields[next].key == key)
        return next;
    size_t i = 0;
    while (i < shape->count && shape->fields[i].key != key)
        i++;
    return i;
}

/* Reads one pair of a map. next: the index of the field that is likely to come. */
static int decode_pair(struct decoder *d, struct place *place, const struct hf_wire_shape *shape,
                       void *message, uint64_t *seen, size_t *next)
{
    const uint8_t *at = d->cursor.at;
    struct hf__item key;
    place->field = NULL;
    int r = hf__cursor_next(&d->cursor, &key);
    if (r < 0 || key.kind != HF__ITEM_UINT)
        return fail(d, place, at, HF_EMALFORMED, "a key: an unsigned integer");
    size_t i = find_field(shape, key.number, *next);
    if (i == shape->count) {
        at = d->cursor.at;
        r = hf__cursor_skip(&d->cursor, place->depth);
        return r < 0 ? fail(d, place, at, r, "a whole value for a key that is not known") : 0;
    }
    place->field = &shape->fields[i];
    if ((*seen & UINT64_C(1) << i) != 0)
        return fail(d, place, at, HF_EMALFORMED, "each key once");
    *seen |= UINT64_C(1) << i;
    *next = i + 1;
    return decode_field(d, place, message);
}

/* Reads a map into message, which is zeroed. */
static int decode_map(struct decoder *d, struct place *place, void *message)
{
    const struct hf_wire_shape *shape = place->type->shape();
    const uint8_t *at = d->cursor.at;
    struct hf__item map;
    int r = hf__cursor_next(&d->cursor, &map);
    if (r < 0 || map.kind != HF__ITEM_MAP)
        return fail(d, place, at, HF_EMALFORMED, "a map");
    if (place->depth == 0)
        return fail(d, place, at, HF_EMALFORMED, "less nesting");
    place->depth--;
    uint64_t seen = 0;
    size_t next = 0;
    for (uint64_t i = 0; i < map.number && r == 0; i++)
        r = decode_pair(d, place, shape, message, &seen, &next);
    if (r < 0 || seen == UINT64_MAX >> (64 - shape->count))
        return r;
    for (size_t i = 0; i < shape->count; i++) {
        if (!shape->fields[i].required || (seen & UINT64_C(1) << i) != 0)
            continue;
        place->field = &shape->fields[i];
        return fail(d, place, at, HF_EMISSING, "this field in the map");
    }
    return 0;
}

int hf_wire_decode(const struct hf_wire_type *type, struct hf_bytes in, struct hf_arena *arena,
                   void *ret_message, struct hf_wire_error *ret_error)
{
    static const uint8_t none[1] = {0};
    const uint8_t *start = in.len == 0 ? none : in.data;
    struct decoder d = {{start, start, start + in.len}, arena, ret_error};
    struct place top = {NULL, type, NULL, SIZE_MAX, HF_WIRE_DEPTH_MAX};
    /* Into a copy, so that the caller's struct stays untouched when the last
     * byte turns out wrong. */
    void *message;
    int r = hf_arena_alloc(arena, 1, type->size, &message);
    if (r < 0)
        return fail(&d, &top, start, r, "less in one message");
    r = decode_map(&d, &top, message);
    if (r < 0)
        return r;
    if (d.cursor.at != d.cursor.end)
        return fail(&d, &top, d.cursor.at, HF_EMALFORMED, "the end of the input");
    memcpy(ret_message, message, type->size);
    return 0;
}
