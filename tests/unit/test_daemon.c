/* The daemon's parts that need no loop: configuration, log lines, requests of the local socket,
 * what errors are on HTTP. */
#include "base/error.h"
#include "client/frame.h"
#include "local.h"
#include "log.h"
#include "settings.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* ---- configuration */

#define NETWORK "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define BASE    "data: d\nnetwork: \"" NETWORK "\"\nlisten: 127.0.0.1:0\nsocket: s\ncollateral: c\n"
#define DEV     "platform: dev\ndev:\n  authority: a\n  machine: m\n  machine_id: node-1\n"

static struct hf_config_errors errors;

static int load(const char *text)
{
    struct hf__settings s;
    struct hf_config_doc *doc = NULL;
    int r = hf_config_load(hf_bytes_of(text, strlen(text)), "/etc/holdfast/c.yaml",
                           &hf__settings_schema, &s, &doc, &errors);
    if (r == 0)
        hf_config_doc_free(doc);
    return r;
}

/* Refused, for this field on this line and for nothing else. */
static void refused(const char *text, const char *path, unsigned line)
{
    cr_assert_eq(load(text), HF_ECONFIG, "%s is accepted", text);
    cr_assert_eq(errors.count, 1, "%zu errors in %s", errors.count, text);
    cr_assert_str_eq(errors.items[0].path, path);
    cr_assert_eq(errors.items[0].line, line, "line %u", errors.items[0].line);
}

Test(settings, the_least_that_is_right)
{
    cr_assert_eq(load(BASE DEV), 0);
    cr_assert_eq(load(BASE "platform: tdx\n"), 0);
}

Test(settings, what_is_right_has_its_defaults_and_paths)
{
    struct hf__settings s;
    struct hf_config_doc *doc;
    const char *text = BASE DEV "metrics: {port: 0}\ntiming: {call: 3s}\n";
    int r = hf_config_load(hf_bytes_of(text, strlen(text)), "/etc/holdfast/c.yaml",
                           &hf__settings_schema, &s, &doc, &errors);
    cr_assert_eq(r, 0);
    cr_assert_str_eq(s.data, "/etc/holdfast/d");
    cr_assert_str_eq(s.dev->image, "holdfast");
    cr_assert_eq(s.network.bytes[1], 0x11);
    cr_assert_eq(s.timing.call_ms, 3000);
    cr_assert_eq(s.timing.retry_ms_min, 100);
    cr_assert_eq(s.log.level, HF__INFO);
    cr_assert_not_null(s.metrics);
    cr_assert_null(s.documents);
    hf_config_doc_free(doc);
}

Test(settings, unknown_fields_are_refused_by_line)
{
    refused(BASE DEV "liste: x\n", "liste", 11);
    refused(BASE "platform: dev\ndev:\n  authority: a\n  machine: m\n  machine_id: n\n  imag: x\n",
            "dev.imag", 11);
}

Test(settings, wrong_types_are_refused)
{
    refused(BASE DEV "metrics: {port: many}\n", "metrics.port", 11);
    refused(BASE DEV "metrics: {port: 65536}\n", "metrics.port", 11);
    refused(BASE DEV "timing: {call: 3}\n", "timing.call", 11);
    refused(BASE DEV "seeds: [nowhere]\n", "seeds[0]", 11);
    refused(BASE DEV "log: {level: loud}\n", "log.level", 11);
}

Test(settings, intervals_below_their_floors_are_refused)
{
    refused(BASE DEV "timing: {call: 99ms}\n", "timing.call", 11);
    refused(BASE DEV "timing: {watch: 999ms}\n", "timing.watch", 11);
    refused(BASE DEV "timing: {retry_min: 2s, retry_max: 1s}\n", "timing.retry_max", 11);
}

