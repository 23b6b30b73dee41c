/* The readers of DER, PEM, JSON and the SGX extension: order, bounds, and what is malformed. */
#include "base/buf.h"
#include "base/error.h"
#include "cert.h"
#include "civil.h"
#include "json.h"
#include "pem.h"

#include <criterion/criterion.h>

/* --- dates --- */

static bool civil(const char *text, uint64_t *ret_s)
{
    return hf__civil_parse(hf_bytes_of(text, strlen(text)), ret_s);
}

Test(hf__civil, parses_and_formats_the_same)
{
    static const struct {
        const char *text;
        uint64_t unix_s;
    } rows[] = {{"1970-01-01T00:00:00Z", 0},           {"2000-02-29T23:59:59Z", 951868799},
                {"2024-02-29T00:00:00Z", 1709164800},  {"2026-07-01T12:00:00Z", 1782907200},
                {"2049-12-31T23:59:59Z", 2524607999},  {"2100-03-01T00:00:00Z", 4107542400},
                {"9999-12-31T23:59:59Z", 253402300799}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        uint64_t s;
        char text[HF_CIVIL_TEXT_LEN];
        cr_assert(civil(rows[i].text, &s));
        cr_assert_eq(s, rows[i].unix_s, "%s", rows[i].text);
        hf__civil_format(s, text);
        cr_assert_str_eq(text, rows[i].text);
    }
    for (uint64_t day = 0; day < 60000; day += 13) {
        uint64_t s;
        char text[HF_CIVIL_TEXT_LEN];
        hf__civil_format(day * 86400 + 1, text);
        cr_assert(civil(text, &s));
        cr_assert_eq(s, day * 86400 + 1);
    }
}

Test(hf__civil, refuses_what_is_no_date)
{
    static const char *const texts[] = {
        "",
        "2026-07-01T12:00:00",
        "2026-07-01t12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2025-02-29T12:00:00Z",
        "2100-02-29T12:00:00Z",
        "2026-07-32T12:00:00Z",
        "2026-07-01T24:00:00Z",
        "2026-07-01T12:60:00Z",
        "2026-07-01T12:00:60Z",
        "1969-12-31T23:59:59Z",
        "2026-07-01T12:00:00.1Z",
        " 026-07-01T12:00:00Z",
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(texts); i++) {
        uint64_t s = 7;
        cr_assert_not(civil(texts[i], &s), "%s", texts[i]);
        cr_assert_eq(s, 7);
    }
}

/* --- DER --- */

#define DER(...)                                                                                   \
    hf_bytes_of(((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__}))

Test(hf__der, lengths_are_definite_shortest_and_inside)
{
    const struct hf_bytes bad[] = {
        DER(0x04),                         /* no length */
        DER(0x04, 0x01),                   /* past the end */
        DER(0x04, 0x80, 0x00, 0x00),       /* indefinite */
        DER(0x04, 0x81, 0x01, 0x00),       /* not the shortest */
        DER(0x04, 0x82, 0x00, 0x01, 0x00), /* leading zero */
        DER(0x04, 0x85, 0x01, 0, 0, 0, 0), /* five bytes of length */
        DER(0x04, 0x84, 0xff, 0xff, 0xff, 0xff),
        DER(0x1f, 0x01, 0x00), /* a tag of several bytes */
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        struct hf_fault fault = {0};
        struct hf_der r = hf__der_of(bad[i], &fault);
        uint8_t tag;
        struct hf_bytes whole;
        cr_assert_not(hf__der_any(&r, "something", &tag, &whole), "%zu", i);
        cr_assert_str_eq(fault.expected, "something");
        cr_assert_eq(fault.offset, 0);
    }
}

Test(hf__der, integers_are_positive_and_shortest)
{
    const struct hf_bytes bad[] = {DER(0x02, 0x00), DER(0x02, 0x01, 0x80), DER(0x02, 0x02, 0, 0x7f),
                                   DER(0x02, 0x03, 0x01, 0, 0)};
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        struct hf_fault fault = {0};
        struct hf_der r = hf__der_of(bad[i], &fault);
        uint64_t v;
        cr_assert_not(hf__der_number(&r, 0xffff, "a number", &v), "%zu", i);
    }
    struct hf_fault fault = {0};
    struct hf_der r = hf__der_of(DER(0x02, 0x03, 0x00, 0xff, 0xfe, 0x02, 0x01, 0x00), &fault);
    uint64_t v;
    cr_assert(hf__der_number(&r, 0xffff, "a number", &v));
    cr_assert_eq(v, 0xfffe);
    cr_assert(hf__der_number(&r, 0xffff, "a number", &v));
    cr_assert_eq(v, 0);
    cr_assert(hf__der_at_end(&r));
}

