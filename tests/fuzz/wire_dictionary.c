/*
 * Prints the fuzz dictionary of the messages, in libFuzzer's format, from their tables: for each
 * field its key followed by the head of its smallest and of its largest value, so that a mutation
 * can put a field where none was.
 */
#include "base/buf.h"
#include "wire/messages.h"

#include <msgpack/pack.h>
#include <stdio.h>
#include <stdlib.h>

static int append(void *out, const char *data, size_t len)
{
    hf_buf_append(out, data, len);
    return 0;
}

static void pack_value(msgpack_packer *packer, const struct hf_wire_field *f, uint64_t bound)
{
    switch ((enum hf_wire_kind)f->kind) {
    case HF_WIRE_UINT:
    case HF_WIRE_VERSION:
        msgpack_pack_uint64(packer, bound);
        return;
    case HF_WIRE_FIXED:
    case HF_WIRE_BIN:
        msgpack_pack_bin(packer, bound);
        return;
    case HF_WIRE_TEXT:
        msgpack_pack_str(packer, bound);
        return;
    case HF_WIRE_BOOL:
        msgpack_pack_true(packer);
        return;
    case HF_WIRE_SUB:
        msgpack_pack_map(packer, f->type->shape()->count);
        return;
    case HF_WIRE_LIST:
        msgpack_pack_array(packer, bound);
        return;
    }
    hf_unreachable();
}

static void print_word(const struct hf_wire_type *type, const struct hf_wire_field *f,
                       uint64_t bound, const char *which)
{
    struct hf_buf word;
    msgpack_packer packer;
    hf_buf_init(&word, 64);
    msgpack_packer_init(&packer, &word, append);
    msgpack_pack_uint64(&packer, f->key);
    pack_value(&packer, f, bound);
    hf_assert(word.error == 0);
    printf("%s_%s_%s=\"", type->name, f->name, which);
    for (size_t i = 0; i < word.len; i++)
        printf("\\x%02X", word.data[i]);
    printf("\"\n");
    hf_buf_done(&word);
}

int main(void)
{
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        const struct hf_wire_shape *shape = hf_wire_types[t]->shape();
        for (size_t i = 0; i < shape->count; i++) {
            const struct hf_wire_field *f = &shape->fields[i];
            print_word(hf_wire_types[t], f, f->max, "max");
            if (f->min != f->max)
                print_word(hf_wire_types[t], f, f->min, "min");
        }
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
