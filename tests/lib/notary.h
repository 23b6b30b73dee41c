/*
 * An authority of a small made-up network: it signs whatever it is asked to, right or wrong. Real
 * cryptography, fixed seed. What it gives out is freed with it.
 */
#ifndef HF_TESTS_NOTARY_H
#define HF_TESTS_NOTARY_H

#include "base/buf.h"
#include "core/document.h"

enum { NOTARY_KEYS = 6, NOTARY_NOW_S = 1800000000, NOTARY_ENVELOPES = 64 };

struct notary {
    const struct hf_suite *suite;
    struct hf_pool *pool;
    struct hf_rng rng;
    uint8_t public_keys[NOTARY_KEYS][HF_KEY_LEN];
    uint8_t secret_keys[NOTARY_KEYS][HF_SIGN_SECRET_LEN];
    uint8_t network[32];
    struct hf_authority_key keys[NOTARY_KEYS];
    struct hf_measurement measurement;
    struct hf_buf envelopes[NOTARY_ENVELOPES];
    size_t envelopes_count;
    struct hf_document *root; /* the first: keys 0 to 2, threshold 2 */
};

void notary_init(struct notary *n);
void notary_done(struct notary *n);

/* Messages that are right, to be signed as they are or spoilt first. What they point to is n's. */
struct hf_root notary_root(struct notary *n);
/* Root 2: keys 3 to 5, threshold 2, after n->root. */
struct hf_root notary_next_root(struct notary *n);
struct hf_policy notary_policy(struct notary *n, uint32_t version, uint8_t k, uint8_t shares);
/* validators: count of them, sorted; the caller's. Each is its own operator, in no zone. */
struct hf_validator_set notary_set(uint32_t epoch, struct hf_validator *validators, size_t count);
/* The account of the i-th validator that notary_set fills in. */
void notary_account(size_t i, uint8_t ret[static 32]);

/*
 * An envelope around a message, signed by the keys of signers ("012" or the like), valid until
 * notary_done.
 */
struct hf_bytes notary_sign(struct notary *n, enum hf_document_kind kind, const void *message,
                            const char *signers);
/* The same, read. The caller gives the document back. Fails the test unless it can be read. */
struct hf_document *notary_document(struct notary *n, enum hf_document_kind kind,
                                    const void *message, const char *signers);

#endif
