#include "base/error.h"
#include "base/hex.h"
#include "fail_alloc.h"
#include "filler.h"
#include "wire/messages.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

static const struct hf_wire_type *find_type(const char *name)
{
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        if (strcmp(hf_wire_types[t]->name, name) == 0)
            return hf_wire_types[t];
    }
    cr_assert_fail("no message %s", name);
    return NULL;
}

Test(messages, keys_ascend_and_bounds_are_ranges)
{
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        const struct hf_wire_shape *shape = hf_wire_types[t]->shape();
        uint16_t last = 0;
        for (size_t i = 0; i < shape->count; i++) {
            const struct hf_wire_field *f = &shape->fields[i];
            cr_assert_gt(f->key, last, "%s.%s", hf_wire_types[t]->name, f->name);
            cr_assert_leq(f->min, f->max, "%s.%s", hf_wire_types[t]->name, f->name);
            cr_assert_neq(f->doc[0], '\0', "%s.%s", hf_wire_types[t]->name, f->name);
            last = f->key;
        }
    }
}

/* Levels of nesting that a message needs. Types stand before those that hold them, so this ends. */
static unsigned depth_of(const struct hf_wire_type *type)
{
    const struct hf_wire_shape *shape = type->shape();
    unsigned deepest = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct hf_wire_field *f = &shape->fields[i];
        if (f->type == NULL)
            continue;
        unsigned depth = depth_of(f->type) + (f->kind == HF_WIRE_LIST);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

Test(messages, none_needs_more_nesting_than_the_decoder_takes)
{
    for (size_t t = 0; t < hf_wire_types_count; t++)
        cr_assert_leq(depth_of(hf_wire_types[t]), HF_WIRE_DEPTH_MAX);
}

static uint64_t type_len_max(const struct hf_wire_type *type);

/* At least what the shortest head of this number takes. */
static uint64_t head_len_max(uint64_t number)
{
    return number <= UINT8_MAX ? 2 : number <= UINT16_MAX ? 3 : number <= UINT32_MAX ? 5 : 9;
}

static uint64_t field_len_max(const struct hf_wire_field *f)
{
    const uint64_t key = f->key <= 0x7f ? 1 : 3, head = head_len_max(f->max);
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        return key + head;
    case HF_WIRE_FIXED:
    case HF_WIRE_BIN:
    case HF_WIRE_TEXT:
        return key + head + f->max;
    case HF_WIRE_BOOL:
        return key + 1;
    case HF_WIRE_SUB:
        return key + type_len_max(f->type);
    case HF_WIRE_LIST:
        return key + head + f->max * type_len_max(f->type);
    }
    return UINT64_MAX;
}

static uint64_t type_len_max(const struct hf_wire_type *type)
{
    const struct hf_wire_shape *shape = type->shape();
    uint64_t len = head_len_max(shape->count);
    for (size_t i = 0; i < shape->count; i++)
        len += field_len_max(&shape->fields[i]);
    return len;
}

static const struct hf_wire_field *find_field(const struct hf_wire_type *type, const char *name)
{
    const struct hf_wire_shape *shape = type->shape();
    for (size_t i = 0; i < shape->count; i++) {
        if (strcmp(shape->fields[i].name, name) == 0)
            return &shape->fields[i];
    }
    cr_assert_fail("no field %s.%s", type->name, name);
    return NULL;
}

/* The message whose encoding a field carries, where its description says so: "encoding of
 * <message>". */
static const struct hf_wire_type *carried_by(const struct hf_wire_field *f)
{
    static const char says[] = "encoding of ";
    if (f->kind != HF_WIRE_BIN || strncmp(f->doc, says, sizeof(says) - 1) != 0)
        return NULL;
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        if (strcmp(hf_wire_types[t]->name, f->doc + sizeof(says) - 1) == 0)
            return hf_wire_types[t];
    }
    return NULL;
}

