/* Documents held once, however many engines use them. Private to document. */
#ifndef HF_DOCUMENT_POOL_H
#define HF_DOCUMENT_POOL_H

#include "document/document.h"

enum { HF_POOL_BUCKETS = 64 };

struct hf_pool {
    const struct hf_suite *suite;
    size_t document_max;                          /* bytes of a document that is read */
    struct hf_document *buckets[HF_POOL_BUCKETS]; /* by the first byte of a document's hash */
};

/*
 * Parses the envelope and the body of a document whose pool, hash and envelope are set, and checks
 * the relations inside. The errors of hf_document_read. On failure the caller frees what was made.
 */
HF_MUST_USE int hf__document_parse(struct hf_document *d);

/* Bytes of a share that is sealed to a holder's key of this kind. */
size_t hf__sealed_share_len(uint64_t kind);
/* Whether a key is among the first count of these. */
bool hf__keys_find(const struct hf_authority_key *keys, size_t count,
                   const uint8_t key[static HF_KEY_LEN]);
/* Whether every floor of a set is one of base's, for the same account and to the last decision, and
 * none of base's is missing whose account the set has. */
bool hf__floors_same(const struct hf_document *base, const struct hf_document *set);

/* Relations inside a share set, or inside a proposal of one (share_set.c). HF_EDOCUMENT. */
HF_MUST_USE int hf__share_set_check(const struct hf_share_set *s, bool proposal);

#endif
