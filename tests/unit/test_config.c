#include "config/schema.h"
#include "base/error.h"
#include "fail_alloc.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

enum colour { RED, GREEN };

static const struct hf_config_choice colours[] = {{"red", RED}, {"green", GREEN}, {NULL, 0}};

struct server {
    struct hf_config_address address;
    uint8_t account[4];
    const char *zone;
};

static const struct hf_config_field server_fields[] = {
    {"address", HF_CONFIG_ADDRESS, HF_CONFIG_AT(struct server, address), .required = true},
    {"account", HF_CONFIG_HEX, HF_CONFIG_AT(struct server, account), .required = true},
    {"zone", HF_CONFIG_STRING, HF_CONFIG_AT(struct server, zone), .max = 8, .default_text = "a"},
};
static const struct hf_config_schema server_schema =
    HF_CONFIG_SCHEMA(struct server, server_fields, NULL);
static const struct hf_config_field server_item =
    HF_CONFIG_ITEM("server", HF_CONFIG_MAP, struct server, .schema = &server_schema);
static const struct hf_config_field level_item =
    HF_CONFIG_ITEM("level", HF_CONFIG_UINT, uint8_t, .max = 9);

struct sharing {
    uint16_t shares;
    uint16_t threshold;
};

static void check_sharing(const void *value, const struct hf_config_where *where)
{
    const struct sharing *s = value;
    if (s->threshold > s->shares)
        hf_config_refuse(where, "threshold", "is %u, above shares (%u)", s->threshold, s->shares);
}

static const struct hf_config_field sharing_fields[] = {
    {"shares", HF_CONFIG_UINT, HF_CONFIG_AT(struct sharing, shares), .min = 1, .max = 16,
     .default_text = "5", .doc = "How many providers hold a share."},
    {"threshold", HF_CONFIG_UINT, HF_CONFIG_AT(struct sharing, threshold), .min = 1, .max = 16,
     .default_text = "3"},
};
static const struct hf_config_schema sharing_schema =
    HF_CONFIG_SCHEMA(struct sharing, sharing_fields, check_sharing);

struct all {
    bool on;
    int32_t offset;
    uint64_t seed;
    double loss;
    uint64_t delay_us;
    uint64_t cost_ns;
    uint64_t wait_ms;
    uint64_t age_s;
    uint64_t room;
    int64_t until;
    const char *name;
    const char *data;
    int colour;
    uint8_t id[2];
    struct hf_bytes blob;
    struct hf_config_address listen;
    struct sharing sharing;
    struct sharing *spare;
    HF_CONFIG_LIST_OF(struct server) servers;
    HF_CONFIG_LIST_OF(uint8_t) levels;
};

static const struct hf_config_field all_fields[] = {
    {"on", HF_CONFIG_BOOL, HF_CONFIG_AT(struct all, on), .default_text = "true"},
    {"offset", HF_CONFIG_INT, HF_CONFIG_AT(struct all, offset), .default_text = "-7"},
    {"seed", HF_CONFIG_UINT, HF_CONFIG_AT(struct all, seed)},
    {"loss", HF_CONFIG_NUMBER, HF_CONFIG_AT(struct all, loss), .number_max = 1,
     .default_text = "20%"},
    {"delay", HF_CONFIG_DURATION_US, HF_CONFIG_AT(struct all, delay_us)},
    {"cost", HF_CONFIG_DURATION_NS, HF_CONFIG_AT(struct all, cost_ns), .max = 2000000000},
    {"wait", HF_CONFIG_DURATION_MS, HF_CONFIG_AT(struct all, wait_ms), .min = 100, .max = 60000,
     .default_text = "10s"},
    {"age", HF_CONFIG_DURATION_S, HF_CONFIG_AT(struct all, age_s), .default_text = "2d"},
    {"room", HF_CONFIG_SIZE, HF_CONFIG_AT(struct all, room), .default_text = "1.5MiB"},
    {"until", HF_CONFIG_TIME, HF_CONFIG_AT(struct all, until)},
    {"name", HF_CONFIG_STRING, HF_CONFIG_AT(struct all, name), .max = 16},
    {"data", HF_CONFIG_PATH, HF_CONFIG_AT(struct all, data), .default_text = "data"},
    {"colour", HF_CONFIG_ENUM, HF_CONFIG_AT(struct all, colour), .choices = colours,
     .default_text = "green"},
    {"id", HF_CONFIG_HEX, HF_CONFIG_AT(struct all, id)},
    {"blob", HF_CONFIG_HEX_BYTES, HF_CONFIG_AT(struct all, blob), .max = 8},
    {"listen", HF_CONFIG_ADDRESS, HF_CONFIG_AT(struct all, listen), .min = 0, .max = 65535,
     .default_text = "127.0.0.1:0"},
    {"sharing", HF_CONFIG_MAP, HF_CONFIG_AT(struct all, sharing), .schema = &sharing_schema},
    {"spare", HF_CONFIG_MAP_PTR, HF_CONFIG_AT(struct all, spare), .schema = &sharing_schema},
    {"servers", HF_CONFIG_LIST, HF_CONFIG_AT(struct all, servers), .item = &server_item, .max = 3,
     .doc = "Whom to ask."},
    {"levels", HF_CONFIG_LIST, HF_CONFIG_AT(struct all, levels), .item = &level_item},
};
static const struct hf_config_schema all_schema = HF_CONFIG_SCHEMA(struct all, all_fields, NULL);

