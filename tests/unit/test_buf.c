#include "base/buf.h"
#include "base/error.h"
#include "base/hex.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(hf_buf, grows_and_keeps_its_bytes)
{
    struct hf_buf b;
    hf_buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        hf_buf_append_u8(&b, (uint8_t)i);
    cr_assert_eq(b.error, 0);
    cr_assert_eq(b.len, 1000);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(b.data[i], (uint8_t)i);
    hf_buf_done(&b);
}

Test(hf_buf, past_its_maximum_is_a_sticky_error_and_changes_nothing)
{
    struct hf_buf b;
    hf_buf_init(&b, 4);
    hf_buf_append(&b, "abc", 3);
    hf_buf_append(&b, "de", 2);
    cr_assert_eq(b.error, HF_ETOOBIG);
    hf_buf_append(&b, "f", 1);
    cr_assert_eq(b.len, 3);
    hf_buf_done(&b);
}

Test(hf_buf, integers_are_big_endian)
{
    struct hf_buf b;
    hf_buf_init(&b, 64);
    hf_buf_append_u16(&b, 0x0102);
    for (uint8_t i = 0; i < 2; i++)
        cr_assert_eq(b.data[i], i + 1);
    hf_buf_done(&b);
}

Test(hf_buf, printf_appends_without_a_terminator)
{
    struct hf_buf b;
    hf_buf_init(&b, 64);
    hf_buf_printf(&b, "%d-%s", 7, "x");
    cr_assert_eq(b.len, 3);
    cr_assert_arr_eq(b.data, "7-x", 3);
    hf_buf_done(&b);
}

Test(hf_hex, round_trip_and_refusals)
{
    uint8_t out[3] = {9, 9, 9};
    char text[7];
    hf_hex_encode((const uint8_t[]){0, 0xab, 0xff}, 3, text);
    cr_assert_str_eq(text, "00abff");
    cr_assert_eq(hf_hex_decode("00ABff", out, 3), 0);
    cr_assert_arr_eq(out, ((uint8_t[]){0, 0xab, 0xff}), 3);
    cr_assert_eq(hf_hex_decode("00ab", out, 3), HF_EINVAL);
    cr_assert_eq(hf_hex_decode("00abfg", out, 3), HF_EINVAL);
    cr_assert_eq(out[1], 0xab);
}

static const struct {
    int code;
    bool transient;
    const char *what;
} reasons[] = {
#define HF_REASON(constant, number, name, transient, what, todo, otherwise, test)                  \
    {constant, transient, what},
#include "base/reasons.def"
#undef HF_REASON
};

Test(hf_error, names_go_there_and_back)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(reasons); i++) {
        cr_assert_eq(hf_error_from_name(hf_error_name(reasons[i].code)), reasons[i].code);
        cr_assert_eq(hf_error_transient(reasons[i].code), reasons[i].transient);
        cr_assert_str_eq(hf_error_sentence(reasons[i].code), reasons[i].what);
    }
    cr_assert_eq(hf_error_from_name("of the future"), HF_EINTERNAL);
}
