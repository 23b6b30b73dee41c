/*
 * A provider's broken word, as a reader can see it from a file alone (proto/EVIDENCE.md): what an
 * owner keeps in its vault, and what `holdfast evidence verify` judges, by the same checks.
 */
#ifndef HF_DOCUMENT_BROKEN_H
#define HF_DOCUMENT_BROKEN_H

#include "base/arena.h"
#include "base/check.h"
#include "crypto/suite.h"
#include "wire/messages.h"

enum {
    HF_BROKEN_FILE_MAX = 20480,    /* bytes of a file: more than any has */
    HF_PROMISE_S_MAX = 365 * 86400 /* how long a promise counts, by issue dates of sets */
};

enum hf_breach {
    HF_BREACH_PROOF = 1, /* it said that it keeps the share, and proved it wrongly or not at all */
    HF_BREACH_DENIAL,    /* it had promised to keep the share, and said that it does not */
    HF_BREACH_REPAIR,    /* helping to restore another share, it signed what does not fit */
};

/* What a file proves. */
struct hf_broken {
    enum hf_breach breach;
    struct hf_network_id network;
    struct hf_account owner, provider;
    struct hf_generation_id generation;
    uint8_t index;       /* of the share */
    uint64_t promised_s; /* Unix time, by the provider's clock; 0: the promise needs no date */
    uint64_t broken_s;   /* likewise */
    bool unknown;        /* it said that it knows nothing of the owner */
};

/* By what a later question names a provider's word. a: within its bounds. */
void hf_acknowledged_hash(const struct hf_suite *suite, const struct hf_acknowledged *a,
                          struct hf_hash *ret);

/*
 * Whether a decoded file proves that its provider broke its word. arena: memory for what is decoded
 * in it. HF_EUNPROVEN: it proves nothing. HF_ESIGNATURE: the provider did not sign that, or
 * answered another question. The errors of decoding; HF_ENOMEM.
 */
HF_MUST_USE int hf_broken_check(const struct hf_suite *suite, const struct hf_broken_promise *m,
                                struct hf_arena *arena, struct hf_broken *ret);

/* The same of a file about a repair; index is that of the share which was restored. */
HF_MUST_USE int hf_broken_repair_check(const struct hf_suite *suite,
                                       const struct hf_broken_repair *m, struct hf_arena *arena,
                                       struct hf_broken *ret);

/* Whichever of the two a file's bytes are, if any. */
HF_MUST_USE int hf_broken_read(const struct hf_suite *suite, struct hf_bytes file,
                               struct hf_arena *arena, struct hf_broken *ret);

#endif