static struct hf_config_errors errors;
static struct hf_config_doc *doc;

static int load(const char *text, struct all *ret_all)
{
    return hf_config_load(hf_bytes_of(text, strlen(text)), "/etc/x/a.yaml", &all_schema, ret_all,
                          &doc, &errors);
}

static void done(void)
{
    hf_config_doc_free(doc);
}

static void loads(const char *text, struct all *ret_all)
{
    hf_config_doc_free(doc);
    doc = NULL;
    int err = load(text, ret_all);
    cr_assert_eq(err, 0, "%s: line %u: %s: %s", text, errors.items[0].line, errors.items[0].path,
                 errors.items[0].text);
}

/* One error, at this place, whose text holds these words. */
static void refuses(const char *text, unsigned line, unsigned column, const char *path,
                    const char *words)
{
    struct all all;
    memset(&all, 0x5a, sizeof all);
    int err = load(text, &all);
    cr_assert(err == HF_ECONFIG || err == HF_ETOOBIG, "accepted: %.60s", text);
    cr_assert_eq(((uint8_t *)&all)[3], 0x5a, "the structure was touched");
    const struct hf_config_error *e = &errors.items[0];
    cr_assert_eq(errors.count, 1, "%zu errors for: %.60s", errors.count, text);
    cr_assert(e->line == line && e->column == column, "%u:%u %s for: %.60s", e->line, e->column,
              e->text, text);
    cr_assert_str_eq(e->path, path);
    cr_assert_not_null(strstr(e->text, words), "'%s' is not in: %s", words, e->text);
}

Test(hf_config_load, an_empty_document_is_all_defaults, .fini = done)
{
    static const char *const empty[] = {"", "\n# nothing\n", "---\n", "{}", "~"};
    for (size_t i = 0; i < HF_ARRAY_LEN(empty); i++) {
        struct all all;
        loads(empty[i], &all);
        cr_assert(all.on);
        cr_assert_eq(all.offset, -7);
        cr_assert_eq(all.seed, 0);
        cr_assert_float_eq(all.loss, 0.2, 1e-12);
        cr_assert_eq(all.wait_ms, 10000);
        cr_assert_eq(all.age_s, 2 * 86400);
        cr_assert_eq(all.room, 3 << 19);
        cr_assert_null(all.name);
        cr_assert_str_eq(all.data, "/etc/x/data");
        cr_assert_eq(all.colour, GREEN);
        cr_assert_str_eq(all.listen.host, "127.0.0.1");
        cr_assert_eq(all.listen.port, 0);
        cr_assert_eq(all.sharing.shares, 5);
        cr_assert_null(all.spare);
        cr_assert_eq(all.servers.count, 0);
        cr_assert_null(all.servers.items);
    }
}

Test(hf_config_load, takes_a_byte_order_mark_and_zones_of_any_interface, .fini = done)
{
    struct all all;
    loads("\xef\xbb\xbfseed: 7\nlisten: \"[fe80::1%br-lan_2.5]:7701\"\n", &all);
    cr_assert_str_eq(all.listen.host, "fe80::1%br-lan_2.5");
    refuses("listen: \"[fe80-1]:7701\"\n", 1, 9, "listen", "");
}

