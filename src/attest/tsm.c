#include "attest/tsm.h"
#include "base/error.h"
#include "tsm_report.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    STACK_LEN = 256 * 1024,
    BUSY_WAIT_MS = 10, /* before the second attempt, doubled before each further one */
};

/* No machine is up for longer: a deadline beyond it means none. */
static const uint64_t deadline_ms_max = UINT64_C(1) << 40;

/*
 * The producer outlives hf_producer_free while requests are stuck in the kernel: each holds a
 * reference. The lock guards everything below it, and the requests' fields that both threads touch.
 */
struct tsm {
    struct hf_producer base;
    char path[HF__TSM_PATH_MAX];
    pthread_mutex_t lock;
    unsigned references;
    unsigned stuck;
    uint64_t made;
    uint64_t failed;
    int last_error;
};

struct request {
    struct tsm *tsm;
    pthread_cond_t finished;
    uint8_t report_data[64];
    uint64_t deadline_ms;
    struct hf_buf quote; /* the thread's until done */
    int result;
    bool done;
    bool abandoned; /* the caller is gone: the thread frees the request */
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* With the lock held; releases it. */
static void unref_and_unlock(struct tsm *tsm)
{
    bool last = --tsm->references == 0;
    pthread_mutex_unlock(&tsm->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&tsm->lock);
    free(tsm);
}

static void request_free(struct request *r)
{
    pthread_cond_destroy(&r->finished);
    hf_buf_done(&r->quote);
    free(r);
}

static bool worth_another(const struct request *r, int result, int attempt)
{
    return (result == HF_EQUOTE_INTERFERED || result == HF_EBUSY) &&
           attempt + 1 < HF_TSM_ATTEMPTS_MAX && now_ms() < r->deadline_ms;
}

static void wait_before(int attempt)
{
    struct timespec t = {.tv_nsec = (long)(BUSY_WAIT_MS << attempt) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

static void *run(void *arg)
{
    struct request *r = arg;
    struct tsm *tsm = r->tsm;
    int result = hf_tsm_report(tsm->path, r->report_data, &r->quote);
    for (int attempt = 0; worth_another(r, result, attempt); attempt++) {
        if (result == HF_EBUSY)
            wait_before(attempt);
        result = hf_tsm_report(tsm->path, r->report_data, &r->quote);
    }
    pthread_mutex_lock(&tsm->lock);
    r->result = result;
    r->done = true;
    bool abandoned = r->abandoned;
    if (abandoned)
        tsm->stuck--;
    else
        pthread_cond_signal(&r->finished);
    unref_and_unlock(tsm);
    if (abandoned)
        request_free(r);
    return NULL;
}

static struct request *request_new(struct tsm *tsm, const uint8_t report_data[static 64],
                                   uint64_t deadline_ms)
{
    pthread_condattr_t attr;
    struct request *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->tsm = tsm;
    r->deadline_ms = deadline_ms;
    memcpy(r->report_data, report_data, sizeof r->report_data);
    hf_buf_init(&r->quote, HF_QUOTE_MAX);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->finished, &attr);
    pthread_condattr_destroy(&attr);
    return r;
}

/* The thread takes no signals: they belong to the daemon's loop. */
static int thread_start(struct request *r)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS); /* of the thread itself: a call that its sandbox refused */
    if (pthread_attr_init(&attr) != 0)
        return HF_ENOMEM;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_LEN);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attr, run, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc == 0 ? 0 : HF_ENOMEM;
}

/* With the lock held. Whether the request was done in time; if not, it is the
 * thread's from now on. */
static bool await(struct request *r)
{
    const struct timespec until = {.tv_sec = (time_t)(r->deadline_ms / 1000),
                                   .tv_nsec = (long)(r->deadline_ms % 1000) * 1000000};
    while (!r->done)
        if (pthread_cond_timedwait(&r->finished, &r->tsm->lock, &until) == ETIMEDOUT)
            break;
    if (r->done)
        return true;
    r->abandoned = true;
    r->tsm->stuck++;
    return false;
}

/* With the lock held, which is released while the kernel works. */
static int make_locked(struct tsm *tsm, const uint8_t report_data[static 64], uint64_t deadline_ms,
                       struct hf_buf *ret_quote)
{
    if (tsm->stuck >= HF_TSM_STUCK_MAX)
        return HF_EBUSY;
    struct request *r = request_new(tsm, report_data, deadline_ms);
    if (r == NULL)
        return HF_ENOMEM;
    tsm->references++;
    int rc = thread_start(r);
    if (rc != 0) {
        tsm->references--;
        request_free(r);
        return rc;
    }
    if (!await(r))
        return HF_ETIMEOUT;
    rc = r->result;
    if (rc == 0) {
        hf_buf_append(ret_quote, r->quote.data, r->quote.len);
        rc = ret_quote->error;
    }
    request_free(r);
    return rc;
}

static int make(struct hf_producer *p, const uint8_t report_data[static 64], uint64_t deadline_ms,
                struct hf_buf *ret_quote)
{
    struct tsm *tsm = (struct tsm *)p;
    if (deadline_ms > deadline_ms_max)
        deadline_ms = deadline_ms_max;
    pthread_mutex_lock(&tsm->lock);
    int rc = make_locked(tsm, report_data, deadline_ms, ret_quote);
    if (rc == 0)
        tsm->made++;
    else
        tsm->failed++;
    tsm->last_error = rc;
    pthread_mutex_unlock(&tsm->lock);
    if (rc != 0)
        hf_buf_clear(ret_quote);
    return rc;
}

static void facts(struct hf_producer *p, struct hf_producer_facts *ret)
{
    struct tsm *tsm = (struct tsm *)p;
    *ret = (struct hf_producer_facts){0};
    snprintf(ret->where, sizeof ret->where, "%.127s", tsm->path);
    pthread_mutex_lock(&tsm->lock);
    ret->made = tsm->made;
    ret->failed = tsm->failed;
    ret->last_error = tsm->last_error;
    ret->stuck = tsm->stuck;
    pthread_mutex_unlock(&tsm->lock);
}

static void release(struct hf_producer *p)
{
    struct tsm *tsm = (struct tsm *)p;
    pthread_mutex_lock(&tsm->lock);
    unref_and_unlock(tsm);
}

static const struct hf_producer_ops tsm_ops = {
    .platform = "tdx",
    .trust = HF_TRUST_INTEL,
    .make = make,
    .facts = facts,
    .free = release,
};

int hf_tsm_producer_new(const char *path, struct hf_producer **ret)
{
    if (path == NULL)
        path = HF_TSM_PATH;
    if (strlen(path) >= HF__TSM_PATH_MAX)
        return HF_ETOOBIG;
    int rc = hf_tsm_sweep(path);
    if (rc != 0)
        return rc;
    struct tsm *tsm = calloc(1, sizeof *tsm);
    if (tsm == NULL)
        return HF_ENOMEM;
    tsm->base.ops = &tsm_ops;
    tsm->references = 1;
    memcpy(tsm->path, path, strlen(path) + 1);
    pthread_mutex_init(&tsm->lock, NULL);
    *ret = &tsm->base;
    return 0;
}