Test(settings, the_socket_is_measured_with_its_folder)
{
    char config[160], text[512];
    struct hf__settings s;
    struct hf_config_doc *doc;
    /* 107 bytes are the most: the folder, a slash, "s". */
    memset(config, 'f', sizeof config);
    config[0] = '/';
    for (size_t len = 105; len <= 106; len++) {
        snprintf(config + len, sizeof config - len, "/c.yaml");
        snprintf(text, sizeof text, "%s", BASE DEV);
        int r = hf_config_load(hf_bytes_of(text, strlen(text)), config, &hf__settings_schema, &s,
                               &doc, &errors);
        cr_assert_eq(r, len == 105 ? 0 : HF_ECONFIG);
        if (r == 0)
            hf_config_doc_free(doc);
    }
    cr_assert_eq(errors.count, 1);
    cr_assert_str_eq(errors.items[0].path, "socket");
}

#define SERVICE "collateral_service:\n  url: https://pccs.example:8081\n"

Test(settings, a_service_of_collateral)
{
    struct hf__settings s;
    struct hf_config_doc *doc;
    const char *text =
        BASE DEV SERVICE "  ca: processor\n  fmspcs: [50806f000000, \"b0c06f000000\"]\n"
                         "  stale: 2d\n";
    int r = hf_config_load(hf_bytes_of(text, strlen(text)), "/etc/holdfast/c.yaml",
                           &hf__settings_schema, &s, &doc, &errors);
    cr_assert_eq(r, 0);
    cr_assert_eq(s.service->ca, HF__CA_PROCESSOR);
    cr_assert_eq(s.service->fmspcs.count, 2);
    cr_assert_eq(s.service->fmspcs.items[1].bytes[0], 0xb0);
    cr_assert_eq(s.service->every_s, 86400);
    cr_assert_eq(s.service->ahead_s, 7 * 86400);
    cr_assert_eq(s.service->stale_s, 2 * 86400);
    cr_assert_null(s.service->program); /* the one that is installed */
    hf_config_doc_free(doc);
    refused(BASE DEV "collateral_service:\n  url: http://pccs.example\n", "collateral_service.url",
            12);
    refused(BASE DEV SERVICE "  ca: root\n", "collateral_service.ca", 13);
    refused(BASE DEV SERVICE "  fmspcs: [00]\n", "collateral_service.fmspcs[0]", 13);
    refused(BASE DEV SERVICE "  retry_min: 2h\n", "collateral_service.retry_max", 12);
}

Test(settings, what_a_platform_needs_and_what_it_has_no_use_for)
{
    refused(BASE "platform: dev\n", "dev", 1);
    refused(BASE "platform: tdx\ndev:\n  authority: a\n  machine: m\n  machine_id: n\n", "dev", 8);
    refused(BASE DEV "tdx: {report: /r}\n", "tdx", 11);
}

Test(settings, where_to_bind_is_no_address_for_peers)
{
    static const char everywhere[] =
        "data: d\nnetwork: " NETWORK "\nlisten: 0.0.0.0:7700\nsocket: s\ncollateral: c\n";
    char text[1024];
    snprintf(text, sizeof text, "%splatform: tdx\n", everywhere);
    refused(text, "listen", 3);
    snprintf(text, sizeof text, "%splatform: tdx\naddress: 0.0.0.0:7700\n", everywhere);
    refused(text, "address", 7);
    snprintf(text, sizeof text, "%splatform: tdx\naddress: a.example:7700\n", everywhere);
    cr_assert_eq(load(text), 0);
}

Test(settings, addresses_to_listen_on)
{
    const char *good[] = {"0.0.0.0:1", "127.0.0.1:0", "[::]:65535", "[::1]:7700"};
    const char *bad[] = {"localhost:1", "127.0.0.1", "127.0.0.1:",  "127.0.0.1:65536",
                         ":1",          "::1:7700",  "[::1:7700",   "[::1]7700",
                         "1.2.3.4:1x",  "",          "[1.2.3.4]:1", "127.0.0.1:-1"};
    for (size_t i = 0; i < HF_ARRAY_LEN(good); i++)
        cr_assert(hf_config_listen_valid(good[i]), "%s is refused", good[i]);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_not(hf_config_listen_valid(bad[i]), "%s is accepted", bad[i]);
}