Test(hf_config_load, every_type_is_read, .fini = done)
{
    struct all all;
    loads("on: false\noffset: -2147483648\nseed: 18446744073709551615\nloss: 1e-3\n"
          "delay: 1.5ms\ncost: 1.25us\nwait: 0.1s\nage: 90m\nroom: 10 kB\nuntil: "
          "2027-03-01T00:00:01Z\n"
          "name: \"no: really\"\ndata: /var/lib/x\ncolour: red\nid: BEef\nblob: '00ff10'\n"
          "listen: '[::1]:65535'\nsharing: {shares: 4}\nspare:\n  threshold: 2\nservers:\n"
          "  - address: a.example:1\n    account: '00000001'\n"
          "  - {address: 10.0.0.2:2, account: ffffffff, zone: b}\nlevels: [1, 9]\n",
          &all);
    cr_assert_not(all.on);
    cr_assert_eq(all.offset, INT32_MIN);
    cr_assert_eq(all.seed, UINT64_MAX);
    cr_assert_float_eq(all.loss, 0.001, 1e-12);
    cr_assert_eq(all.delay_us, 1500);
    cr_assert_eq(all.cost_ns, 1250);
    cr_assert_eq(all.wait_ms, 100);
    cr_assert_eq(all.age_s, 5400);
    cr_assert_eq(all.room, 10000);
    cr_assert_eq(all.until, INT64_C(1803859201));
    cr_assert_str_eq(all.name, "no: really");
    cr_assert_str_eq(all.data, "/var/lib/x");
    cr_assert_eq(all.colour, RED);
    cr_assert_arr_eq(all.id, "\xbe\xef", 2);
    cr_assert_eq(all.blob.len, 3);
    cr_assert_arr_eq(all.blob.data, "\x00\xff\x10", 3);
    cr_assert_str_eq(all.listen.host, "::1");
    cr_assert_eq(all.listen.port, 65535);
    cr_assert_eq(all.sharing.shares, 4);
    cr_assert_eq(all.sharing.threshold, 3);
    cr_assert_eq(all.spare->threshold, 2);
    cr_assert_eq(all.spare->shares, 5);
    cr_assert_eq(all.servers.count, 2);
    cr_assert_str_eq(all.servers.items[0].address.host, "a.example");
    cr_assert_str_eq(all.servers.items[0].zone, "a");
    cr_assert_eq(all.servers.items[1].account[3], 0xff);
    cr_assert_str_eq(all.servers.items[1].zone, "b");
    cr_assert_eq(all.levels.count, 2);
    cr_assert_eq(all.levels.items[1], 9);
}

