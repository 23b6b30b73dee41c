/*
 * Making quotes: one interface, two platforms. `tdx` asks the processor through the kernel
 * (attest/tsm.h); `dev` signs quotes of the same format under a development root (attest/dev.h, not
 * in builds for production). Making may take seconds on real hardware: it is called in a worker
 * thread, never on the event loop.
 */
#ifndef HF_ATTEST_PRODUCER_H
#define HF_ATTEST_PRODUCER_H

#include "attest/verdict.h"
#include "base/buf.h"
#include "base/id.h"

/* What the operator's status shows of a producer. */
struct hf_producer_facts {
    uint64_t made;   /* quotes made since it was opened */
    uint64_t failed; /* calls that failed */
    int last_error;  /* of the newest call; 0 when it succeeded or none was made */
    uint32_t stuck;  /* calls whose deadline passed and that the kernel has not yet let go */
    char where[128]; /* the kernel's folder, or the simulated machine; terminated */
};

struct hf_producer;

/* What a platform implements. Callers use the functions below. */
struct hf_producer_ops {
    const char *platform; /* "tdx" or "dev" */
    uint8_t trust;        /* enum hf_trust */
    int (*make)(struct hf_producer *p, const uint8_t report_data[static 64], uint64_t deadline_ms,
                struct hf_buf *ret_quote);
    /* NULL, or the same from a label and a hash (crypto/suite.h, hf_report_data_of), of which the
     * report data is made; for platforms that are not trusted with more. */
    int (*make_for)(struct hf_producer *p, const char *label, const struct hf_hash *hash,
                    const uint8_t report_data[static 64], uint64_t deadline_ms,
                    struct hf_buf *ret_quote);
    void (*facts)(struct hf_producer *p, struct hf_producer_facts *ret);
    void (*free)(struct hf_producer *p);
};

/* Embedded as the first member of each platform's own struct. */
struct hf_producer {
    const struct hf_producer_ops *ops;
};

/*
 * Makes a quote over 64 bytes of report data. Blocks; several threads may call it at once.
 * deadline_ms: CLOCK_MONOTONIC in milliseconds, after which the call gives up. ret_quote: an
 * initialised, empty buffer of a maximum of at least HF_QUOTE_MAX; it holds the quote on success
 * and is empty otherwise. HF_ETIMEOUT: the deadline passed. HF_EBUSY: other calls are in the way.
 * HF_EQUOTE_PROVIDER: the kernel's provider is not the platform's. HF_EQUOTE_INTERFERED: another
 * writer interfered each time. HF_EQUOTE_MADE: what came back is not a quote over this report data.
 * HF_EIO, HF_EPERMISSION, HF_ENOTFOUND: the kernel's answer or lack of one. HF_ENOMEM.
 */
HF_MUST_USE static inline int hf_producer_make(struct hf_producer *p,
                                               const uint8_t report_data[static 64],
                                               uint64_t deadline_ms, struct hf_buf *ret_quote)
{
    return p->ops->make(p, report_data, deadline_ms, ret_quote);
}

/* The same, where it is known what the report data, which is of label and hash, is for. */
HF_MUST_USE static inline int hf_producer_make_for(struct hf_producer *p, const char *label,
                                                   const struct hf_hash *hash,
                                                   const uint8_t report_data[static 64],
                                                   uint64_t deadline_ms, struct hf_buf *ret_quote)
{
    if (p->ops->make_for != NULL)
        return p->ops->make_for(p, label, hash, report_data, deadline_ms, ret_quote);
    return p->ops->make(p, report_data, deadline_ms, ret_quote);
}

/* Thread-safe. */
static inline void hf_producer_facts(struct hf_producer *p, struct hf_producer_facts *ret)
{
    p->ops->facts(p, ret);
}

/* "tdx" or "dev". */
static inline const char *hf_producer_platform(const struct hf_producer *p)
{
    return p->ops->platform;
}

/* No call may be running. Freeing NULL is legal. */
static inline void hf_producer_free(struct hf_producer *p)
{
    if (p != NULL)
        p->ops->free(p);
}

#endif
