/* Bytes as text: lower-case hexadecimal. For public values only: secrets have no formatter. */
#ifndef HF_BASE_HEX_H
#define HF_BASE_HEX_H

#include "base/bytes.h"
#include "base/check.h"

/* ret_text: 2 * len + 1 characters, terminated. */
void hf_hex_encode(const uint8_t *data, size_t len, char *ret_text);
/*
 * text: exactly 2 * len hexadecimal digits of either case, then a terminator.
 * HF_EINVAL: another length or another character; ret_data is then untouched.
 */
HF_MUST_USE int hf_hex_decode(const char *text, uint8_t *ret_data, size_t len);
/* What a hexadecimal digit of either case stands for: 0 to 15; -1: it is none. */
int hf_hex_digit(char c);

#endif