Test(hf_config_load, a_wrong_value_is_refused_with_what_would_be_right)
{
    refuses("on: yes\n", 1, 5, "on", "'yes'; expected true or false");
    refuses("on: 'true'\n", 1, 5, "on", "\"true\"; expected true or false");
    refuses("\noffset: 2147483648", 2, 9, "offset", "from -2147483648 to 2147483647");
    refuses("seed: -1", 1, 7, "seed", "integer from 0");
    refuses("seed: 010", 1, 7, "seed", "'010'");
    refuses("seed: 0x10", 1, 7, "seed", "'0x10'");
    refuses("seed: 1_000", 1, 7, "seed", "'1_000'");
    refuses("seed: '7'", 1, 7, "seed", "integer");
    refuses("seed: 18446744073709551616", 1, 7, "seed", "integer");
    refuses("seed: 1.0", 1, 7, "seed", "integer");
    refuses("seed:", 1, 6, "seed", "is nothing; expected an integer");
    refuses("seed: null", 1, 7, "seed", "is nothing");
    refuses("seed: [1]", 1, 7, "seed", "is a list");
    refuses("seed: {a: 1}", 1, 7, "seed", "is a map");
    refuses("loss: 1.01", 1, 7, "loss", "from 0 to 1");
    refuses("loss: .nan", 1, 7, "loss", "number");
    refuses("loss: 1e999", 1, 7, "loss", "number");
    refuses("loss: 0x1p-2", 1, 7, "loss", "number");
    refuses("cost: 0.5ns", 1, 7, "cost", "a duration such as 300ns or 20us from 0ns to 2s");
    refuses("cost: 1m", 1, 7, "cost", "duration");
    refuses("wait: 10", 1, 7, "wait", "a duration such as 250ms or 10s from 100ms to 1m");
    refuses("wait: 99ms", 1, 7, "wait", "from 100ms");
    refuses("wait: 0.1005s", 1, 7, "wait", "duration");
    refuses("wait: 1m 1s", 1, 7, "wait", "duration");
    refuses("age: 1500ms", 1, 6, "age", "duration");
    refuses("age: 99999999999999999999d", 1, 6, "age", "duration");
    refuses("room: 1.0000001MB", 1, 7, "room", "a size");
    refuses("room: 1K", 1, 7, "room", "a size");
    refuses("until: 2027-02-29T00:00:00Z", 1, 8, "until", "a time such as");
    refuses("until: 2027-02-28", 1, 8, "until", "a time such as");
    refuses("name: aaaaaaaaaaaaaaaaa", 1, 7, "name", "text of 0 to 16 bytes");
    refuses("name: \"a\\nb\"", 1, 7, "name", "text");
    refuses("name: \"a\\0b\"", 1, 7, "name", "text");
    refuses("colour: blue", 1, 9, "colour", "one of red, green");
    refuses("id: bee", 1, 5, "id", "4 hexadecimal digits");
    refuses("blob: 000000000000000000", 1, 7, "blob", "bytes in hexadecimal");
    refuses("listen: localhost", 1, 9, "listen", "an address such as");
    refuses("listen: ':1'", 1, 9, "listen", "address");
    refuses("listen: a:65536", 1, 9, "listen", "address");
    refuses("listen: '[::1:1'", 1, 9, "listen", "address");
    refuses("listen: '::1:1'", 1, 9, "listen", "address");
    refuses("listen: 'a b:1'", 1, 9, "listen", "address");
    refuses("sharing: 5", 1, 10, "sharing", "a map of fields");
    refuses("servers: 5", 1, 10, "servers", "a list of 0 to 3");
    refuses("levels:\n- 1\n- 10\n", 3, 3, "levels[1]", "from 0 to 9");
    refuses("servers:\n- {address: 'a:0', account: '00000000'}", 2, 13, "servers[0].address",
            "its port from 1 to 65535");
    refuses("levels: 1", 1, 9, "levels", "a list");
    refuses("- 1", 1, 1, "", "expected a map of fields");
    refuses("on", 1, 1, "", "expected a map of fields");
}

Test(hf_config_load, an_unknown_field_is_refused_with_the_nearest_known)
{
    refuses("lisen: 1", 1, 1, "lisen", "did you mean 'listen'?");
    refuses("sharing:\n  treshold: 3", 2, 3, "sharing.treshold", "did you mean 'threshold'?");
    refuses("sharing:\n  zebra: 3", 2, 3, "sharing.zebra", "known are shares, threshold");
    refuses("servers:\n- {address: 'a:1', account: '00000000', nmae: x}", 2, 41, "servers[0].nmae",
            "known are address, account, zone");
}

Test(hf_config_load, a_missing_field_is_named_at_the_line_of_its_map)
{
    refuses("servers:\n- address: a:1\n", 2, 3, "servers[0].account",
            "is missing; expected 8 hexadecimal digits");
}

Test(hf_config_load, a_repeated_field_is_refused)
{
    refuses("on: true\noffset: 1\non: false\n", 3, 1, "on", "twice; the first is in line 1");
    refuses("on: true\non: {offset: [1, 2], x: y}\n", 2, 1, "on", "twice");
}

Test(hf_config_load, anchors_aliases_tags_and_second_documents_are_refused)
{
    refuses("name: &a x\n", 1, 7, "", "anchors are not accepted");
    refuses("name: *a\n", 1, 7, "", "aliases are not accepted");
    refuses("seed: !!int 1\n", 1, 7, "", "tags are not accepted");
    refuses("seed: 1\n---\nseed: 2\n", 2, 1, "", "a second document");
    refuses("<<: {seed: 1}\n", 1, 1, "<<", "is not known here");
    refuses("? [a]\n: 1\n", 1, 3, "", "must be a single word");
    refuses("\"a\\0b\": 1\n", 1, 1, "", "zero byte");
}

Test(hf_config_load, what_is_not_yaml_is_refused_where_it_stops_being_so)
{
    refuses("on: true\n\tseed: 1\n", 2, 1, "", "not YAML");
    refuses("on: [true\n", 2, 1, "", "not YAML");
    refuses("name: \xff\n", 1, 1, "", "not YAML");
    refuses("listen: [::1]:7700\n", 1, 10, "", "[v6]:port needs quotes");
}

