#include "base/error.h"
#include "decode.h"
#include "options.h"

#include <criterion/criterion.h>

static int chain(const char *text, struct hf_buf *b)
{
    hf_buf_init(b, 100);
    return hf__decode_chain(hf_bytes_of(text, strlen(text)), b);
}

static int crl(const void *data, size_t len, struct hf_buf *b)
{
    hf_buf_init(b, 100);
    return hf__decode_crl(hf_bytes_of(data, len), b);
}

Test(hf__decode_chain, percent_encoding_is_undone)
{
    struct hf_buf b;
    cr_assert_eq(chain("-----BEGIN%20CERTIFICATE-----%0AAa%2b%2F%3d%0a", &b), 0);
    cr_assert(
        hf_bytes_equal(hf_buf_bytes(&b), hf_bytes_of("-----BEGIN CERTIFICATE-----\nAa+/=\n", 34)));
    hf_buf_done(&b);
}

Test(hf__decode_chain, what_is_not_pem_is_refused)
{
    static const char *const bad[] = {
        "",
        "%",
        "-----BEGIN CERTIFICATE-----%",
        "-----BEGIN CERTIFICATE-----%0",
        "-----BEGIN CERTIFICATE-----%0g",
        "-----BEGIN CERTIFICATE-----%g0",
        "-----BEGIN CERTIFICATE-----%00",
        "-----BEGIN CERTIFICATE-----%ff",
        "-----BEGIN CERTIFICATE----",
        "x-----BEGIN CERTIFICATE-----",
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        struct hf_buf b;
        cr_assert_eq(chain(bad[i], &b), HF_EMALFORMED, "%s", bad[i]);
        hf_buf_done(&b);
    }
    char large[200];
    struct hf_buf b;
    memset(large, '-', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    cr_assert_eq(chain(large, &b), HF_ETOOBIG);
    hf_buf_done(&b);
}

Test(hf__decode_crl, all_three_forms_give_the_same_bytes)
{
    static const uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x0a};
    static const char *const texts[] = {
        "300302010a", "300302010A\n",
        "-----BEGIN X509 CRL-----\nMAMC\r\nAQo=\n-----END X509 CRL-----\n"};
    struct hf_buf b;
    cr_assert_eq(crl(der, sizeof der, &b), 0);
    cr_assert(hf_bytes_equal(hf_buf_bytes(&b), hf_bytes_of(der, sizeof der)));
    hf_buf_done(&b);
    for (size_t i = 0; i < HF_ARRAY_LEN(texts); i++) {
        cr_assert_eq(crl(texts[i], strlen(texts[i]), &b), 0, "%s", texts[i]);
        cr_assert(hf_bytes_equal(hf_buf_bytes(&b), hf_bytes_of(der, sizeof der)), "%s", texts[i]);
        hf_buf_done(&b);
    }
}

Test(hf__decode_crl, other_bytes_are_refused)
{
    static const char *const bad[] = {"",
                                      "\n",
                                      "3",
                                      "30030",
                                      "3003020g",
                                      "<html>",
                                      "-----BEGIN X509 CRL-----",
                                      "-----BEGIN X509 CRL-----\nMAMC",
                                      "-----BEGIN X509 CRL-----\nAQo\n-----END X509 CRL-----",
                                      "-----BEGIN X509 CRL-----\nMA!C\n-----END X509 CRL-----",
                                      "-----BEGIN X509 CRL-----\nMAMC\n-----END X509 CRT-----"};
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        struct hf_buf b;
        cr_assert_eq(crl(bad[i], strlen(bad[i]), &b), HF_EMALFORMED, "%s", bad[i]);
        hf_buf_done(&b);
    }
    uint8_t large[101] = {0x30};
    struct hf_buf b;
    cr_assert_eq(crl(large, sizeof large, &b), HF_ETOOBIG);
    hf_buf_done(&b);
}

static struct hf__fetch_options options;
static char reason[256];

/* Arguments after the program's name, up to NULL. */
static int parse(const char *const *args)
{
    char *argv[32] = {(char[]){"x"}};
    int argc = 1;
    for (; *args != NULL; args++)
        argv[argc++] = (char *)(uintptr_t)*args;
    return hf__fetch_options_parse(argc, argv, &options, reason, sizeof reason);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

Test(hf__fetch_options_parse, everything_given)
{
    cr_assert_eq(PARSE("--url", "https://pccs.example:8081//", "--fmspc", "00806F050000", "--fmspc",
                       "00806f050000", "--fmspc=90c06f000000", "--output", "d", "--ca", "processor",
                       "--timeout", "3", "--total", "9", "--at", "1760000000"),
                 0, "%s", reason);
    cr_assert_eq(options.url_len, strlen("https://pccs.example:8081"));
    cr_assert_eq(options.fmspc_count, 2);
    cr_assert_eq(options.fmspc[1][0], 0x90);
    cr_assert_eq(options.request_s, 3);
    cr_assert_eq(options.total_s, 9);
    cr_assert_eq(options.at_s, 1760000000);
    cr_assert_eq(options.roots.trust, HF_TRUST_INTEL);
    cr_assert_eq(options.ca_count, 1);
    cr_assert_str_eq(options.ca[0], "processor");
    cr_assert_eq(
        PARSE("--url", "https://a", "--fmspc", "00806F050000", "--output", "d", "--ca", "both"), 0,
        "%s", reason);
    cr_assert_eq(options.ca_count, 2);
    cr_assert_str_eq(options.ca[1], "processor");
}

Test(hf__fetch_options_parse, development_root_replaces_intels)
{
    char hex[129];
    memset(hex, 'a', 128);
    hex[128] = '\0';
    cr_assert_eq(
        PARSE("--url", "https://x", "--fmspc", "00806F050000", "--output", "d", "--dev-root", hex),
        0);
    cr_assert_eq(options.roots.trust, HF_TRUST_DEV);
    cr_assert_eq(options.roots.dev_key[63], 0xaa);
}

Test(hf__fetch_options_parse, what_is_missing_or_wrong_is_named)
{
    static const struct {
        const char *args[8];
        const char *named;
    } cases[] = {
        {{"--fmspc", "00806F050000", "--output", "d"}, "--url"},
        {{"--url", "https://x", "--output", "d"}, "--fmspc"},
        {{"--url", "https://x", "--fmspc", "00806F050000"}, "--output"},
        {{"--url", "http://x"}, "--url"},
        {{"--url", "https://"}, "--url"},
        {{"--url", "https://x?y"}, "--url"},
        {{"--url", "file:///etc"}, "--url"},
        {{"--fmspc", "00806F0500"}, "--fmspc"},
        {{"--fmspc", "00806F05000g"}, "--fmspc"},
        {{"--ca", "root"}, "--ca"},
        {{"--root-crl-url", "http://x/y"}, "--root-crl-url"},
        {{"--dev-root", "00"}, "--dev-root"},
        {{"--timeout", "0"}, "--timeout"},
        {{"--timeout", "601"}, "--timeout"},
        {{"--timeout", "5s"}, "--timeout"},
        {{"--at", "-1"}, "--at"},
        {{"--output", ""}, "--output"},
        {{"--output"}, "--output: needs a value"},
        {{"--frob"}, "--frob: not an option"},
        {{"frob"}, "frob: not an option"},
    };
    for (size_t i = 0; i < HF_ARRAY_LEN(cases); i++) {
        cr_assert_eq(parse(cases[i].args), HF_EINVAL, "case %zu", i);
        cr_assert_not_null(strstr(reason, cases[i].named), "%s: %s", cases[i].named, reason);
    }
}
