#include "pem.h"
#include "base/error.h"

static const char begin[] = "-----BEGIN CERTIFICATE-----";
static const char end[] = "-----END CERTIFICATE-----";

/* Values of the base64 alphabet (RFC 4648, 4), plus one; 0 for what is not in it. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool starts_with(struct hf_bytes text, size_t at, const char *word, size_t len)
{
    return text.len - at >= len && memcmp(text.data + at, word, len) == 0;
}

/* Base64 from at up to a hyphen. Returns where it stopped; *ret_good says whether it was
 * well-formed. */
static size_t decode_base64(struct hf_bytes text, size_t at, uint8_t *out, size_t *ret_len,
                            bool *ret_good)
{
    uint32_t bits = 0;
    size_t digits = 0, pads = 0, len = 0;
    *ret_good = false;
    for (; at < text.len && text.data[at] != '-'; at++) {
        uint8_t c = text.data[at];
        if (is_space(c))
            continue;
        if (c == '=' && ++pads <= 2)
            continue;
        if (values[c] == 0 || pads > 0)
            return at;
        bits = bits << 6 | (uint32_t)(values[c] - 1);
        if (++digits % 4 == 0) {
            out[len++] = (uint8_t)(bits >> 16);
            out[len++] = (uint8_t)(bits >> 8);
            out[len++] = (uint8_t)bits;
        }
    }
    size_t odd = digits % 4;
    if ((odd == 0 && pads != 0) || odd == 1 || (odd == 2 && pads != 2) || (odd == 3 && pads != 1))
        return at;
    /* The bits that padding leaves over must be zero: one certificate has one text. */
    if ((odd == 2 && (bits & 15) != 0) || (odd == 3 && (bits & 3) != 0))
        return at;
    if (odd == 2)
        out[len++] = (uint8_t)(bits >> 4);
    if (odd == 3) {
        out[len++] = (uint8_t)(bits >> 10);
        out[len++] = (uint8_t)(bits >> 2);
    }
    *ret_len = len;
    *ret_good = true;
    return at;
}

static int fail(struct hf_fault *ret_fault, size_t offset, const char *expected)
{
    *ret_fault = (struct hf_fault){.offset = offset, .expected = expected};
    return HF_EMALFORMED;
}

int hf__pem_certificates(struct hf_bytes text, uint8_t *storage,
                         struct hf_bytes ret[static HF_CHAIN_CERTS_MAX], size_t *ret_count,
                         struct hf_fault *ret_fault)
{
    size_t count = 0, at = 0, len = 0;
    bool good;
    for (;;) {
        while (at < text.len && (is_space(text.data[at]) || text.data[at] == '\0'))
            at++;
        if (at == text.len)
            break;
        if (count == HF_CHAIN_CERTS_MAX)
            return fail(ret_fault, at, "no more than 4 certificates");
        if (!starts_with(text, at, begin, sizeof begin - 1))
            return fail(ret_fault, at, begin);
        at = decode_base64(text, at + sizeof begin - 1, storage, &len, &good);
        if (!good)
            return fail(ret_fault, at, "a certificate in base64");
        if (!starts_with(text, at, end, sizeof end - 1))
            return fail(ret_fault, at, end);
        if (len > HF_CERT_DER_MAX)
            return fail(ret_fault, at, "a certificate of at most 4096 bytes");
        at += sizeof end - 1;
        ret[count++] = hf_bytes_of(storage, len);
        storage += len;
    }
    if (count == 0)
        return fail(ret_fault, 0, begin);
    *ret_count = count;
    return 0;
}