Test(hf_config_load, bounds_hold)
{
    char deep[200];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    refuses(deep, 1, 33, "", "nested deeper than 32");
    size_t len = HF_CONFIG_LEN_MAX + 1;
    char *big = malloc(len + 1);
    memset(big, '#', len);
    big[len] = '\0';
    refuses(big, 0, 0, "", "larger than 16 MiB");
    free(big);
    struct hf_buf many;
    hf_buf_init(&many, 1 << 20);
    for (int i = 0; i < 257; i++)
        hf_buf_printf(&many, "x%d: 1\n", i);
    hf_buf_append_u8(&many, 0);
    refuses((const char *)many.data, 257, 1, "", "more than 256 fields");
    hf_buf_done(&many);
    refuses("servers: [1, 2, 3, 4]", 1, 10, "servers", "has 4 entries; expected 0 to 3");
}

Test(hf_config_load, more_values_than_the_bound_are_refused)
{
    size_t len = 2 * (HF_CONFIG_NODES_MAX + 8);
    char *text = malloc(len + 10);
    memcpy(text, "levels: [", 9);
    for (size_t i = 0; i < len; i += 2)
        memcpy(text + 9 + i, "1,", 2);
    text[9 + len] = '\0';
    refuses(text, 1, 2097158, "", "more than 1048576 values");
    free(text);
}

Test(hf_config_load, everything_wrong_is_reported_at_once_by_line)
{
    struct all all;
    cr_assert_eq(load("levels: [1, x, 11]\nzz: 1\non: 1\nsharing: {shares: 0}\n", &all),
                 HF_ECONFIG);
    cr_assert_eq(errors.count, 5);
    struct hf_buf out;
    hf_buf_init(&out, 4096);
    hf_config_errors_print(&errors, &out);
    hf_buf_append_u8(&out, 0);
    cr_assert_str_eq(
        (const char *)out.data,
        "/etc/x/a.yaml:1:13: levels[1]: is 'x'; expected an integer from 0 to 9\n"
        "/etc/x/a.yaml:1:16: levels[2]: is '11'; expected an integer from 0 to 9\n"
        "/etc/x/a.yaml:2:1: zz: is not known here; known are on, offset, seed, loss, delay, cost, "
        "wait, age, room, until, name, data, colour, id, blob, listen, sharing, spare, servers, "
        "levels\n"
        "/etc/x/a.yaml:3:5: on: is '1'; expected true or false\n"
        "/etc/x/a.yaml:4:19: sharing.shares: is '0'; expected an integer from 1 to 16\n");
    hf_buf_done(&out);
}

Test(hf_config_load, errors_past_the_bound_are_counted)
{
    struct hf_buf text;
    struct all all;
    hf_buf_init(&text, 4096);
    hf_buf_printf(&text, "levels: [");
    for (int i = 0; i < 40; i++)
        hf_buf_printf(&text, "x,\n");
    hf_buf_printf(&text, "]");
    cr_assert_eq(hf_config_load(hf_buf_bytes(&text), "-", &all_schema, &all, &doc, &errors),
                 HF_ECONFIG);
    cr_assert_eq(errors.count, HF_CONFIG_ERRORS_MAX);
    cr_assert_eq(errors.dropped, 8);
    hf_buf_done(&text);
}

Test(hf_config_load, control_characters_do_not_reach_the_terminal)
{
    refuses("seed: \"\\e[31m\"", 1, 7, "seed", "\"?[31m\"");
}

/* One load in which the allocation with this index fails; false when there are fewer. */
static bool load_without(const char *text, int right, size_t index, bool persistent)
{
    struct all all;
    memset(&all, 0x5a, sizeof all);
    hf_fail_alloc_at(index, persistent);
    int err = load(text, &all);
    if (!hf_fail_alloc_off()) {
        cr_assert_eq(err, right);
        if (err == 0)
            hf_config_doc_free(doc);
        return false;
    }
    /* What is wrong with the text may be known before memory is out. */
    cr_assert(err == HF_ENOMEM || (err == right && err != 0), "%d at %zu", err, index);
    cr_assert_gt(errors.count, 0);
    cr_assert_eq(((uint8_t *)&all)[3], 0x5a);
    return true;
}

