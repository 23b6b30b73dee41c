#include "json.h"
#include "base/hex.h"
#include "civil.h"

#include <string.h>

bool hf__json_fail(const struct hf_json *r, const char *expected)
{
    if (r->fault->expected == NULL)
        *r->fault = (struct hf_fault){.offset = (size_t)(r->p - r->base), .expected = expected};
    return false;
}

static void skip_space(struct hf_json *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

/* Whether this character comes next, after white space; then it is read. */
static bool eat(struct hf_json *r, char c)
{
    skip_space(r);
    if (r->p == r->end || *r->p != (uint8_t)c)
        return false;
    r->p++;
    return true;
}

static bool is_hex(uint8_t c)
{
    return hf_hex_digit((char)c) >= 0;
}

/* A string, whatever is in it; ret gets what is between its quotes, as it stands. */
static bool read_string(struct hf_json *r, const char *expected, struct hf_bytes *ret)
{
    if (!eat(r, '"'))
        return hf__json_fail(r, expected);
    const uint8_t *start = r->p;
    while (r->p < r->end && *r->p != '"') {
        if (*r->p < 0x20)
            return hf__json_fail(r, "no control character in a string");
        if (*r->p++ != '\\')
            continue;
        if (r->p == r->end || strchr("\"\\/bfnrtu", *r->p) == NULL || *r->p == '\0')
            return hf__json_fail(r, "an escape of JSON");
        if (*r->p++ != 'u')
            continue;
        for (int i = 0; i < 4; i++, r->p++)
            if (r->p == r->end || !is_hex(*r->p))
                return hf__json_fail(r, "four hexadecimal digits");
    }
    if (r->p == r->end)
        return hf__json_fail(r, "the end of a string");
    *ret = hf_bytes_of(start, (size_t)(r->p - start));
    r->p++;
    return true;
}

static size_t skip_digits(struct hf_json *r)
{
    const uint8_t *start = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return (size_t)(r->p - start);
}

static bool skip_number(struct hf_json *r)
{
    if (r->p < r->end && *r->p == '-')
        r->p++;
    const uint8_t *first = r->p;
    size_t digits = skip_digits(r);
    if (digits == 0 || (digits > 1 && *first == '0'))
        return hf__json_fail(r, "a JSON value");
    if (r->p < r->end && *r->p == '.') {
        r->p++;
        if (skip_digits(r) == 0)
            return hf__json_fail(r, "a digit");
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        r->p++;
        if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
            r->p++;
        if (skip_digits(r) == 0)
            return hf__json_fail(r, "a digit");
    }
    return true;
}

static bool skip_literal(struct hf_json *r)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < HF_ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(r->end - r->p) >= len && memcmp(r->p, words[i], len) == 0) {
            r->p += len;
            return true;
        }
    }
    return skip_number(r);
}

/*
 * Skips one value without recursion: open[] remembers which bracket closes each level. A value is
 * due at the start, after a colon, after a comma in an array and after an opening bracket.
 */
static bool skip_value(struct hf_json *r)
{
    char close[HF_JSON_DEPTH_MAX];
    size_t depth = 0;
    struct hf_bytes text;
    do {
        skip_space(r);
        bool opened = false;
        if (r->p < r->end && (*r->p == '{' || *r->p == '[')) {
            if (depth == HF_JSON_DEPTH_MAX)
                return hf__json_fail(r, "a depth of at most 16");
            close[depth++] = *r->p++ == '{' ? '}' : ']';
            opened = true;
        } else if (r->p < r->end && *r->p == '"') {
            if (!read_string(r, "a string", &text))
                return false;
        } else if (!skip_literal(r)) {
            return false;
        }
        /* What closes here, and what must come before the next value. */
        while (depth > 0 && eat(r, close[depth - 1])) {
            depth--;
            opened = false;
        }
        if (depth == 0)
            break;
        if (!opened && !eat(r, ','))
            return hf__json_fail(r, "a comma or a closing bracket");
        if (close[depth - 1] == '}' && (!read_string(r, "a key", &text) || !eat(r, ':')))
            return hf__json_fail(r, "a key and a colon");
    } while (depth > 0);
    return true;
}

bool hf__json_raw(struct hf_json *r, const char *expected, struct hf_bytes *ret)
{
    skip_space(r);
    const uint8_t *start = r->p;
    if (r->p == r->end)
        return hf__json_fail(r, expected);
    if (!skip_value(r))
        return false;
    if (ret != NULL)
        *ret = hf_bytes_of(start, (size_t)(r->p - start));
    return true;
}

