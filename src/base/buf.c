#include "base/buf.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void hf_buf_init(struct hf_buf *b, size_t max)
{
    *b = (struct hf_buf){.max = max};
}

void hf_buf_done(struct hf_buf *b)
{
    free(b->data);
    *b = (struct hf_buf){.max = b->max};
}

void hf_buf_clear(struct hf_buf *b)
{
    b->len = 0;
    b->error = 0;
}

/* Room for more bytes after len; false sets the sticky error. */
static bool reserve(struct hf_buf *b, size_t more)
{
    if (b->error != 0)
        return false;
    if (more > b->max - b->len) {
        b->error = HF_ETOOBIG;
        return false;
    }
    if (more <= b->cap - b->len)
        return true;
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < b->len + more)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    uint8_t *data = realloc(b->data, cap);
    if (data == NULL) {
        b->error = HF_ENOMEM;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

uint8_t *hf_buf_room(struct hf_buf *b, size_t len)
{
    return reserve(b, len) ? b->data + b->len : NULL;
}

void hf_buf_append(struct hf_buf *b, const void *data, size_t len)
{
    if (len == 0 || !reserve(b, len))
        return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void hf_buf_append_u8(struct hf_buf *b, uint8_t v)
{
    hf_buf_append(b, &v, 1);
}

void hf_buf_append_u16(struct hf_buf *b, uint16_t v)
{
    const uint8_t bytes[] = {(uint8_t)(v >> 8), (uint8_t)v};
    hf_buf_append(b, bytes, sizeof bytes);
}

void hf_buf_printf(struct hf_buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    hf_assert(len >= 0);
    /* One byte more for the terminator, which vsnprintf writes and the length leaves out. */
    if (len == 0 || !reserve(b, (size_t)len + 1))
        return;
    va_start(args, fmt);
    vsnprintf((char *)b->data + b->len, (size_t)len + 1, fmt, args);
    va_end(args);
    b->len += (size_t)len;
}
