/*
 * An authority of a small made-up network: it signs whatever it is asked to, right or wrong. Real
 * cryptography, fixed seed. What it gives out is freed with it.
 */
#ifndef HF_TESTS_DOCUMENT_AUTHORITY_H
#define HF_TESTS_DOCUMENT_AUTHORITY_H

#include "base/buf.h"
#include "document/document.h"

enum { AUTHORITY_KEYS = 6, AUTHORITY_NOW_S = 1800000000, AUTHORITY_ENVELOPES = 64 };

struct authority {
    const struct hf_suite *suite;
    struct hf_pool *pool;
    struct hf_rng rng;
    uint8_t public_keys[AUTHORITY_KEYS][HF_KEY_LEN];
    uint8_t secret_keys[AUTHORITY_KEYS][HF_SIGN_SECRET_LEN];
    struct hf_network_id network;
    struct hf_authority_key keys[AUTHORITY_KEYS];
    struct hf_measurement measurement;
    struct hf_share_holder holders[5];
    uint8_t holder_keys[5][32], sealed_bytes[5][80];
    struct hf_quorum_key quorum_key;
    struct hf_sealed_share sealed[5];
    uint8_t commitments[3 * 32];
    struct hf_buf envelopes[AUTHORITY_ENVELOPES];
    size_t envelopes_count;
    struct hf_document *root; /* the first: keys 0 to 2, threshold 2 */
};

void authority_init(struct authority *n);
void authority_done(struct authority *n);

/* Messages that are right, to be signed as they are or spoilt first. What they point to is n's. */
struct hf_root authority_root(struct authority *n);
/* Root 2: keys 3 to 5, threshold 2, after n->root. */
struct hf_root authority_next_root(struct authority *n);
struct hf_policy authority_policy(struct authority *n, uint32_t version, uint8_t k, uint8_t shares);
/* validators: count of them, sorted; the caller's. Each is its own operator, in no zone. */
struct hf_validator_set authority_set(uint32_t epoch, struct hf_validator *validators,
                                      size_t count);
/* Five share holders with a threshold of three and one key, as a ceremony would have dealt it. */
struct hf_share_set authority_shares(struct authority *n, uint32_t version);
/* The account of the i-th validator that authority_set fills in. */
void authority_account(size_t i, struct hf_account *ret);

/*
 * An envelope around a message, signed by the keys of signers ("012" or the like), valid until
 * authority_done.
 */
struct hf_bytes authority_sign(struct authority *n, enum hf_document_kind kind, const void *message,
                               const char *signers);
/* The same, read. The caller gives the document back. Fails the test unless it can be read. */
struct hf_document *authority_document(struct authority *n, enum hf_document_kind kind,
                                       const void *message, const char *signers);

#endif
