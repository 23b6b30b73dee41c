/* Base64 between the lines of a PEM block: some bytes have one text. */
#include "base/base64.h"
#include "base/error.h"

#include <criterion/criterion.h>

static uint8_t out[64];
static size_t len, taken;

static int decode(const char *text)
{
    len = taken = 99;
    return hf_base64_decode(hf_bytes_of(text, strlen(text)), out, &len, &taken);
}

/* RFC 4648, section 10. */
Test(hf_base64_decode, gives_the_bytes_of_the_rfcs_vectors)
{
    static const struct {
        const char *text, *bytes;
    } vectors[] = {{"", ""},
                   {"Zg==", "f"},
                   {"Zm8=", "fo"},
                   {"Zm9v", "foo"},
                   {"Zm9vYg==", "foob"},
                   {"Zm9vYmE=", "fooba"},
                   {"Zm9vYmFy", "foobar"},
                   {" Z\tm9\r\nvYmFy\n", "foobar"}};
    for (size_t i = 0; i < HF_ARRAY_LEN(vectors); i++) {
        cr_assert_eq(decode(vectors[i].text), 0, "%s", vectors[i].text);
        cr_assert(hf_bytes_equal(hf_bytes_of(out, len),
                                 hf_bytes_of(vectors[i].bytes, strlen(vectors[i].bytes))),
                  "%s", vectors[i].text);
        cr_assert_eq(taken, strlen(vectors[i].text));
    }
    cr_assert_eq(decode("+/+/-----"), 0);
    cr_assert(hf_bytes_equal(hf_bytes_of(out, len), hf_bytes_of("\xfb\xff\xbf", 3)));
    cr_assert_eq(taken, 4);
}

Test(hf_base64_decode, refuses_every_other_text_and_says_where)
{
    static const struct {
        const char *text;
        size_t taken;
    } bad[] = {{"Zg", 2},   {"Zg=", 3},   {"Zm8", 3},  {"Zm8==", 5}, {"Z", 1},
               {"Z===", 3}, {"Zm9v=", 5}, {"Zh==", 4}, {"Zm9=", 4},  {"Zg==Zg==", 4},
               {"Zm=v", 3}, {"Zm!v", 2},  {"Zm_v", 2}, {"====", 2},  {"Zg==\x80", 4}};
    for (size_t i = 0; i < HF_ARRAY_LEN(bad); i++) {
        cr_assert_eq(decode(bad[i].text), HF_EMALFORMED, "%s", bad[i].text);
        cr_assert_eq(taken, bad[i].taken, "%s: %zu", bad[i].text, taken);
        cr_assert_eq(len, 99, "%s", bad[i].text);
    }
}