Test(messages, what_is_carried_as_bytes_fits_its_carrier)
{
    size_t carriers = 0;
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        const struct hf_wire_shape *shape = hf_wire_types[t]->shape();
        for (size_t i = 0; i < shape->count; i++) {
            const struct hf_wire_type *inner = carried_by(&shape->fields[i]);
            if (inner == NULL)
                continue;
            uint64_t len = type_len_max(inner);
            cr_assert_leq(len, shape->fields[i].max, "%s.%s cannot carry every %s",
                          hf_wire_types[t]->name, shape->fields[i].name, inner->name);
            carriers++;
        }
    }
    cr_assert_geq(carriers, 8);
}

Test(messages, an_owners_request_carries_each_of_its_bodies)
{
    static const struct hf_wire_type *const bodies[] = {
        &hf_wire_offer,    &hf_wire_deposit,  &hf_wire_record_request,
        &hf_wire_deletion, &hf_wire_standing,
    };
    const struct hf_wire_field *body = find_field(&hf_wire_owner_request, "body");
    for (size_t i = 0; i < HF_ARRAY_LEN(bodies); i++)
        cr_assert_leq(type_len_max(bodies[i]), body->max, "%s", bodies[i]->name);
}

static struct hf_bytes unhex(const char *text)
{
    size_t len = strlen(text) / 2;
    uint8_t *data = malloc(len + 1);
    cr_assert_eq(hf_hex_decode(text, data, len), 0);
    return hf_bytes_of(data, len);
}

static json_t *load_vectors(void)
{
    char path[4096];
    const char *source = getenv("HOLDFAST_SOURCE");
    cr_assert_not_null(source);
    snprintf(path, sizeof(path), "%s/tests/vectors/messages.json", source);
    json_error_t error;
    json_t *vectors = json_load_file(path, 0, &error);
    cr_assert_not_null(vectors, "%s:%d: %s", path, error.line, error.text);
    return vectors;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    cr_assert_not_null(text, "no %s", key);
    return text;
}

struct decoded {
    const struct hf_wire_type *type;
    struct hf_bytes encoding;
    struct hf_arena arena;
    void *message;
    int error;
};

static struct decoded decode_vector(const json_t *vector)
{
    struct decoded d = {.type = find_type(text_of(vector, "message")),
                        .encoding = unhex(text_of(vector, "encoding"))};
    hf_arena_init(&d.arena, 1 << 24);
    d.message = malloc(d.type->size);
    d.error = hf_wire_decode(d.type, d.encoding, &d.arena, d.message, NULL);
    return d;
}

static void decoded_done(struct decoded *d)
{
    hf_arena_done(&d->arena);
    free(d->message);
    free((void *)d->encoding.data);
}

Test(messages, vectors_decode_to_their_fields_and_encode_to_their_bytes)
{
    json_t *vectors = load_vectors(), *vector;
    size_t i, count = 0;
    json_array_foreach(json_object_get(vectors, "messages"), i, vector)
    {
        struct decoded d = decode_vector(vector);
        cr_assert_eq(d.error, 0, "%s: %s", d.type->name, hf_error_name(d.error));
        struct hf_buf out;
        hf_buf_init(&out, 1 << 20);
        hf_wire_to_json(d.type, d.message, &out);
        json_t *fields = json_loadb((const char *)out.data, out.len, 0, NULL);
        cr_assert(json_equal(fields, json_object_get(vector, "fields")), "%s", d.type->name);
        json_decref(fields);
        hf_buf_clear(&out);
        cr_assert_eq(hf_wire_encode(d.type, d.message, &out), 0);
        cr_assert(hf_bytes_equal(hf_buf_bytes(&out), d.encoding), "%s", d.type->name);
        hf_buf_done(&out);
        decoded_done(&d);
        count++;
    }
    cr_assert_eq(count, 3 * hf_wire_types_count);
    json_decref(vectors);
}

