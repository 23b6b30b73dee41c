#include "base/hex.h"
#include "base/error.h"

void hf_hex_encode(const uint8_t *data, size_t len, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        ret_text[2 * i] = digits[data[i] >> 4];
        ret_text[2 * i + 1] = digits[data[i] & 15];
    }
    ret_text[2 * len] = '\0';
}

int hf_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hf_hex_decode(const char *text, uint8_t *ret_data, size_t len)
{
    if (strlen(text) != 2 * len)
        return HF_EINVAL;
    for (size_t i = 0; i < 2 * len; i++)
        if (hf_hex_digit(text[i]) < 0)
            return HF_EINVAL;
    for (size_t i = 0; i < len; i++)
        ret_data[i] = (uint8_t)(hf_hex_digit(text[2 * i]) << 4 | hf_hex_digit(text[2 * i + 1]));
    return 0;
}
