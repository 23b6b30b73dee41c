/* Borrowed bytes: a pointer and a length that travel together. Nothing here owns memory. */
#ifndef HF_BASE_BYTES_H
#define HF_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdbool.h>

struct hf_bytes {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;
};

/* A view of len bytes that the caller owns. */
static inline struct hf_bytes hf_bytes_of(const void *data, size_t len)
{
    return (struct hf_bytes){.data = data, .len = len};
}

/* One past the last byte; of no bytes at all, NULL stays NULL, to which not even 0 may be added. */
static inline const uint8_t *hf_bytes_end(struct hf_bytes b)
{
    return b.len > 0 ? b.data + b.len : b.data;
}

/* The eight bytes at p as a big-endian number: numbers are in the order of memcmp. */
static inline uint64_t hf_bytes_head(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

/* Not for secrets: the time it takes depends on the content. */
static inline bool hf_bytes_equal(struct hf_bytes a, struct hf_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