Test(hf__der, times_are_of_rfc_5280)
{
    static const struct {
        const char *text;
        uint8_t tag;
        bool good;
        uint64_t unix_s;
    } rows[] = {{"260701120000Z", 0x17, true, 1782907200},
                {"500101000000Z", 0x17, false, 0}, /* 1950 */
                {"20260701120000Z", 0x18, true, 1782907200},
                {"20260701120000Z", 0x17, false, 0},
                {"2607011200Z", 0x17, false, 0},
                {"260701120000+0000", 0x17, false, 0},
                {"20260701120000.5Z", 0x18, false, 0}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        uint8_t der[32] = {rows[i].tag, (uint8_t)strlen(rows[i].text)};
        struct hf_fault fault = {0};
        uint64_t s = 0;
        memcpy(der + 2, rows[i].text, strlen(rows[i].text));
        struct hf_der r = hf__der_of(hf_bytes_of(der, 2 + strlen(rows[i].text)), &fault);
        cr_assert_eq(hf__der_time(&r, "a time", &s), rows[i].good, "%zu", i);
        cr_assert_eq(s, rows[i].unix_s, "%zu", i);
    }
}

/* --- the SGX extension of a PCK --- */

/* Appends an element around content. */
static void put(struct hf_buf *b, uint8_t tag, const void *content, size_t len)
{
    hf_buf_append_u8(b, tag);
    if (len >= 0x100) {
        hf_buf_append_u8(b, 0x82);
        hf_buf_append_u16(b, (uint16_t)len);
    } else {
        if (len >= 0x80)
            hf_buf_append_u8(b, 0x81);
        hf_buf_append_u8(b, (uint8_t)len);
    }
    hf_buf_append(b, content, len);
}

/* { 1.2.840.113741.1.13.1.part[.sub], value } */
static void put_pair(struct hf_buf *out, uint8_t part, uint8_t sub, const struct hf_buf *value)
{
    uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, part, sub};
    struct hf_buf pair;
    hf_buf_init(&pair, 4096);
    put(&pair, HF_DER_OID, oid, sub != 0 ? sizeof oid : sizeof oid - 1);
    hf_buf_append(&pair, value->data, value->len);
    put(out, HF_DER_SEQUENCE, pair.data, pair.len);
    hf_buf_done(&pair);
}

static void put_octets(struct hf_buf *out, uint8_t part, uint8_t sub, uint8_t fill, size_t len)
{
    uint8_t octets[64];
    struct hf_buf value;
    memset(octets, fill, sizeof octets);
    hf_buf_init(&value, 256);
    put(&value, HF_DER_OCTET_STRING, octets, len);
    put_pair(out, part, sub, &value);
    hf_buf_done(&value);
}

static void put_tcb(struct hf_buf *out, size_t components, bool backwards)
{
    struct hf_buf parts, value;
    hf_buf_init(&parts, 4096);
    hf_buf_init(&value, 4096);
    for (size_t i = 1; i <= components; i++) {
        uint8_t n = (uint8_t)(backwards ? components + 1 - i : i);
        struct hf_buf number;
        hf_buf_init(&number, 16);
        put(&number, HF_DER_INTEGER, &n, 1);
        put_pair(&parts, 2, n, &number);
        hf_buf_done(&number);
    }
    put_octets(&parts, 2, 18, 0x18, 16);
    put(&value, HF_DER_SEQUENCE, parts.data, parts.len);
    put_pair(out, 2, 0, &value);
    hf_buf_done(&parts);
    hf_buf_done(&value);
}

/* What the extension is made of: the order of its parts, and of what length each is. */
struct extension {
    const char *order; /* digits: parts; 8: one that is unknown */
    size_t components;
    size_t ppid_len, fmspc_len;
    bool backwards;
};

static int parse_extension(const struct extension *e, struct hf__pck *ret)
{
    struct hf_buf parts, all;
    struct hf_fault fault = {0};
    hf_buf_init(&parts, 4096);
    hf_buf_init(&all, 4096);
    for (const char *p = e->order; *p != '\0'; p++) {
        if (*p == '1')
            put_octets(&parts, 1, 0, 0x11, e->ppid_len);
        else if (*p == '2')
            put_tcb(&parts, e->components, e->backwards);
        else if (*p == '3')
            put_octets(&parts, 3, 0, 0x33, 2);
        else if (*p == '4')
            put_octets(&parts, 4, 0, 0x44, e->fmspc_len);
        else
            put_octets(&parts, 8, 0, 0x88, 9);
    }
    put(&all, HF_DER_SEQUENCE, parts.data, parts.len);
    int r = hf__pck_parse(hf_buf_bytes(&all), ret, &fault);
    cr_assert_eq(r == 0, fault.expected == NULL);
    hf_buf_done(&parts);
    hf_buf_done(&all);
    return r;
}

Test(hf__pck_parse, takes_the_parts_in_any_order)
{
    static const char *const orders[] = {"1234", "4321", "82143", "12348"};
    for (size_t i = 0; i < HF_ARRAY_LEN(orders); i++) {
        struct extension e = {orders[i], 17, 16, 6, i % 2 == 1};
        struct hf__pck pck;
        cr_assert_eq(parse_extension(&e, &pck), 0, "%s", orders[i]);
        cr_assert_eq(pck.platform.ppid[15], 0x11);
        cr_assert_eq(pck.platform.fmspc[5], 0x44);
        cr_assert_eq(pck.platform.pceid[1], 0x33);
        cr_assert_eq(pck.platform.cpusvn[15], 0x18);
        cr_assert_eq(pck.platform.pcesvn, 17);
        for (uint8_t j = 0; j < 16; j++)
            cr_assert_eq(pck.tcb_svns[j], j + 1);
    }
}

