#include "scalar.h"

#include <string.h>

static void append_bounds(const struct hf_config_field *f, struct hf_buf *out)
{
    int64_t min;
    uint64_t max;
    hf__field_bounds(f, &min, &max);
    hf_buf_printf(out, " from %lld to %llu", (long long)min, (unsigned long long)max);
}

static void append_quantity(const struct hf_config_field *f, const char *what, struct hf_buf *out)
{
    const struct unit *units = hf__units_of(f->type);
    int64_t min;
    uint64_t max;
    char low[32];
    char high[32];
    hf__field_bounds(f, &min, &max);
    uint64_t scale = hf__duration_scale(f->type);
    hf__quantity_format((uint64_t)min * scale, units, low, sizeof low);
    hf_buf_printf(out, "%s", what);
    if (max <= UINT64_MAX / scale && max < INT64_MAX) {
        hf__quantity_format(max * scale, units, high, sizeof high);
        hf_buf_printf(out, " from %s to %s", low, high);
    } else if (min > 0) {
        hf_buf_printf(out, " of at least %s", low);
    }
}

static void append_choices(const struct hf_config_field *f, struct hf_buf *out)
{
    hf_buf_printf(out, "one of");
    for (const struct hf_config_choice *c = f->choices; c->name != NULL; c++)
        hf_buf_printf(out, "%s %s", c == f->choices ? "" : ",", c->name);
}

static void append_number(const struct hf_config_field *f, struct hf_buf *out)
{
    hf_buf_printf(out, "a number such as 0.25 or 25%%");
    if (f->number_min != 0 || f->number_max != 0)
        hf_buf_printf(out, " from %g to %g", f->number_min, f->number_max);
}

void hf__expected(const struct hf_config_field *f, struct hf_buf *out)
{
    int64_t min;
    uint64_t max;
    hf__field_bounds(f, &min, &max);
    switch (f->type) {
    case HF_CONFIG_BOOL:
        hf_buf_printf(out, "true or false");
        break;
    case HF_CONFIG_INT:
    case HF_CONFIG_UINT:
        hf_buf_printf(out, "an integer");
        append_bounds(f, out);
        break;
    case HF_CONFIG_NUMBER:
        append_number(f, out);
        break;
    case HF_CONFIG_DURATION_NS:
        append_quantity(f, "a duration such as 300ns or 20us", out);
        break;
    case HF_CONFIG_DURATION_US:
        append_quantity(f, "a duration such as 250us or 5ms", out);
        break;
    case HF_CONFIG_DURATION_MS:
        append_quantity(f, "a duration such as 250ms or 10s", out);
        break;
    case HF_CONFIG_DURATION_S:
        append_quantity(f, "a duration such as 10s or 12h", out);
        break;
    case HF_CONFIG_SIZE:
        append_quantity(f, "a size such as 64KiB", out);
        break;
    case HF_CONFIG_TIME:
        hf_buf_printf(out, "a time such as 2027-01-31T12:00:00Z");
        break;
    case HF_CONFIG_STRING:
    case HF_CONFIG_PATH:
        hf_buf_printf(out, "%s of %lld to %llu bytes",
                      f->type == HF_CONFIG_PATH ? "a path" : "text", (long long)min,
                      (unsigned long long)max);
        break;
    case HF_CONFIG_ENUM:
        append_choices(f, out);
        break;
    case HF_CONFIG_HEX:
        hf_buf_printf(out, "%zu hexadecimal digits", 2 * f->size);
        break;
    case HF_CONFIG_HEX_BYTES:
        hf_buf_printf(out, "%lld to %llu bytes in hexadecimal", (long long)min,
                      (unsigned long long)max);
        break;
    case HF_CONFIG_ADDRESS:
        hf_buf_printf(out, "an address such as host.example:443 or \"[::1]:443\", its port");
        append_bounds(f, out);
        break;
    case HF_CONFIG_MAP:
    case HF_CONFIG_MAP_PTR:
        hf_buf_printf(out, "a map of fields");
        break;
    case HF_CONFIG_LIST:
        hf_buf_printf(out, "a list of %lld to %llu entries", (long long)min,
                      (unsigned long long)max);
        break;
    }
}

