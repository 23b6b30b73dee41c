/* Prints proto/MESSAGES.md: the field tables of every message, from the tables that the codec
 * itself runs over. */
#include "generated.h"
#include "wire/messages.h"

#include <inttypes.h>

static const char intro[] =
    "# Messages\n"
    "\n"
    "Made from `messages.def`, which is what the programs run on; do not edit. How these are "
    "encoded, who sends\n"
    "them and what is signed is in `PROTOCOL.md`. Length and count bounds are inclusive and in "
    "bytes or elements.\n"
    "A field that is not required is left out when it is zero, empty or false.\n";

/* 2^32 - 1 reads better than its digits. */
static void print_number(uint64_t n, struct hf_buf *out)
{
    if (n == UINT32_MAX)
        hf_buf_printf(out, "2^32 − 1");
    else if (n == UINT64_MAX)
        hf_buf_printf(out, "2^64 − 1");
    else
        hf_buf_printf(out, "%" PRIu64, n);
}

static void print_range(const struct hf_wire_field *f, struct hf_buf *out)
{
    if (f->min == f->max) {
        print_number(f->min, out);
        return;
    }
    print_number(f->min, out);
    hf_buf_printf(out, " to ");
    print_number(f->max, out);
}

static void print_type(const struct hf_wire_field *f, struct hf_buf *out)
{
    static const char *const names[] = {
        [HF_WIRE_UINT] = "uint", [HF_WIRE_VERSION] = "version", [HF_WIRE_FIXED] = "bin",
        [HF_WIRE_BIN] = "bin",   [HF_WIRE_TEXT] = "text",       [HF_WIRE_BOOL] = "bool",
    };
    if (f->kind == HF_WIRE_SUB)
        hf_buf_printf(out, "[%s](#%s)", f->type->name, f->type->name);
    else if (f->kind == HF_WIRE_LIST)
        hf_buf_printf(out, "list of [%s](#%s)", f->type->name, f->type->name);
    else
        hf_buf_printf(out, "%s", names[f->kind]);
}

static void print_field(const struct hf_wire_field *f, struct hf_buf *out)
{
    hf_buf_printf(out, "| %u | `%s` | ", f->key, f->name);
    print_type(f, out);
    hf_buf_printf(out, " | ");
    if (f->kind != HF_WIRE_BOOL && f->kind != HF_WIRE_SUB)
        print_range(f, out);
    hf_buf_printf(out, " | %s | %s |\n", f->required ? "yes" : "", f->doc);
}

int main(int argc, char **argv)
{
    struct hf_buf out;
    hf_buf_init(&out, 1 << 24);
    hf_buf_printf(&out, "%s", intro);
    for (size_t t = 0; t < hf_wire_types_count; t++) {
        const struct hf_wire_shape *shape = hf_wire_types[t]->shape();
        hf_buf_printf(&out, "\n## %s\n\n%s.\n\n", hf_wire_types[t]->name, shape->doc);
        hf_buf_printf(&out, "| key | field | type | bounds | required | meaning |\n");
        hf_buf_printf(&out, "|---|---|---|---|---|---|\n");
        for (size_t i = 0; i < shape->count; i++)
            print_field(&shape->fields[i], &out);
    }
    return generated_main(argc, argv, &out);
}
