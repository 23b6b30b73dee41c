#include "base/date.h"

#include <criterion/criterion.h>

Test(hf_date_text, is_in_utc_and_in_the_form_that_is_asked_for)
{
    char text[HF_DATE_TEXT];
    setenv("TZ", "Asia/Kathmandu", 1);
    cr_assert_str_eq(hf_date_text(1796025909, HF_DATE_DAY, text), "2026-11-30");
    cr_assert_str_eq(hf_date_text(1796025909, HF_DATE_MINUTE, text), "2026-11-30 08:05 UTC");
    cr_assert_str_eq(hf_date_text(1796025909, HF_DATE_SECOND, text), "2026-11-30 08:05:09 UTC");
    cr_assert_str_eq(hf_date_text(1796025909, HF_DATE_ISO, text), "2026-11-30T08:05:09Z");
    cr_assert_str_eq(hf_date_text(0, HF_DATE_ISO, text), "1970-01-01T00:00:00Z");
}

Test(hf_date_text, of_a_year_that_no_calendar_has_is_the_number)
{
    char text[HF_DATE_TEXT];
    cr_assert_str_eq(hf_date_text(UINT64_MAX, HF_DATE_DAY, text), "18446744073709551615");
    cr_assert_str_eq(hf_date_text(UINT64_MAX / 2, HF_DATE_ISO, text), "9223372036854775807");
}
