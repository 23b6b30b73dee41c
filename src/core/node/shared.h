/* What the engines of a process hold once. Private to core. */
#ifndef HF_CORE_SHARED_H
#define HF_CORE_SHARED_H

#include "base/arena.h"
#include "core/engine.h"

enum { HF_STEP_ARENA_MAX = 512 * 1024 * 1024 };

struct hf__outbox;     /* node/update.h */
struct hf__peer_table; /* trust/peer.h */

/* What a step tells its own handlers. */
struct hf__step {
    const struct hf_verdict *fresh; /* that was just brought, for the messages that waited */
    struct hf_hash fresh_hash;
    struct hf_hash wait_hash; /* set by a handler that returns HF__PARK */
    bool foreign;             /* it handles the request of a stranger */
    bool ticket;              /* of a stranger that has shown the ticket of the owner it names */
};

/* The claim that was signed last: an owner shows the same one to each of its holders. */
struct hf__claim_shown {
    size_t len; /* 0: none */
    uint8_t statement[256];
    uint8_t signature[HF_SIGNATURE_LEN];
};

struct hf_shared {
    struct hf_pool *documents;
    const struct hf_wire_codec *codec;
    hf_outline_fn *outline; /* may be NULL */
    struct hf__peer_table *peers;
    struct hf__outbox *outbox; /* of the last step of any engine */
    struct hf__step step;      /* under way: only one ever is */
    struct hf__claim_shown claim;
    struct hf_arena arena; /* reset at the start of every step */
};

#endif
