/* Base64 (RFC 4648, section 4), as it stands between the lines of a PEM block (RFC 7468). */
#ifndef HF_BASE_BASE64_H
#define HF_BASE_BASE64_H

#include "base/bytes.h"
#include "base/check.h"

/*
 * Decodes text up to its end or its first hyphen; white space is skipped. ret: room for
 * 3 * (text.len / 4 + 1) bytes. ret_taken: how many characters were read, also on failure.
 * HF_EMALFORMED: another character, padding that is missing or too much, or bits left over that are
 * not zero; ret_len is then untouched.
 */
HF_MUST_USE int hf_base64_decode(struct hf_bytes text, uint8_t *ret, size_t *ret_len,
                                 size_t *ret_taken);

#endif
