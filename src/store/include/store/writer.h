/*
 * The thread that writes: updates are queued by the event loop, and everything queued is committed
 * as one group, so that the cost of making it durable is shared. While the disk fails in a way that
 * can pass, the group is kept and tried again, with pauses from retry_ms_min doubling to
 * retry_ms_max; later updates wait behind it. A permanent failure halts the writer: that group,
 * everything queued and everything submitted later completes with its code, because nothing may
 * become durable out of order.
 *
 * Two threads: the writer's own, which alone touches the store, and the caller's, which makes every
 * call below.
 */
#ifndef HF_STORE_WRITER_H
#define HF_STORE_WRITER_H

#include "store/store.h"

struct hf_writer;

struct hf_writer_options {
    size_t items_max; /* updates and jobs not yet taken by hf_writer_next; 0: 1024 */
    size_t bytes_max; /* bytes of keys and values queued; 0: 4 MiB. A single update may exceed it */
    uint32_t retry_ms_min; /* 0: 250 */
    uint32_t retry_ms_max; /* 0: 5000 */
    /*
     * Called on the writer's thread, without locks held, when there is something to take, and when
     * the status changed; uv_async_send for example. Several events may share one call.
     */
    void (*wake)(void *ctx);
    void *wake_ctx;
};

/* A completion. They come in the order of submission. */
struct hf_writer_done {
    uint64_t token;
    int code; /* 0: durable; else as hf_store_commit's results, or what a job returned;
                 HF_ECANCELED: stopped */
};

struct hf_writer_status {
    int code;    /* 0: writing works; else the failure that is being retried, or that halted it */
    bool halted; /* the failure is permanent */
    uint32_t tries;              /* that failed in a row */
    uint64_t failing_ms;         /* since the first of them */
    size_t items;                /* queued, or in the group being written */
    size_t bytes;                /* of these */
    uint64_t groups;             /* committed so far */
    uint64_t updates;            /* in these */
    struct hf_store_error error; /* of the last failure; zeroed while code is 0 */
};

/*
 * Starts the thread. s is lent until hf_writer_stop returns. options are copied.
 * HF_ENOMEM: no memory or no thread.
 */
HF_MUST_USE int hf_writer_new(struct hf_store *s, const struct hf_writer_options *options,
                              struct hf_writer **ret);
/*
 * Queues an update; everything is copied (values of vault rows into memory for secrets, wiped when
 * committed). HF_EBUSY: a bound is reached, or memory for secrets is used up for now: nothing was
 * queued, and later calls succeed when completions were taken. HF_EINVAL, HF_ETOOBIG: as
 * hf_store_update_check. HF_ENOMEM. HF_ECANCELED: stopped.
 */
HF_MUST_USE int hf_writer_submit(struct hf_writer *w, const struct hf_store_update *u,
                                 uint64_t token);
/*
 * A job runs on the writer's thread, after everything queued before it is durable and before
 * anything queued after it is written: opening the vault, for example. Its code is its
 * completion's; it is never repeated.
 */
typedef int hf_writer_job(struct hf_store *s, void *ctx);
/* ctx is lent until the completion is taken. Errors as hf_writer_submit. */
HF_MUST_USE int hf_writer_run(struct hf_writer *w, hf_writer_job *job, void *ctx, uint64_t token);

/* Takes the oldest completion. false: none is there, and ret is untouched. */
bool hf_writer_next(struct hf_writer *w, struct hf_writer_done *ret);
/* Copies the writer's counters and its present error. */
void hf_writer_status(struct hf_writer *w, struct hf_writer_status *ret);

/*
 * Ends the thread when everything queued is committed. Failures that can pass are tried again until
 * wait_ms have passed; the next one then ends it, and what could not be written completes with
 * HF_ECANCELED. Completions can still be taken. The store is the caller's again.
 */
void hf_writer_stop(struct hf_writer *w, uint32_t wait_ms);
/* Stops at once if it runs. NULL is legal. */
void hf_writer_free(struct hf_writer *w);

#endif