Test(hf_config_address_valid, is_what_a_field_of_addresses_takes)
{
    char longest[300] = {0}, too_long[300] = {0};
    memset(longest, 'a', 253);
    memcpy(longest + 253, ":65535", 6);
    memset(too_long, 'a', 254);
    memcpy(too_long + 254, ":1", 2);
    const char *good[] = {"a:1", "node1.example:7700", "10.0.0.1:65535", "[fd00::1]:7700", longest};
    const char *bad[] = {"",        "a",         "a:",     "a:0",       "a:65536",
                         "a:07",    ":1",        "a b:1",  "a\n:1",     "a\"b:1",
                         "a:1\n",   "0.0.0.0:1", "[::]:1", "::1:7700",  "[::1:7700",
                         "a\x7f:1", too_long,    "a:-1",   "\xc3\xa4:1"};
    for (size_t i = 0; i < HF_ARRAY_LEN(good); i++)
        cr_assert(hf_config_address_valid(good[i]), "%s is refused", good[i]);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_not(hf_config_address_valid(bad[i]), "%s is accepted", bad[i]);
}

/* ---- log */

static char line[4096];

static const char *written(struct hf__line *l)
{
    hf__line_end(l);
    snprintf(line, sizeof line, "%.*s", (int)l->buf.len, (const char *)l->buf.data);
    hf_buf_done(&l->buf);
    return line;
}

Test(log, logfmt_quotes_what_is_not_a_word)
{
    struct hf__line l;
    hf__line_begin(&l, false, 1700000000123, HF__WARNING, "event");
    hf__line_text(&l, "a", "word");
    hf__line_text(&l, "b", "two words");
    hf__line_text(&l, "c", "x=\"y\"\n");
    hf__line_text(&l, "d", "");
    hf__line_text(&l, "e", NULL);
    hf__line_uint(&l, "n", UINT64_MAX);
    hf__line_hex(&l, "h", hf_bytes_of("\x01\xff", 2));
    hf__line_error(&l, HF_EBUSY);
    hf__line_error(&l, 0);
    cr_assert_str_eq(written(&l),
                     "time=2023-11-14T22:13:20.123Z level=warning event=event a=word "
                     "b=\"two words\" c=\"x=\\\"y\\\"\\u000a\" d=\"\" n=18446744073709551615 "
                     "h=01ff error=busy message=\"busy: a bound is reached for now\"\n");
}

