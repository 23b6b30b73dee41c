/* A scenario as YAML, by the schema that reads it: whatever a field is, it comes back. */
#include "scenario/scenario.h"

#include <string.h>

static uint64_t unsigned_at(const uint8_t *at, size_t size)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case 1:
        memcpy(&one, at, sizeof one);
        return one;
    case 2:
        memcpy(&two, at, sizeof two);
        return two;
    case 4:
        memcpy(&four, at, sizeof four);
        return four;
    default:
        hf_assert(size == 8);
        memcpy(&eight, at, sizeof eight);
        return eight;
    }
}

static int64_t signed_at(const uint8_t *at, size_t size)
{
    uint64_t value = unsigned_at(at, size);
    unsigned unused = 64 - 8 * (unsigned)size;
    return (int64_t)(value << unused) >> unused;
}

static double number_at(const uint8_t *at)
{
    double number;
    memcpy(&number, at, sizeof number);
    return number;
}

static const char *string_at(const uint8_t *at)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    return text == NULL ? "" : text;
}

static void print_text(const char *text, struct hf_buf *out)
{
    hf_buf_printf(out, "\"");
    for (; *text != '\0'; text++)
        hf_buf_printf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    hf_buf_printf(out, "\"");
}

static void print_choice(const struct hf_config_field *f, const uint8_t *at, struct hf_buf *out)
{
    const struct hf_config_choice *c = f->choices;
    while (c->name != NULL && c->value != (int)signed_at(at, f->size))
        c++;
    hf_assert(c->name != NULL);
    hf_buf_printf(out, "%s", c->name);
}

static void print_scalar(const struct hf_config_field *f, const uint8_t *at, struct hf_buf *out)
{
    bool truth;
    switch (f->type) {
    case HF_CONFIG_BOOL:
        memcpy(&truth, at, sizeof truth);
        hf_buf_printf(out, truth ? "true" : "false");
        return;
    case HF_CONFIG_INT:
        hf_buf_printf(out, "%lld", (long long)signed_at(at, f->size));
        return;
    case HF_CONFIG_NUMBER:
        hf_buf_printf(out, "%.15f", number_at(at));
        while (out->len > 2 && out->data[out->len - 1] == '0' && out->data[out->len - 2] != '.')
            out->len--;
        return;
    case HF_CONFIG_STRING:
        print_text(string_at(at), out);
        return;
    case HF_CONFIG_ENUM:
        print_choice(f, at, out);
        return;
    default:
        hf_buf_printf(out, "%llu%s", (unsigned long long)unsigned_at(at, f->size),
                      f->type == HF_CONFIG_DURATION_US   ? "us"
                      : f->type == HF_CONFIG_DURATION_MS ? "ms"
                      : f->type == HF_CONFIG_DURATION_NS ? "ns"
                      : f->type == HF_CONFIG_DURATION_S  ? "s"
                      : f->type == HF_CONFIG_SIZE        ? "B"
                                                         : "");
    }
}

/* Whether an event leaves the field out: not given, zero or empty. */
static bool unused(const struct hf_config_field *f, const uint8_t *at)
{
    if (f->required)
        return false;
    if (f->type == HF_CONFIG_STRING)
        return string_at(at)[0] == '\0';
    if (f->none && f->type == HF_CONFIG_NUMBER)
        return number_at(at) < 0;
    return f->none ? signed_at(at, f->size) == HF__NOT_GIVEN : unsigned_at(at, f->size) == 0;
}

static void print_map(const struct hf_config_schema *schema, const uint8_t *at, bool all,
                      struct hf_buf *out)
{
    const char *between = "{";
    for (size_t i = 0; i < schema->fields_len; i++) {
        const struct hf_config_field *f = &schema->fields[i];
        if ((!all || f->none) && unused(f, at + f->offset))
            continue;
        hf_buf_printf(out, "%s%s: ", between, f->name);
        print_scalar(f, at + f->offset, out);
        between = ", ";
    }
    hf_buf_printf(out, "}\n");
}

/* A list of a scenario, of maps. */
struct list {
    const uint8_t *items;
    size_t count;
};

static struct list list_at(const uint8_t *at)
{
    HF_CONFIG_LIST_OF(uint8_t) list;
    memcpy(&list, at, sizeof list);
    return (struct list){list.items, list.count};
}

void hf__item_print(const struct hf_config_field *list, const void *item, const char *but,
                    struct hf_buf *out)
{
    const struct hf_config_schema *schema = list->item->schema;
    const char *before = "  - ";
    for (size_t i = 0; i < schema->fields_len; i++) {
        const struct hf_config_field *f = &schema->fields[i];
        const uint8_t *at = (const uint8_t *)item + f->offset;
        if (strcmp(f->name, but) == 0 || unused(f, at))
            continue;
        hf_buf_printf(out, "%s%s: ", before, f->name);
        print_scalar(f, at, out);
        hf_buf_printf(out, "\n");
        before = "    ";
    }
}

void hf__scenario_print(const struct hf__scenario *s, struct hf_buf *out)
{
    const struct hf_config_schema *schema = &hf__scenario_schema;
    const uint8_t *at = (const uint8_t *)s;
    for (size_t i = 0; i < schema->fields_len; i++) {
        const struct hf_config_field *f = &schema->fields[i];
        if (f->type == HF_CONFIG_LIST && list_at(at + f->offset).count == 0)
            continue;
        if (f->type == HF_CONFIG_PATH)
            continue; /* a file, which has been read */
        hf_buf_printf(out, "%s:%s", f->name, f->type == HF_CONFIG_LIST ? "\n" : " ");
        if (f->type == HF_CONFIG_MAP) {
            print_map(f->schema, at + f->offset, true, out);
        } else if (f->type == HF_CONFIG_LIST) {
            struct list list = list_at(at + f->offset);
            for (size_t j = 0; j < list.count; j++) {
                hf_buf_printf(out, "  - ");
                if (f->item->schema != NULL) {
                    print_map(f->item->schema, list.items + j * f->item->size, false, out);
                    continue;
                }
                print_scalar(f->item, list.items + j * f->item->size, out);
                hf_buf_printf(out, "\n");
            }
        } else {
            print_scalar(f, at + f->offset, out);
            hf_buf_printf(out, "\n");
        }
    }
}
