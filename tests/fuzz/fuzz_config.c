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
};

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
};
static const struct hf_config_schema outer_schema =
    HF_CONFIG_SCHEMA(struct outer, outer_fields, NULL);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc = NULL;
    struct outer value;
    int err = hf_config_load(hf_bytes_of(data, len), "fuzz", &outer_schema, &value, &doc, &errors);
    if (err != 0) {
        hf_assert(errors.count > 0 && doc == NULL);
        return 0;
    }
    hf_assert(errors.count == 0 && value.loss >= 0 && value.loss <= 1 && value.until >= 0);
    hf_assert(value.blob.len <= 8 && value.many.count <= 4);
    for (size_t i = 0; i < value.levels.count; i++)
        hf_assert(value.levels.items[i] >= 1 && value.levels.items[i] <= 9);
    struct hf_config_where root = hf_config_root(doc, &errors);
    (void)hf_config_line(&root, "many[1].address");
    hf_config_doc_free(doc);
    return 0;
}
