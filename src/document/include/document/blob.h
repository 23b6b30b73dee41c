/*
 * Immutable bytes with a count of references, so that a row in the engine, in a queue of writes and
 * on a simulated disk is held once. Not thread-safe: a blob stays on the thread of its engine.
 */
#ifndef HF_DOCUMENT_BLOB_H
#define HF_DOCUMENT_BLOB_H

#include "base/bytes.h"
#include "base/check.h"

struct hf_blob {
    uint32_t refs;
    uint32_t len;
    uint8_t data[];
};

/* A blob with one reference and a copy of bytes; NULL when out of memory. */
struct hf_blob *hf_blob_new(struct hf_bytes bytes);
/* One reference more; returns b, which may be NULL. */
struct hf_blob *hf_blob_ref(struct hf_blob *b);
/* One reference less; frees with the last. NULL is legal. */
void hf_blob_unref(struct hf_blob *b);

/* What it holds, borrowed for as long as there is a reference. */
static inline struct hf_bytes hf_blob_bytes(const struct hf_blob *b)
{
    return (struct hf_bytes){.data = b->data, .len = b->len};
}

#endif
