/* The file of a request to the share holders, over the local socket (src/daemon/quorum.c). */
#include "daemon.h"
#include "quorum.h"

#include "base/hex.h"
#include "document/blob.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

static struct hf__daemon d;
static json_t *answer;

static void keep(struct hf__ask *a, const char *text, size_t len)
{
    cr_assert_eq(a->d, &d);
    cr_assert_lt(len, 1 << 20, "a frame has room for it");
    json_decref(answer);
    answer = json_loadb(text, len, 0, NULL);
    cr_assert_not_null(answer);
}

static struct hf__ask ask = {.d = &d, .send = keep};

static const char *refusal(void)
{
    return json_string_value(json_object_get(json_object_get(answer, "error"), "code"));
}

static void end(void)
{
    json_decref(answer);
    hf_blob_unref(d.request_file);
}

Test(request_file, of_any_size_is_given_in_parts, .fini = end)
{
    enum { LEN = (3 << 20) + 5 };
    uint8_t *file = malloc(LEN), *got = malloc(LEN);
    cr_assert(file != NULL && got != NULL);
    for (size_t i = 0; i < LEN; i++)
        file[i] = (uint8_t)(i * 7 + i / 251);
    const struct hf_blackstart_report r = {.file = hf_bytes_of(file, LEN), .number = 2, .need = 3};
    hf__quorum_request(&ask, &r);
    cr_assert_eq(json_integer_value(json_object_get(answer, "need")), 3);
    size_t at = 0;
    while (at < LEN) {
        hf__quorum_part(&ask, at);
        cr_assert_eq(json_integer_value(json_object_get(answer, "len")), LEN);
        const char *part = json_string_value(json_object_get(answer, "part"));
        size_t len = strlen(part) / 2;
        cr_assert(len > 0 && len <= LEN - at);
        cr_assert_eq(hf_hex_decode(part, got + at, len), 0);
        at += len;
    }
    cr_assert_arr_eq(got, file, LEN);
    free(file);
    free(got);
}

Test(request_file, that_is_not_there_or_ends_before_is_refused, .fini = end)
{
    hf__quorum_part(&ask, 0);
    cr_assert_str_eq(refusal(), "no_request");
    const struct hf_blackstart_report r = {.file = hf_bytes_of("file", 4), .need = 1};
    hf__quorum_request(&ask, &r);
    hf__quorum_part(&ask, 4);
    cr_assert_str_eq(refusal(), "invalid_argument");
    hf__quorum_part(&ask, 3);
    cr_assert_str_eq(json_string_value(json_object_get(answer, "part")), "65");
}