#define WIDTH 110

/* Where a line stands. off: it is commented out, as what may be left out and has no default. */
struct place {
    unsigned depth;
    bool off;
};

static void begin_line(struct hf_buf *out, struct place at)
{
    hf_buf_printf(out, "%s", at.off ? "#" : "");
    for (unsigned i = 0; i < at.depth; i++)
        hf_buf_printf(out, "  ");
}

/* Words of text behind "# ", in lines of at most WIDTH. */
static void append_comment(const char *text, size_t len, struct place where, struct hf_buf *out)
{
    size_t column = 0;
    for (size_t at = 0; at < len;) {
        size_t word = 0;
        while (at + word < len && text[at + word] != ' ')
            word++;
        if (column == 0 || column + 1 + word > WIDTH) {
            if (column != 0)
                hf_buf_printf(out, "\n");
            begin_line(out, where);
            hf_buf_printf(out, "#");
            column = 2 * where.depth + 1 + where.off;
        }
        hf_buf_printf(out, " ");
        hf_buf_append(out, text + at, word);
        column += 1 + word;
        at += word;
        while (at < len && text[at] == ' ')
            at++;
    }
    hf_buf_printf(out, "\n");
}

static void describe_map(const struct hf_config_schema *schema, struct place at, const char *lead,
                         struct hf_buf *out);

static void describe_comment(const struct hf_config_field *f, bool is_item, struct place at,
                             struct hf_buf *out)
{
    struct hf_buf text;
    hf_buf_init(&text, 8192);
    if (f->doc != NULL)
        hf_buf_printf(&text, "%s ", f->doc);
    /* The first word of what is expected begins a sentence here. */
    size_t start = text.len;
    hf__expected(f, &text);
    if (text.error == 0 && text.len > start && text.data[start] >= 'a' && text.data[start] <= 'z')
        text.data[start] = (uint8_t)(text.data[start] - 'a' + 'A');
    if (is_item)
        hf_buf_printf(&text, ".");
    else if (f->required)
        hf_buf_printf(&text, ". Required.");
    else if (f->default_text != NULL)
        hf_buf_printf(&text, ". Default: %s", f->default_text);
    else
        hf_buf_printf(&text, ". May be left out.");
    if (text.error == 0)
        append_comment((const char *)text.data, text.len, at, out);
    hf_buf_done(&text);
}

static void describe_field(const struct hf_config_field *f, struct place at, const char *lead,
                           struct hf_buf *out)
{
    describe_comment(f, false, at, out);
    at.off = at.off || (!f->required && f->default_text == NULL);
    begin_line(out, at);
    at.depth++;
    hf_buf_printf(out, "%s%s:", lead, f->name);
    if (f->type == HF_CONFIG_MAP || f->type == HF_CONFIG_MAP_PTR) {
        hf_buf_printf(out, "\n");
        describe_map(f->schema, at, "", out);
    } else if (f->type == HF_CONFIG_LIST) {
        hf_buf_printf(out, "\n");
        bool maps = f->item->type == HF_CONFIG_MAP;
        if (maps)
            describe_map(f->item->schema, at, "- ", out);
        else
            describe_comment(f->item, true, at, out);
    } else {
        bool given = f->default_text != NULL;
        hf_buf_printf(out, "%s%s\n", given ? " " : "", given ? f->default_text : "");
    }
}

/* lead: "- " when the map is an entry of a list: it stands before the first field, the others line
 * up. */
static void describe_map(const struct hf_config_schema *schema, struct place at, const char *lead,
                         struct hf_buf *out)
{
    hf_assert(at.depth < HF_CONFIG_DEPTH_MAX);
    for (size_t i = 0; i < schema->fields_len; i++) {
        describe_field(&schema->fields[i], at, i == 0 ? lead : "", out);
        at.depth += i == 0 && lead[0] != '\0';
    }
}

void hf_config_describe(const struct hf_config_schema *schema, struct hf_buf *out)
{
    describe_map(schema, (struct place){0}, "", out);
}
