/* The pool: documents and peers held once, and the scratch memory of a step. Private to core. */
#ifndef HF_CORE_POOL_H
#define HF_CORE_POOL_H

#include "core/document.h"
#include "peer.h"
#include "base/arena.h"

enum { HF_POOL_BUCKETS = 64, HF_STEP_ARENA_MAX = 512 * 1024 * 1024 };

struct hf_pool {
    const struct hf_suite *suite;
    size_t document_max; /* bytes of a document that is read */
    struct hf_document *buckets[HF_POOL_BUCKETS];
    struct hf__peer_table peers;
    struct hf__outbox *outbox; /* of the last step of any engine: see update.h */
    struct hf_arena arena;     /* reset at the start of every step */
};

#endif
