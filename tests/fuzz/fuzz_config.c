/*
 * Any text as a document of a schema with every type. What is refused names at least one reason;
 * what loads holds only values within the table's bounds.
 */
#include "base/error.h"
#include "config/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct inner {
    uint64_t wait_ms;
    const char *name;
    uint8_t id[4];
    struct hf_config_address address;
};

struct outer {
    int16_t offset;
    double loss;
    uint64_t room;
    int64_t until;
    struct hf_bytes blob;
    struct inner one;
    struct inner *maybe;
    HF_CONFIG_LIST_OF(struct inner) many;
    HF_CONFIG_LIST_OF(uint8_t) levels;
    bool on;
    int kind;
    uint16_t port;
    uint32_t count;
    uint64_t total;
    int8_t least;
    int64_t shift;
    int32_t given; /* -1: not */
    double part;   /* -1: not */
    uint64_t ns;
    uint64_t us;
    uint64_t s;
    const char *path;
};

enum { KIND_GOOD = 1, KIND_BAD = 2 };
static const struct hf_config_choice kinds[] = {{"good", KIND_GOOD}, {"bad", KIND_BAD}, {NULL, 0}};

static const struct hf_config_field inner_fields[] = {
    {"wait", HF_CONFIG_DURATION_MS, HF_CONFIG_AT(struct inner, wait_ms), .max = 60000},
    {"name", HF_CONFIG_STRING, HF_CONFIG_AT(struct inner, name), .max = 16, .default_text = "n"},
    {"id", HF_CONFIG_HEX, HF_CONFIG_AT(struct inner, id)},
    {"address", HF_CONFIG_ADDRESS, HF_CONFIG_AT(struct inner, address)},
};

static void check_inner(const void *value, const struct hf_config_where *where)
{
    const struct inner *inner = value;
    hf_assert(inner->wait_ms <= 60000 && inner->name != NULL && strlen(inner->name) <= 16);
    hf_assert((inner->address.host == NULL) == (inner->address.port == 0));
    if (inner->id[0] == 0xff)
        hf_config_refuse(where, "id", "begins with ff");
}

static const struct hf_config_schema inner_schema =
    HF_CONFIG_SCHEMA(struct inner, inner_fields, check_inner);
static const struct hf_config_field inner_item =
    HF_CONFIG_ITEM("inner", HF_CONFIG_MAP, struct inner, .schema = &inner_schema);
static const struct hf_config_field level_item =
    HF_CONFIG_ITEM("level", HF_CONFIG_UINT, uint8_t, .min = 1, .max = 9);
static const struct hf_config_field outer_fields[] = {
    {"offset", HF_CONFIG_INT, HF_CONFIG_AT(struct outer, offset)},
    {"loss", HF_CONFIG_NUMBER, HF_CONFIG_AT(struct outer, loss), .number_max = 1},
    {"room", HF_CONFIG_SIZE, HF_CONFIG_AT(struct outer, room)},
    {"until", HF_CONFIG_TIME, HF_CONFIG_AT(struct outer, until)},
    {"blob", HF_CONFIG_HEX_BYTES, HF_CONFIG_AT(struct outer, blob), .max = 8},
    {"one", HF_CONFIG_MAP, HF_CONFIG_AT(struct outer, one), .schema = &inner_schema},
    {"maybe", HF_CONFIG_MAP_PTR, HF_CONFIG_AT(struct outer, maybe), .schema = &inner_schema},
    {"many", HF_CONFIG_LIST, HF_CONFIG_AT(struct outer, many), .item = &inner_item, .max = 4},
    {"levels", HF_CONFIG_LIST, HF_CONFIG_AT(struct outer, levels), .item = &level_item},
    {"on", HF_CONFIG_BOOL, HF_CONFIG_AT(struct outer, on), .default_text = "false"},
    {"kind", HF_CONFIG_ENUM, HF_CONFIG_AT(struct outer, kind), .choices = kinds,
     .default_text = "good"},
    {"port", HF_CONFIG_UINT, HF_CONFIG_AT(struct outer, port), .default_text = "1"},
    {"count", HF_CONFIG_UINT, HF_CONFIG_AT(struct outer, count), .default_text = "1"},
    {"total", HF_CONFIG_UINT, HF_CONFIG_AT(struct outer, total), .default_text = "1"},
    {"least", HF_CONFIG_INT, HF_CONFIG_AT(struct outer, least), .default_text = "1"},
    {"shift", HF_CONFIG_INT, HF_CONFIG_AT(struct outer, shift), .default_text = "1"},
    {"given", HF_CONFIG_INT, HF_CONFIG_AT(struct outer, given), .max = 9, .none = true},
    {"part", HF_CONFIG_NUMBER, HF_CONFIG_AT(struct outer, part), .number_max = 1, .none = true},
    {"ns", HF_CONFIG_DURATION_NS, HF_CONFIG_AT(struct outer, ns), .default_text = "1ns"},
    {"us", HF_CONFIG_DURATION_US, HF_CONFIG_AT(struct outer, us), .default_text = "1us"},
    {"s", HF_CONFIG_DURATION_S, HF_CONFIG_AT(struct outer, s), .default_text = "1s"},
    {"path", HF_CONFIG_PATH, HF_CONFIG_AT(struct outer, path), .default_text = "p"},
};
static const struct hf_config_schema outer_schema =
    HF_CONFIG_SCHEMA(struct outer, outer_fields, NULL);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc = NULL;
    struct outer value;
    int err =
        hf_config_load(hf_bytes_of(data, len), "a/fuzz", &outer_schema, &value, &doc, &errors);
    if (err != 0) {
        hf_assert(errors.count > 0 && doc == NULL);
        return 0;
    }
    hf_assert(errors.count == 0 && value.loss >= 0 && value.loss <= 1 && value.until >= 0);
    hf_assert(value.blob.len <= 8 && value.many.count <= 4);
    hf_assert(value.kind == KIND_GOOD || value.kind == KIND_BAD);
    hf_assert(value.given >= -1 && value.given <= 9 && (value.part == -1 || value.part >= 0));
    hf_assert(value.path[0] == '/' || strncmp(value.path, "a/", 2) == 0);
    (void)hf_config_address_unspecified(value.one.name);
    for (size_t i = 0; i < value.levels.count; i++)
        hf_assert(value.levels.items[i] >= 1 && value.levels.items[i] <= 9);
    struct hf_config_where root = hf_config_root(doc, &errors);
    (void)hf_config_line(&root, "many[1].address");
    hf_config_doc_free(doc);
    return 0;
}
