/*
 * One small network, always the same: its documents, signed, and everything that a black start
 * makes of them. The seeds of fuzz_document and fuzz_quorum are its files; the targets hold against
 * it what they have read, so that what is right is reached, and not only what is wrong.
 */
#ifndef HF_TESTS_DOCUMENT_WORLD_H
#define HF_TESTS_DOCUMENT_WORLD_H

#include "document/ceremony.h"
#include "document/request.h"

enum {
    WORLD_NOW_S = 1750000000,
    WORLD_HOLDERS = 3,
    WORLD_THRESHOLD = 2,
    WORLD_DOCUMENTS = 6, /* root, next root, policy, set, share set, proposal */
    WORLD_FILE_MAX = 16384,
};

struct world {
    struct hf_pool *pool;
    struct hf_network_id network;
    struct hf_buf envelopes[WORLD_DOCUMENTS];
    struct hf_document *documents[WORLD_DOCUMENTS];
    uint8_t holder_secret[WORLD_HOLDERS][HF_KEY_LEN];
    uint8_t shares[WORLD_HOLDERS * HF_SCALAR_LEN];
    uint8_t response_secret[HF_KEY_LEN];
    struct hf_buf ceremony, ack, request, answer, answers;
    struct hf_arena arena; /* of what was read of these */
    struct hf_ceremony read_ceremony;
    struct hf_request read_request;
};

enum { WORLD_ROOT, WORLD_NEXT_ROOT, WORLD_POLICY, WORLD_SET, WORLD_SHARES, WORLD_PROPOSAL };

/* Made at the first call, and never freed. */
const struct world *world(void);

#endif