static bool read_field(struct hf_json *r, struct hf_bytes key, const struct hf__json_field *fields,
                       size_t count, uint32_t *seen, void *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!hf_bytes_equal(key, hf_bytes_of(fields[i].name, strlen(fields[i].name))))
            continue;
        if ((*seen & 1u << i) != 0)
            return hf__json_fail(r, "each key once");
        *seen |= 1u << i;
        return fields[i].read(r, out);
    }
    return hf__json_raw(r, "a value", NULL);
}

bool hf__json_object(struct hf_json *r, const char *expected, const struct hf__json_field *fields,
                     size_t count, void *out)
{
    uint32_t seen = 0;
    struct hf_bytes key;
    hf_assert(count <= 32);
    if (!eat(r, '{'))
        return hf__json_fail(r, expected);
    struct hf_json start = *r;
    if (!eat(r, '}')) {
        do {
            if (!read_string(r, "a key", &key))
                return false;
            if (!eat(r, ':'))
                return hf__json_fail(r, "a colon");
            if (!read_field(r, key, fields, count, &seen, out))
                return false;
        } while (eat(r, ','));
        if (!eat(r, '}'))
            return hf__json_fail(r, "a comma or the end of an object");
    }
    for (size_t i = 0; i < count; i++)
        if ((seen & 1u << i) == 0 && fields[i].missing != NULL)
            return hf__json_fail(&start, fields[i].missing);
    return true;
}

bool hf__json_array(struct hf_json *r, const char *expected, size_t max,
                    bool (*read)(struct hf_json *r, void *out), void *out)
{
    size_t count = 0;
    if (!eat(r, '['))
        return hf__json_fail(r, expected);
    if (eat(r, ']'))
        return true;
    do {
        if (count++ == max)
            return hf__json_fail(r, "fewer elements");
        if (!read(r, out))
            return false;
    } while (eat(r, ','));
    return eat(r, ']') || hf__json_fail(r, "a comma or the end of an array");
}

bool hf__json_text(struct hf_json *r, const char *expected, struct hf_bytes *ret)
{
    skip_space(r);
    struct hf_json at = *r;
    struct hf_bytes text;
    if (!read_string(r, expected, &text))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e || text.data[i] == '\\')
            return hf__json_fail(&at, expected);
    *ret = text;
    return true;
}

bool hf__json_word(struct hf_json *r, const char *word, const char *expected)
{
    skip_space(r);
    struct hf_json at = *r;
    struct hf_bytes text;
    if (!hf__json_text(r, expected, &text))
        return false;
    return hf_bytes_equal(text, hf_bytes_of(word, strlen(word))) || hf__json_fail(&at, expected);
}

bool hf__json_hex(struct hf_json *r, const char *expected, uint8_t *ret, size_t len)
{
    skip_space(r);
    struct hf_json at = *r;
    struct hf_bytes text;
    if (!hf__json_text(r, expected, &text))
        return false;
    if (text.len != 2 * len)
        return hf__json_fail(&at, expected);
    for (size_t i = 0; i < text.len; i++)
        if (!is_hex(text.data[i]))
            return hf__json_fail(&at, expected);
    for (size_t i = 0; i < len; i++)
        ret[i] = (uint8_t)(hf_hex_digit((char)text.data[2 * i]) << 4 |
                           hf_hex_digit((char)text.data[2 * i + 1]));
    return true;
}

bool hf__json_date(struct hf_json *r, const char *expected, uint64_t *ret_s)
{
    skip_space(r);
    struct hf_json at = *r;
    struct hf_bytes text;
    if (!hf__json_text(r, expected, &text))
        return false;
    return hf__civil_parse(text, ret_s) || hf__json_fail(&at, expected);
}

bool hf__json_number(struct hf_json *r, uint64_t max, const char *expected, uint64_t *ret)
{
    skip_space(r);
    struct hf_json at = *r;
    uint64_t value = 0;
    size_t digits = skip_digits(r);
    /* Nineteen digits fit in 64 bits; a fraction or an exponent is no whole number here. */
    if (digits == 0 || digits > 19 || (digits > 1 && *at.p == '0'))
        return hf__json_fail(&at, expected);
    if (r->p < r->end && (*r->p == '.' || *r->p == 'e' || *r->p == 'E'))
        return hf__json_fail(&at, expected);
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint64_t)(at.p[i] - '0');
    if (value > max)
        return hf__json_fail(&at, expected);
    *ret = value;
    return true;
}

bool hf__json_done(struct hf_json *r)
{
    skip_space(r);
    return r->p == r->end || hf__json_fail(r, "the end of the document");
}
