#include "base/duration.h"
#include "base/error.h"

#include <criterion/criterion.h>

static const uint64_t week_s = 7 * 86400, ten_years_s = 315360000;

Test(hf_duration_parse, takes_a_number_and_its_unit)
{
    static const struct {
        const char *text;
        uint64_t s;
    } rows[] = {{"0s", 0},      {"90s", 90},    {"15m", 900},
                {"12h", 43200}, {"7d", 604800}, {"2w", 1209600}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        uint64_t s = 1;
        cr_assert_eq(hf_duration_parse(rows[i].text, ten_years_s, &s), 0, "%s", rows[i].text);
        cr_assert_eq(s, rows[i].s, "%s", rows[i].text);
    }
}

Test(hf_duration_parse, refuses_anything_else)
{
    static const char *const rows[] = {"",
                                       "s",
                                       "7",
                                       "7x",
                                       "7dd",
                                       "7 d",
                                       " 7d",
                                       "-7d",
                                       "+7d",
                                       "7.5d",
                                       "0x7d",
                                       "18446744073709551617s",
                                       "99999999999999999999999w"};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        uint64_t s = 42;
        cr_assert_eq(hf_duration_parse(rows[i], UINT64_MAX, &s), HF_EINVAL, "%s", rows[i]);
        cr_assert_eq(s, 42);
    }
}

Test(hf_duration_parse, goes_up_to_its_bound)
{
    uint64_t s = 42;
    cr_assert_eq(hf_duration_parse("1w", week_s, &s), 0);
    cr_assert_eq(s, week_s);
    cr_assert_eq(hf_duration_parse("604801s", week_s, &s), HF_EINVAL);
    cr_assert_eq(hf_duration_parse("8d", week_s, &s), HF_EINVAL);
}

Test(hf_duration_text, is_what_fits_a_glance)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {{0, "0.0 s"},        {1234, "1.2 s"},       {59999, "59.9 s"},
                {60000, "1 min"},    {7199999, "119 min"},  {7200000, "2 h"},
                {172799999, "47 h"}, {172800000, "2 days"}, {UINT64_MAX, "213503982334 days"}};
    char text[HF_DURATION_TEXT];
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++)
        cr_assert_str_eq(hf_duration_text(rows[i].ms, text), rows[i].text);
}