Test(hf_config_load, without_memory_it_fails_and_leaves_nothing)
{
    static const char good[] = "name: a\ndata: b\nblob: 00\nlisten: a:1\nspare: {shares: 3}\n"
                               "servers: [{address: a:1, account: '00000000'}]\nlevels: [1]\n";
    static const char bad[] = "zebra: 1\nseed: x\nservers: [{}]\nlevels: [1, 20]\n";
    for (int persistent = 0; persistent < 2; persistent++) {
        size_t index = 0;
        while (load_without(good, 0, index, persistent))
            index++;
        cr_assert_geq(index, 3);
        index = 0;
        while (load_without(bad, HF_ECONFIG, index, persistent))
            index++;
    }
}

Test(hf_config_refuse, a_relation_is_reported_at_the_fields_line)
{
    refuses("on: true\nsharing:\n  shares: 3\n  threshold: 4\n", 4, 14, "sharing.threshold",
            "is 4, above shares (3)");
    /* The field that is at fault was left out: the line of its map. */
    refuses("sharing:\n  shares: 2\n", 2, 3, "sharing.threshold", "is 3, above shares (2)");
}

Test(hf_config_refuse, after_the_load_any_path_finds_its_line, .fini = done)
{
    struct all all;
    loads("on: true\nservers:\n- address: a:1\n  account: '00000000'\n", &all);
    struct hf_config_where root = hf_config_root(doc, &errors);
    cr_assert_eq(hf_config_line(&root, "servers[0].account"), 4);
    cr_assert_eq(hf_config_line(&root, "servers[1].account"), 0);
    cr_assert_eq(hf_config_line(&root, "sharing.shares"), 0);
    hf_config_refuse(&root, "servers[0].account", "is not %s", "known");
    hf_config_refuse(&root, "servers[0].zone", "must be given");
    hf_config_refuse(&root, "sharing.shares", "must be given");
    cr_assert_eq(errors.count, 3);
    cr_assert_eq(errors.items[0].line, 4);
    cr_assert_eq(errors.items[1].line, 3);
    cr_assert_eq(errors.items[2].line, 1);
    cr_assert_str_eq(errors.items[1].path, "servers[0].zone");
}

Test(hf_config_load_file, a_file_that_cannot_be_read_is_named)
{
    struct all all;
    cr_assert_eq(hf_config_load_file("/nonexistent/a.yaml", &all_schema, &all, &doc, &errors),
                 HF_ENOTFOUND);
    cr_assert_str_eq(errors.file, "/nonexistent/a.yaml");
    cr_assert_str_eq(errors.items[0].text, "cannot be read: No such file or directory");
    cr_assert_eq(hf_config_load_file("/", &all_schema, &all, &doc, &errors), HF_EIO);
}

Test(hf_config_load_file, relative_paths_start_at_the_files_folder, .fini = done)
{
    char file[] = "/tmp/hf_config_XXXXXX";
    struct all all;
    int fd = mkstemp(file);
    cr_assert_eq(write(fd, "data: x/y\n", 10), 10);
    close(fd);
    cr_assert_eq(hf_config_load_file(file, &all_schema, &all, &doc, &errors), 0);
    unlink(file);
    cr_assert_str_eq(all.data, "/tmp/x/y");
}

Test(hf_config_describe, the_description_names_every_field_and_is_yaml_of_the_schema)
{
    struct hf_buf out;
    hf_buf_init(&out, 1 << 16);
    hf_config_describe(&sharing_schema, &out);
    cr_assert_eq(out.error, 0);
    struct sharing sharing;
    cr_assert_eq(hf_config_load(hf_buf_bytes(&out), "-", &sharing_schema, &sharing, &doc, &errors),
                 0);
    hf_config_doc_free(doc);
    hf_buf_append_u8(&out, 0);
    cr_assert_str_eq((const char *)out.data,
                     "# How many providers hold a share. An integer from 1 to 16. Default: 5\n"
                     "shares: 5\n"
                     "# An integer from 1 to 16. Default: 3\n"
                     "threshold: 3\n");
    hf_buf_clear(&out);
    hf_config_describe(&all_schema, &out);
    hf_buf_append_u8(&out, 0);
    /* What may be left out and has no default is commented out, with all that is in it. */
    cr_assert_not_null(strstr((const char *)out.data, "\n#  - address:"));
    cr_assert_not_null(strstr((const char *)out.data, "\n#    zone: a\n"));
    hf_buf_done(&out);
}