Test(hf__pck_parse, refuses_missing_repeated_and_misshapen_parts)
{
    static const struct extension bad[] = {
        {"", 17, 16, 6, false},     {"123", 17, 16, 6, false},   {"234", 17, 16, 6, false},
        {"134", 17, 16, 6, false},  {"11234", 17, 16, 6, false}, {"12342", 17, 16, 6, false},
        {"1234", 16, 16, 6, false}, {"1234", 18, 16, 6, false},  {"1234", 17, 15, 6, false},
        {"1234", 17, 17, 6, false}, {"1234", 17, 16, 5, false},  {"1234", 0, 16, 6, false},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        struct hf__pck pck;
        cr_assert_eq(parse_extension(&bad[i], &pck), HF_EMALFORMED, "%zu", i);
    }
}

/* Found by fuzzing: a PCK without the extension, whose bytes are none at all. */
Test(hf__pck_parse, refuses_an_extension_that_is_not_there)
{
    struct hf__pck pck;
    struct hf_fault fault = {0};
    cr_assert_eq(hf__pck_parse(hf_bytes_of(NULL, 0), &pck, &fault), HF_EMALFORMED);
    cr_assert_eq(fault.offset, 0);
}

/* --- PEM --- */

static int pem(const char *text, size_t len, struct hf_bytes *first, size_t *ret_count)
{
    static uint8_t storage[65536];
    struct hf_bytes certs[HF_CHAIN_CERTS_MAX];
    struct hf_fault fault = {0};
    int r = hf__pem_certificates(hf_bytes_of(text, len), storage, certs, ret_count, &fault);
    if (r == 0)
        *first = certs[0];
    else
        cr_assert_not_null(fault.expected);
    return r;
}

#define B "-----BEGIN CERTIFICATE-----"
#define E "-----END CERTIFICATE-----"

Test(hf__pem_certificates, decodes_with_white_space_and_a_final_nul)
{
    static const char text[] = B "\nQUJ\r\nDRA==\n" E "\n" B "QUJD" E "\n\0\0";
    struct hf_bytes first;
    size_t count;
    cr_assert_eq(pem(text, sizeof text, &first, &count), 0);
    cr_assert_eq(count, 2);
    cr_assert_eq(first.len, 4);
    cr_assert_arr_eq(first.data, "ABCD", 4);
}

Test(hf__pem_certificates, refuses_what_is_not_strictly_pem)
{
    static const char *const bad[] = {
        "",
        "\n\n",
        "hello",
        B,
        B "QUJD",
        B "QUJ" E,      /* a group that is not full */
        B "QUJD=" E,    /* padding where none is due */
        B "QQ=" E,      /* too little padding */
        B "QR==" E,     /* bits that should be zero */
        B "QUJ!" E,     /* another alphabet */
        B "QQ==QUJD" E, /* more after the end */
        B "QUJD" E "x",
        B "QUJD" E B "QUJD" E B "QUJD" E B "QUJD" E B "QUJD" E, /* five */
        "-----BEGIN CERTIFICATE REQUEST-----QUJD-----END CERTIFICATE REQUEST-----",
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        struct hf_bytes first;
        size_t count;
        cr_assert_eq(pem(bad[i], strlen(bad[i]), &first, &count), HF_EMALFORMED, "%zu", i);
    }
}

/* --- JSON --- */

static bool skips(const char *text)
{
    struct hf_fault fault = {0};
    struct hf_json r = hf__json_of(hf_bytes_of(text, strlen(text)), &fault);
    return hf__json_raw(&r, "a value", NULL) && hf__json_done(&r);
}

Test(hf__json, skips_values_of_every_shape)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       " [ ] ",
                                       "0",
                                       "-1.5e+7",
                                       "\"\"",
                                       "\"\\u00e9\\n\\\"\"",
                                       "true",
                                       "null",
                                       "[[],{},[1,2,{\"a\":[]}],\"x\"]",
                                       "{\"a\":{\"b\":1},\"c\":[true,false]}",
                                       "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"};
    static const char *const bad[] = {"",           "[",
                                      "]",          "{",
                                      "[1,]",       "{,}",
                                      "{\"a\"}",    "{\"a\":}",
                                      "[1 2]",      "01",
                                      "1.",         "-",
                                      "tru",        "\"",
                                      "\"\\x\"",    "\"\\u12g4\"",
                                      "\"\n\"",     "[}",
                                      "{\"a\":1,}", "nullx",
                                      "1e",         "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"};
    for (size_t i = 0; i < HF_ARRAY_LEN(good); i++)
        cr_assert(skips(good[i]), "%s", good[i]);
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++)
        cr_assert_not(skips(bad[i]), "%s", bad[i]);
}
