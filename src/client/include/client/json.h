/* JSON as the daemon tells it and the operator's command prints it: values that both write. */
#ifndef HF_CLIENT_JSON_H
#define HF_CLIENT_JSON_H

#include "base/check.h"
#include "base/hex.h"

#include <jansson.h>

enum { HF_JSON_HEX_MAX = 64 }; /* bytes */

/* Bytes as text; the caller's. len: at most HF_JSON_HEX_MAX. NULL: out of memory. */
static inline json_t *hf_json_hex(const void *data, size_t len)
{
    char text[2 * HF_JSON_HEX_MAX + 1];
    hf_assert(len <= HF_JSON_HEX_MAX);
    hf_hex_encode(data, len, text);
    return json_string(text);
}

/* A number; the caller's. NULL: out of memory. */
static inline json_t *hf_json_uint(uint64_t v)
{
    return json_integer((json_int_t)v);
}

#endif
