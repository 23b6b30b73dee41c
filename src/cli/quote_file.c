/* The file that `holdfast quote` is given: a quote, or what `holdfast identity` wrote, which has
 * one in it. */
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "quote.h"
#include "wire/messages.h"

#include <jansson.h>
#include <stdlib.h>

enum { ARENA_MAX = 64 << 10 };

/* Replaces text, an identity as JSON, by the quote in it. */
static int take_identity(struct hf_buf *text)
{
    json_error_t error;
    struct hf_arena arena;
    struct hf_identity identity;
    json_t *root = json_loadb((const char *)text->data, text->len, 0, &error);
    const char *hex = json_string_value(json_object_get(root, "identity"));
    size_t len = hex != NULL ? strlen(hex) / 2 : 0;
    uint8_t *bytes = malloc(len + 1);
    int r = bytes == NULL ? HF_ENOMEM : len == 0 ? HF_EMALFORMED : hf_hex_decode(hex, bytes, len);
    hf_arena_init(&arena, ARENA_MAX);
    if (r == 0)
        r = hf_wire_decode(&hf_wire_identity, hf_bytes_of(bytes, len), &arena, &identity, NULL);
    if (r == 0) {
        hf_buf_clear(text);
        hf_buf_append(text, identity.quote.data, identity.quote.len);
        r = text->error;
    }
    hf_arena_done(&arena);
    free(bytes);
    json_decref(root);
    return r;
}

int hf__quote_read(const char *file, struct hf_buf *ret)
{
    int r = hf_file_read(file, ret);
    /* A quote begins with its version. */
    return r == 0 && ret->len > 0 && ret->data[0] == '{' ? take_identity(ret) : r;
}
