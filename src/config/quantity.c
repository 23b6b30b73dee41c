#include "scalar.h"
#include "base/error.h"

#include <stdio.h>

const struct unit hf__duration_units[] = {
    {"us", 1},
    {"ms", 1000},
    {"s", 1000000},
    {"m", UINT64_C(60) * 1000000},
    {"h", UINT64_C(3600) * 1000000},
    {"d", UINT64_C(86400) * 1000000},
    {"w", UINT64_C(604800) * 1000000},
    {NULL, 0},
};

const struct unit hf__duration_ns_units[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", UINT64_C(1000000000)}, {NULL, 0},
};

const struct unit hf__size_units[] = {
    {"B", 1},
    {"kB", 1000},
    {"KiB", 1024},
    {"MB", 1000000},
    {"MiB", UINT64_C(1) << 20},
    {"GB", 1000000000},
    {"GiB", UINT64_C(1) << 30},
    {"TB", UINT64_C(1000000000000)},
    {"TiB", UINT64_C(1) << 40},
    {NULL, 0},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name != NULL; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

int hf__quantity_parse(const char *text, const struct unit *units, uint64_t *ret_value)
{
    uint64_t whole = 0;
    const char *at = text;
    if (!is_digit(*at) || (at[0] == '0' && is_digit(at[1])))
        return HF_EINVAL;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole))
            return HF_ETOOBIG;
    /* A fraction of at most 9 digits, which must come out whole in the smallest unit. */
    uint64_t part = 0;
    uint64_t part_of = 1;
    if (*at == '.') {
        at++;
        if (!is_digit(*at))
            return HF_EINVAL;
        for (; is_digit(*at); at++) {
            if (part_of == 1000000000)
                return HF_EINVAL;
            part = part * 10 + (uint64_t)(*at - '0');
            part_of *= 10;
        }
    }
    while (*at == ' ')
        at++;
    const struct unit *unit = find_unit(units, at);
    if (unit == NULL)
        return HF_EINVAL;
    uint64_t fraction = 0;
    if (__builtin_mul_overflow(part, unit->factor, &fraction))
        return HF_EINVAL;
    if (fraction % part_of != 0)
        return HF_EINVAL;
    if (__builtin_mul_overflow(whole, unit->factor, &whole) ||
        __builtin_add_overflow(whole, fraction / part_of, ret_value))
        return HF_ETOOBIG;
    return 0;
}

void hf__quantity_format(uint64_t value, const struct unit *units, char *ret_text, size_t size)
{
    /* The largest unit that divides it, by factor: kB and KiB stand beside each other. */
    const struct unit *best = units;
    for (const struct unit *u = units; value != 0 && u->name != NULL; u++)
        if (value % u->factor == 0)
            best = u;
    snprintf(ret_text, size, "%llu%s", (unsigned long long)(value / best->factor), best->name);
}

/* digits of exactly that number, or -1. */
static int digits(const char *text, size_t len)
{
    int v = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i]))
            return -1;
        v = v * 10 + (text[i] - '0');
    }
    return v;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_before(int year)
{
    int64_t y = year - 1;
    return y * 365 + y / 4 - y / 100 + y / 400;
}

int hf__time_parse(const char *text, int64_t *ret_seconds)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (strlen(text) != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || text[19] != 'Z')
        return HF_EINVAL;
    int year = digits(text, 4);
    int month = digits(text + 5, 2);
    int day = digits(text + 8, 2);
    int hour = digits(text + 11, 2);
    int minute = digits(text + 14, 2);
    int second = digits(text + 17, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return HF_EINVAL;
    if (day > month_days[month - 1] + (month == 2 && is_leap(year)))
        return HF_EINVAL;
    int64_t days = days_before(year) - days_before(1970) + day - 1;
    for (int m = 1; m < month; m++)
        days += month_days[m - 1] + (m == 2 && is_leap(year));
    *ret_seconds = days * 86400 + hour * 3600 + minute * 60 + second;
    return 0;
}
