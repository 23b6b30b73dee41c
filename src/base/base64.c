#include "base/base64.h"
#include "base/error.h"

/* Values of the alphabet, plus one; 0 for what is not in it. */
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

/* Whether padding is as it must be, and the bits that it leaves over are zero: some bytes have one
 * text. */
static bool ends_well(size_t digits, size_t pads, uint32_t bits)
{
    switch (digits % 4) {
    case 0:
        return pads == 0;
    case 2:
        return pads == 2 && (bits & 15) == 0;
    case 3:
        return pads == 1 && (bits & 3) == 0;
    default:
        return false;
    }
}

int hf_base64_decode(struct hf_bytes text, uint8_t *ret, size_t *ret_len, size_t *ret_taken)
{
    uint32_t bits = 0;
    size_t digits = 0, pads = 0, len = 0, at = 0;
    for (; at < text.len && text.data[at] != '-'; at++) {
        uint8_t c = text.data[at];
        if (is_space(c) || (c == '=' && ++pads <= 2))
            continue;
        *ret_taken = at;
        if (values[c] == 0 || pads > 0)
            return HF_EMALFORMED;
        bits = bits << 6 | (uint32_t)(values[c] - 1);
        if (++digits % 4 == 0) {
            ret[len++] = (uint8_t)(bits >> 16);
            ret[len++] = (uint8_t)(bits >> 8);
            ret[len++] = (uint8_t)bits;
        }
    }
    *ret_taken = at;
    if (!ends_well(digits, pads, bits))
        return HF_EMALFORMED;
    if (digits % 4 == 2)
        ret[len++] = (uint8_t)(bits >> 4);
    if (digits % 4 == 3) {
        ret[len++] = (uint8_t)(bits >> 10);
        ret[len++] = (uint8_t)(bits >> 2);
    }
    *ret_len = len;
    return 0;
}
