#include "document/blob.h"

#include <stdlib.h>

struct hf_blob *hf_blob_new(struct hf_bytes bytes)
{
    hf_assert(bytes.len <= UINT32_MAX - sizeof(struct hf_blob));
    struct hf_blob *b = malloc(sizeof *b + bytes.len);
    if (b == NULL)
        return NULL;
    b->refs = 1;
    b->len = (uint32_t)bytes.len;
    if (bytes.len > 0)
        memcpy(b->data, bytes.data, bytes.len);
    return b;
}

struct hf_blob *hf_blob_ref(struct hf_blob *b)
{
    if (b != NULL) {
        hf_assert(b->refs > 0 && b->refs < UINT32_MAX);
        b->refs++;
    }
    return b;
}

void hf_blob_unref(struct hf_blob *b)
{
    if (b == NULL)
        return;
    hf_assert(b->refs > 0);
    if (--b->refs == 0)
        free(b);
}
