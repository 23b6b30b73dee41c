#include "filler.h"

/* Enough to reach the two-byte form of a length where the bound allows it, and
 * few enough to read. */
enum { SOME_BYTES = 300, SOME_ELEMENTS = 2 };

struct filler {
    struct hf_arena *arena;
    enum hf_filling filling;
    uint64_t counter;
};

static void fill_message(struct filler *filler, const struct hf_wire_type *type, void *message);

static uint8_t next_byte(struct filler *filler)
{
    /* Bytes of 0, 1, 2 .. would hide swapped ones less well than these. */
    return (uint8_t)(filler->counter++ * 0x9d + 0x11);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A value, length or count; usual is what a moderate one would be. */
static uint64_t pick(const struct filler *filler, const struct hf_wire_field *f, uint64_t usual)
{
    if (filler->filling == HF_FILLING_LEAST)
        return f->min;
    return usual < f->min ? f->min : least(usual, f->max);
}

static void *allocate(struct filler *filler, size_t count, size_t size)
{
    void *p;
    int r = hf_arena_alloc(filler->arena, count, size, &p);
    hf_assert(r == 0);
    return p;
}

static struct hf_bytes fill_bytes(struct filler *filler, const struct hf_wire_field *f)
{
    bool text = f->kind == HF_WIRE_TEXT;
    size_t len = (size_t)pick(filler, f,
                              text                                 ? 12
                              : filler->filling == HF_FILLING_MOST ? SOME_BYTES
                                                                   : 24);
    uint8_t *data = allocate(filler, len, 1);
    for (size_t i = 0; i < len; i++)
        data[i] = text ? (uint8_t)('a' + next_byte(filler) % 26) : next_byte(filler);
    return hf_bytes_of(data, len);
}

static void *fill_list(struct filler *filler, const struct hf_wire_field *f, size_t count)
{
    char *elements = allocate(filler, count, f->type->size);
    for (size_t i = 0; i < count; i++)
        fill_message(filler, f->type, elements + i * f->type->size);
    return elements;
}

static void fill_field(struct filler *filler, const struct hf_wire_field *f, char *message)
{
    void *member = message + f->offset;
    size_t count;
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        *(uint64_t *)member = filler->filling == HF_FILLING_MOST
                                  ? f->max
                                  : pick(filler, f, f->min + 1 + next_byte(filler) % 100);
        break;
    case HF_WIRE_FIXED:
        for (uint64_t i = 0; i < f->max; i++)
            ((uint8_t *)member)[i] = next_byte(filler);
        break;
    case HF_WIRE_BIN:
    case HF_WIRE_TEXT:
        *(struct hf_bytes *)member = fill_bytes(filler, f);
        break;
    case HF_WIRE_BOOL:
        *(bool *)member = true;
        break;
    case HF_WIRE_SUB:
        fill_message(filler, f->type, member);
        break;
    case HF_WIRE_LIST:
        count = (size_t)pick(filler, f, SOME_ELEMENTS);
        *(void **)member = fill_list(filler, f, count);
        *(size_t *)(void *)(message + f->count_offset) = count;
        break;
    }
    if (f->has)
        *(bool *)(message + f->has_offset) = true;
}

static void fill_message(struct filler *filler, const struct hf_wire_type *type, void *message)
{
    const struct hf_wire_shape *shape = type->shape();
    memset(message, 0, type->size);
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->fields[i].required || filler->filling != HF_FILLING_LEAST)
            fill_field(filler, &shape->fields[i], message);
    }
}

void hf_filler_fill(const struct hf_wire_type *type, enum hf_filling filling, uint64_t counter,
                    struct hf_arena *arena, void *ret_message)
{
    struct filler filler = {.arena = arena, .filling = filling, .counter = counter};
    fill_message(&filler, type, ret_message);
}