Test(log, json_is_json)
{
    struct hf__line l;
    json_error_t error;
    hf__line_begin(&l, true, 0, HF__ERROR, "event");
    hf__line_text(&l, "text", "a \"quoted\" \\ line\n\t\x7f");
    hf__line_uint(&l, "n", 5);
    json_t *root = json_loads(written(&l), JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(root, "%s: %s", error.text, line);
    cr_assert_str_eq(json_string_value(json_object_get(root, "text")),
                     "a \"quoted\" \\ line\n\t\x7f");
    cr_assert_eq(json_integer_value(json_object_get(root, "n")), 5);
    cr_assert_str_eq(json_string_value(json_object_get(root, "level")), "error");
    json_decref(root);
}

Test(log, levels_below_the_one_set_are_not_wanted)
{
    hf__log_setup(false, HF__WARNING);
    cr_assert_not(hf__log_wanted(HF__INFO));
    cr_assert(hf__log_wanted(HF__WARNING));
    cr_assert(hf__log_wanted(HF__ERROR));
}

/* ---- the local socket */

static int decode(const char *json, struct hf__local_request *ret)
{
    return hf__local_decode(hf_bytes_of(json, strlen(json)), ret);
}

Test(local_decode, every_request_has_its_word)
{
    struct hf__local_request q;
    cr_assert_eq(decode("{\"request\":\"status\"}", &q), 0);
    cr_assert_eq(q.type, HF__LOCAL_STATUS);
    cr_assert_eq(decode("{\"request\":\"key\",\"name\":\"tss-db\",\"more\":1}", &q), 0);
    cr_assert_eq(q.type, HF__LOCAL_KEY);
    cr_assert_str_eq(q.name, "tss-db");
    cr_assert_eq(q.wait_ms, 0);
    cr_assert_eq(decode("{\"request\":\"key\",\"name\":\"a\",\"wait_ms\":3600000}", &q), 0);
    cr_assert_eq(q.wait_ms, 3600000);
    cr_assert_eq(decode("{\"request\":\"undrain\"}", &q), 0);
    cr_assert_eq(q.type, HF__LOCAL_UNDRAIN);
}

Test(local_decode, what_is_no_request_is_refused)
{
    struct hf__local_request q = {0};
    char name[200];
    cr_assert_eq(decode("", &q), HF_EMALFORMED);
    cr_assert_eq(decode("[]", &q), HF_EMALFORMED);
    cr_assert_eq(decode("{\"request\":7}", &q), HF_EMALFORMED);
    cr_assert_eq(decode("{\"request\":\"status\"", &q), HF_EMALFORMED);
    cr_assert_eq(decode("{\"request\":\"status\",\"request\":\"key\"}", &q), HF_EMALFORMED);
    cr_assert_eq(decode("{\"request\":\"shutdown\"}", &q), HF_EUNSUPPORTED);
    cr_assert_eq(decode("{\"request\":\"key\"}", &q), HF_EINVAL);
    cr_assert_eq(decode("{\"request\":\"key\",\"name\":\"\"}", &q), HF_EINVAL);
    cr_assert_eq(decode("{\"request\":\"key\",\"name\":\"a\",\"wait_ms\":3600001}", &q), HF_EINVAL);
    cr_assert_eq(decode("{\"request\":\"key\",\"name\":\"a\",\"wait_ms\":-1}", &q), HF_EINVAL);
    cr_assert_eq(decode("{\"request\":\"key\",\"name\":\"a\",\"wait_ms\":\"1\"}", &q), HF_EINVAL);
    snprintf(name, sizeof name, "{\"request\":\"key\",\"name\":\"%065d\"}", 0);
    cr_assert_eq(decode(name, &q), HF_EINVAL);
    cr_assert_eq(q.type, 0);
}

Test(frame_next, takes_a_whole_frame_and_waits_for_the_rest)
{
    const uint8_t in[] = {0, 0, 0, 2, '{', '}', 0};
    struct hf_bytes body = {0};
    for (size_t len = 0; len < 6; len++)
        cr_assert_eq(hf_frame_next(hf_bytes_of(in, len), 16, &body), 0);
    cr_assert_eq(hf_frame_next(hf_bytes_of(in, sizeof in), 16, &body), 6);
    cr_assert_eq(body.len, 2);
    cr_assert_eq(body.data, in + 4);
}

Test(frame_next, refuses_a_length_before_it_waits_for_it)
{
    const uint8_t large[] = {0, 0, 0, 17}, huge[] = {255, 255, 255, 255}, empty[4] = {0};
    struct hf_bytes body;
    cr_assert_eq(hf_frame_next(hf_bytes_of(large, 4), 16, &body), HF_ETOOBIG);
    cr_assert_eq(hf_frame_next(hf_bytes_of(huge, 4), HF_FRAME_MAX, &body), HF_ETOOBIG);
    cr_assert_eq(hf_frame_next(hf_bytes_of(empty, 4), 16, &body), HF_EMALFORMED);
}

Test(frame_head, is_what_next_reads)
{
    uint8_t frame[HF_FRAME_HEAD_LEN + 300];
    struct hf_bytes body;
    hf_frame_head(300, frame);
    cr_assert_eq(hf_frame_next(hf_bytes_of(frame, sizeof frame), 300, &body), sizeof frame);
}
