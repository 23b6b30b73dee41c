#include "der.h"
#include "civil.h"

bool hf__der_fail(const struct hf_der *r, const char *expected)
{
    /* The first fault is the cause; what follows from it says nothing. */
    if (r->fault->expected == NULL)
        *r->fault = (struct hf_fault){.offset = (size_t)(r->p - r->base), .expected = expected};
    return false;
}

bool hf__der_is(const struct hf_der *r, uint8_t tag)
{
    return r->p < r->end && r->p[0] == tag;
}

/* The length at p, of one to five bytes; the content must lie before the end. */
static bool read_length(const struct hf_der *r, const uint8_t *p, const uint8_t **ret_content,
                        size_t *ret_len)
{
    if (p == r->end)
        return false;
    size_t len = *p++;
    if (len >= 0x80) {
        size_t count = len & 0x7f;
        if (count < 1 || count > 4 || count > (size_t)(r->end - p) || p[0] == 0)
            return false;
        len = 0;
        for (size_t i = 0; i < count; i++)
            len = len << 8 | *p++;
        if (len < 0x80)
            return false;
    }
    if (len > (size_t)(r->end - p))
        return false;
    *ret_content = p;
    *ret_len = len;
    return true;
}

bool hf__der_any(struct hf_der *r, const char *expected, uint8_t *ret_tag,
                 struct hf_bytes *ret_whole)
{
    const uint8_t *content;
    size_t len;
    if (r->p == r->end || (r->p[0] & 0x1f) == 0x1f || !read_length(r, r->p + 1, &content, &len))
        return hf__der_fail(r, expected);
    if (ret_tag != NULL)
        *ret_tag = r->p[0];
    if (ret_whole != NULL)
        *ret_whole = hf_bytes_of(r->p, (size_t)(content + len - r->p));
    r->p = content + len;
    return true;
}

bool hf__der_enter(struct hf_der *r, uint8_t tag, const char *expected, struct hf_der *ret)
{
    const uint8_t *content;
    size_t len;
    if (!hf__der_is(r, tag) || !read_length(r, r->p + 1, &content, &len))
        return hf__der_fail(r, expected);
    *ret = *r;
    ret->p = content;
    ret->end = content + len;
    r->p = content + len;
    return true;
}

bool hf__der_bytes(struct hf_der *r, uint8_t tag, const char *expected, struct hf_bytes *ret)
{
    struct hf_der inner;
    if (!hf__der_enter(r, tag, expected, &inner))
        return false;
    *ret = hf__der_rest(&inner);
    return true;
}

bool hf__der_whole(struct hf_der *r, uint8_t tag, const char *expected, struct hf_bytes *ret)
{
    if (!hf__der_is(r, tag))
        return hf__der_fail(r, expected);
    return hf__der_any(r, expected, NULL, ret);
}

bool hf__der_integer(struct hf_der *r, size_t len_max, const char *expected, struct hf_bytes *ret)
{
    struct hf_der at = *r;
    struct hf_bytes v;
    if (!hf__der_bytes(r, HF_DER_INTEGER, expected, &v))
        return false;
    bool negative = v.len == 0 || (v.data[0] & 0x80) != 0;
    bool padded = v.len > 1 && v.data[0] == 0 && (v.data[1] & 0x80) == 0;
    if (negative || padded)
        return hf__der_fail(&at, expected);
    if (v.data[0] == 0)
        v = hf_bytes_of(v.data + 1, v.len - 1);
    if (v.len > len_max)
        return hf__der_fail(&at, expected);
    *ret = v;
    return true;
}

bool hf__der_number(struct hf_der *r, uint64_t max, const char *expected, uint64_t *ret)
{
    struct hf_der at = *r;
    struct hf_bytes v;
    uint64_t number = 0;
    if (!hf__der_integer(r, sizeof number, expected, &v))
        return false;
    for (size_t i = 0; i < v.len; i++)
        number = number << 8 | v.data[i];
    if (number > max)
        return hf__der_fail(&at, expected);
    *ret = number;
    return true;
}

bool hf__der_bits(struct hf_der *r, const char *expected, struct hf_bytes *ret)
{
    struct hf_der at = *r;
    struct hf_bytes v;
    if (!hf__der_bytes(r, HF_DER_BIT_STRING, expected, &v))
        return false;
    if (v.len < 1 || v.data[0] != 0)
        return hf__der_fail(&at, expected);
    *ret = hf_bytes_of(v.data + 1, v.len - 1);
    return true;
}

bool hf__der_time(struct hf_der *r, const char *expected, uint64_t *ret_s)
{
    struct hf_der at = *r;
    struct hf_bytes v;
    struct hf_civil c;
    bool is_utc = hf__der_is(r, HF_DER_UTC_TIME);
    size_t year_digits = is_utc ? 2 : 4;
    if (!hf__der_bytes(r, is_utc ? HF_DER_UTC_TIME : HF_DER_GENERALIZED_TIME, expected, &v))
        return false;
    const uint8_t *t = v.data + year_digits;
    if (v.len != year_digits + 11 || t[10] != 'Z' ||
        !hf__civil_digits(v.data, year_digits, &c.year) || !hf__civil_digits(t, 2, &c.month) ||
        !hf__civil_digits(t + 2, 2, &c.day) || !hf__civil_digits(t + 4, 2, &c.hour) ||
        !hf__civil_digits(t + 6, 2, &c.minute) || !hf__civil_digits(t + 8, 2, &c.second))
        return hf__der_fail(&at, expected);
    if (is_utc)
        c.year += c.year < 50 ? 2000 : 1900;
    return hf__civil_to_unix(&c, ret_s) || hf__der_fail(&at, expected);
}

bool hf__der_done(const struct hf_der *r, const char *expected)
{
    return hf__der_at_end(r) || hf__der_fail(r, expected);
}

bool hf__der_ecdsa_sha256(struct hf_der *r)
{
    static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    static const char expected[] = "the algorithm ecdsa-with-SHA256";
    struct hf_der at = *r, inner;
    struct hf_bytes v;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, expected, &inner) ||
        !hf__der_bytes(&inner, HF_DER_OID, expected, &v))
        return false;
    if (!hf_bytes_equal(v, hf_bytes_of(oid, sizeof oid)))
        return hf__der_fail(&at, expected);
    return hf__der_done(&inner, expected);
}
