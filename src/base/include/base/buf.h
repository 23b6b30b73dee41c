/*
 * A growable byte buffer with a hard maximum. Appending past the maximum, or out of memory, sets a
 * sticky error: the writer appends freely and looks once, at the end. Not for secrets (see
 * base/secret.h).
 */
#ifndef HF_BASE_BUF_H
#define HF_BASE_BUF_H

#include "base/bytes.h"
#include "base/check.h"

struct hf_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
    int error; /* 0, HF_ENOMEM or HF_ETOOBIG; sticky */
};

/* max: the largest number of bytes it may ever hold. Allocates nothing yet. */
void hf_buf_init(struct hf_buf *b, size_t max);
/* Frees the storage; b may be initialised again. */
void hf_buf_done(struct hf_buf *b);
/* Empties the buffer and its error, and keeps its storage. */
void hf_buf_clear(struct hf_buf *b);
/* data[0..len) is copied. */
void hf_buf_append(struct hf_buf *b, const void *data, size_t len);
/* Makes room for len bytes behind the last. The caller writes there, and adds to len what it
 * wrote. NULL: none, and the error is set. */
uint8_t *hf_buf_room(struct hf_buf *b, size_t len);
/* One byte. */
void hf_buf_append_u8(struct hf_buf *b, uint8_t v);
/* Big-endian. */
void hf_buf_append_u16(struct hf_buf *b, uint16_t v);
/* Formats text, without its terminator. */
void hf_buf_printf(struct hf_buf *b, const char *fmt, ...) HF_PRINTF(2, 3);

/* What the buffer holds; valid until it changes. */
static inline struct hf_bytes hf_buf_bytes(const struct hf_buf *b)
{
    return (struct hf_bytes){.data = b->data, .len = b->len};
}

#endif
