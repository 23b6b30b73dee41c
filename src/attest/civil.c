#include "civil.h"

#include <stdio.h>

static bool leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first of January of a year. */
static uint64_t days_before_year(unsigned year)
{
    unsigned y = year - 1;
    return 365 * (uint64_t)(year - 1970) + (y / 4 - 492) - (y / 100 - 19) + (y / 400 - 4);
}

bool hf__civil_to_unix(const struct hf_civil *c, uint64_t *ret_s)
{
    if (c->year < 1970 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > days_in_month(c->year, c->month))
        return false;
    if (c->hour > 23 || c->minute > 59 || c->second > 59)
        return false;
    uint64_t days = days_before_year(c->year) + c->day - 1;
    for (unsigned m = 1; m < c->month; m++)
        days += days_in_month(c->year, m);
    *ret_s = ((days * 24 + c->hour) * 60 + c->minute) * 60 + c->second;
    return true;
}

bool hf__civil_digits(const uint8_t *text, size_t count, unsigned *ret)
{
    unsigned value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *ret = value;
    return true;
}

bool hf__civil_parse(struct hf_bytes text, uint64_t *ret_s)
{
    struct hf_civil c;
    const uint8_t *t = text.data;
    if (text.len != HF_CIVIL_TEXT_LEN - 1 || t[4] != '-' || t[7] != '-' || t[10] != 'T' ||
        t[13] != ':' || t[16] != ':' || t[19] != 'Z')
        return false;
    return hf__civil_digits(t, 4, &c.year) && hf__civil_digits(t + 5, 2, &c.month) &&
           hf__civil_digits(t + 8, 2, &c.day) && hf__civil_digits(t + 11, 2, &c.hour) &&
           hf__civil_digits(t + 14, 2, &c.minute) && hf__civil_digits(t + 17, 2, &c.second) &&
           hf__civil_to_unix(&c, ret_s);
}

void hf__civil_format(uint64_t unix_s, char ret[static HF_CIVIL_TEXT_LEN])
{
    static const uint64_t last_s = UINT64_C(253402300799); /* 9999-12-31T23:59:59Z */
    uint64_t s = unix_s < last_s ? unix_s : last_s;
    uint64_t days = s / 86400;
    unsigned year = 1970 + (unsigned)(days / 366);
    while (days_before_year(year + 1) <= days)
        year++;
    unsigned day = (unsigned)(days - days_before_year(year));
    unsigned month = 1;
    for (; day >= days_in_month(year, month); month++)
        day -= days_in_month(year, month);
    unsigned rest = (unsigned)(s % 86400);
    snprintf(ret, HF_CIVIL_TEXT_LEN, "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000, month % 100,
             (day + 1) % 100, rest / 3600, rest / 60 % 60, rest % 60);
}