Test(messages, vectors_of_other_encoders_are_accepted)
{
    json_t *vectors = load_vectors(), *vector, *first = NULL;
    size_t i;
    json_array_foreach(json_object_get(vectors, "accepted"), i, vector)
    {
        struct decoded d = decode_vector(vector);
        cr_assert_eq(d.error, 0, "%s: %s", text_of(vector, "why"), hf_error_name(d.error));
        struct hf_buf out;
        hf_buf_init(&out, 1 << 16);
        hf_wire_to_json(d.type, d.message, &out);
        json_t *fields = json_loadb((const char *)out.data, out.len, 0, NULL);
        if (first == NULL)
            first = json_incref(fields);
        cr_assert(json_equal(fields, first), "%s", text_of(vector, "why"));
        json_decref(fields);
        hf_buf_done(&out);
        decoded_done(&d);
    }
    cr_assert_gt(i, 0);
    json_decref(first);
    json_decref(vectors);
}

Test(messages, vectors_of_bad_encodings_are_refused_with_their_error)
{
    json_t *vectors = load_vectors(), *vector;
    size_t i;
    json_array_foreach(json_object_get(vectors, "refused"), i, vector)
    {
        struct decoded d = decode_vector(vector);
        cr_assert_str_eq(hf_error_name(d.error), text_of(vector, "error"), "%s: %s", d.type->name,
                         text_of(vector, "why"));
        decoded_done(&d);
    }
    cr_assert_gt(i, hf_wire_types_count / 2);
    json_decref(vectors);
}

Test(messages, every_truncation_of_every_vector_is_refused)
{
    json_t *vectors = load_vectors(), *vector;
    size_t i;
    json_array_foreach(json_object_get(vectors, "messages"), i, vector)
    {
        struct decoded d = decode_vector(vector);
        for (size_t len = 0; len < d.encoding.len; len++) {
            hf_arena_reset(&d.arena);
            int r = hf_wire_decode(d.type, hf_bytes_of(d.encoding.data, len), &d.arena, d.message,
                                   NULL);
            cr_assert_eq(r, HF_EMALFORMED, "%s, %zu bytes", d.type->name, len);
        }
        decoded_done(&d);
    }
    json_decref(vectors);
}

/* Decodes and encodes with one allocation, or all from one on, made to fail. Returns whether one
 * was. */
static bool round_trip_failing(const struct hf_wire_type *type, struct hf_bytes encoding,
                               size_t index, bool persistent)
{
    static _Alignas(max_align_t) uint8_t message[1 << 16];
    struct hf_arena arena;
    struct hf_buf out;
    hf_arena_init(&arena, 1 << 20);
    hf_buf_init(&out, 1 << 20);
    hf_fail_alloc_at(index, persistent);
    int r = hf_wire_decode(type, encoding, &arena, message, NULL);
    if (r == 0)
        r = hf_wire_encode(type, message, &out);
    bool failed = hf_fail_alloc_off();
    cr_assert_eq(r, failed ? HF_ENOMEM : 0, "%s, allocation %zu: %d", type->name, index, r);
    cr_assert(r == 0 || out.len == 0);
    hf_arena_done(&arena);
    hf_buf_done(&out);
    return failed;
}

Test(messages, an_allocation_that_fails_is_an_error_and_nothing_else)
{
    static _Alignas(max_align_t) uint8_t message[1 << 16];
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        struct hf_arena arena;
        struct hf_buf encoding;
        hf_arena_init(&arena, 1 << 20);
        hf_buf_init(&encoding, 1 << 20);
        hf_filler_fill(hf_wire_types[t], HF_FILLING_MOST, t, &arena, message);
        cr_assert_eq(hf_wire_encode(hf_wire_types[t], message, &encoding), 0);
        size_t index = 0;
        while (round_trip_failing(hf_wire_types[t], hf_buf_bytes(&encoding), index, false) &&
               round_trip_failing(hf_wire_types[t], hf_buf_bytes(&encoding), index, true))
            index++;
        cr_assert_gt(index, 1, "%s", hf_wire_types[t]->name);
        hf_buf_done(&encoding);
        hf_arena_done(&arena);
    }
}
