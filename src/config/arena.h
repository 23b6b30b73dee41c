/* Memory that is given back all at once: what a document's structures point to. */
#ifndef HF_CONFIG_ARENA_H
#define HF_CONFIG_ARENA_H

#include "base/check.h"

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* the newest first */
};

/* len bytes, zeroed, aligned for any type; NULL when there is no memory. len 0 gives a valid
 * pointer. */
HF_MUST_USE void *hf__arena_alloc(struct arena *a, size_t len);
/* A terminated copy of text[0..len). */
HF_MUST_USE char *hf__arena_text(struct arena *a, const char *text, size_t len);
void hf__arena_done(struct arena *a);

#endif
