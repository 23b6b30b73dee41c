#include "wire/text.h"

/* The bytes that follow a first byte, and its payload; 0xff where it cannot start a character. */
static size_t follow_count(uint8_t first, uint32_t *ret_bits)
{
    if (first < 0x80) {
        *ret_bits = first;
        return 0;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        *ret_bits = first & 0x1fu;
        return 1;
    }
    if (first >= 0xe0 && first <= 0xef) {
        *ret_bits = first & 0x0fu;
        return 2;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        *ret_bits = first & 0x07u;
        return 3;
    }
    return SIZE_MAX;
}

static bool character_allowed(uint32_t c, size_t follow)
{
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
    bool surrogate = c >= 0xd800 && c <= 0xdfff;
    return !control && !surrogate && c >= smallest[follow] && c <= 0x10ffff;
}

bool hf_text_valid(struct hf_bytes text)
{
    size_t i = 0;
    while (i < text.len) {
        uint32_t c = 0;
        size_t follow = follow_count(text.data[i], &c);
        i++;
        if (follow > text.len - i)
            return false;
        for (size_t f = 0; f < follow; f++, i++) {
            if ((text.data[i] & 0xc0) != 0x80)
                return false;
            c = c << 6 | (text.data[i] & 0x3fu);
        }
        if (!character_allowed(c, follow))
            return false;
    }
    return true;
}
