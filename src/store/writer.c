#include "store/writer.h"
#include "base/error.h"
#include "base/secret.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum {
    ITEMS_MAX = 1024,
    BYTES_MAX = 4 * 1024 * 1024,
    GROUP_MAX = 256, /* updates of one transaction: what one fsync is shared by */
    STACK_LEN = 512 * 1024,
    RETRY_MS_MIN = 250,
    RETRY_MS_MAX = 5000,
};

/* An update or a job, from its submission until its completion is taken. */
struct item {
    struct item *next;
    uint64_t token;
    int code;
    hf_writer_job *job; /* NULL: an update */
    void *job_ctx;
    struct hf_store_update update;
    struct hf_store_op *ops; /* followed by the keys and the public values */
    uint8_t *secrets;        /* the values of vault rows, in memory for secrets */
    size_t secrets_len;
    size_t bytes;
};

struct list {
    struct item *first;
    struct item *last;
};

struct hf_writer {
    struct hf_store *store;
    struct hf_writer_options options;
    pthread_t thread;
    bool running; /* the caller's: the thread has not been joined */

    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t event;  /* something was queued, or the thread is to stop */
    struct list queued;
    struct list done;
    size_t items; /* queued, being written, or done and not taken */
    bool stopping;
    uint64_t stop_at_ms;
    uint64_t failing_since_ms;
    struct hf_writer_status status;
};

static uint64_t now_ms(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void list_append(struct list *l, struct item *it)
{
    it->next = NULL;
    if (l->last != NULL)
        l->last->next = it;
    else
        l->first = it;
    l->last = it;
}

static struct item *list_take(struct list *l)
{
    struct item *it = l->first;
    if (it == NULL)
        return NULL;
    l->first = it->next;
    if (l->first == NULL)
        l->last = NULL;
    return it;
}

/* What an item carries is of no use once it is durable; its completion needs only the item. */
static void item_unload(struct item *it)
{
    hf_secret_free(it->secrets);
    free(it->ops);
    it->secrets = NULL;
    it->ops = NULL;
}

static void item_free(struct item *it)
{
    item_unload(it);
    free(it);
}

/* Marks the items of a list as done with these codes (NULL: all
 * with code), and tells the caller. */
static void complete(struct hf_writer *w, struct list *l, const int *codes, int code)
{
    struct item *it;
    /* Wiping and freeing may take a while and needs no lock: the thread owns these items. */
    for (it = l->first; it != NULL; it = it->next)
        item_unload(it);
    pthread_mutex_lock(&w->mutex);
    for (size_t i = 0; (it = list_take(l)) != NULL; i++) {
        it->code = codes != NULL ? codes[i] : code;
        w->status.items--;
        w->status.bytes -= it->bytes;
        list_append(&w->done, it);
    }
    pthread_mutex_unlock(&w->mutex);
    if (w->options.wake != NULL)
        w->options.wake(w->options.wake_ctx);
}

/* Takes what is committed together: everything queued up to the next job, or that job alone. */
static size_t take_group(struct hf_writer *w, struct list *ret)
{
    size_t count = 0;
    struct item *it;
    while (count < GROUP_MAX && (it = w->queued.first) != NULL && (count == 0 || it->job == NULL)) {
        bool job = it->job != NULL;
        list_append(ret, list_take(&w->queued));
        count++;
        if (job)
            break;
    }
    return count;
}

static void note_success(struct hf_writer *w, size_t updates)
{
    pthread_mutex_lock(&w->mutex);
    w->status.code = 0;
    w->status.tries = 0;
    w->status.error = (struct hf_store_error){0};
    w->status.groups++;
    w->status.updates += updates;
    pthread_mutex_unlock(&w->mutex);
}

/* Records a failure. Returns whether the group is to be tried again, after the
 * pause that it makes. */
static bool note_failure(struct hf_writer *w, const struct hf_store_error *err)
{
    bool again = hf_error_transient(err->code);
    pthread_mutex_lock(&w->mutex);
    if (w->status.tries++ == 0)
        w->failing_since_ms = now_ms();
    w->status.code = err->code;
    w->status.error = *err;
    w->status.halted = !again;
    uint32_t shift = w->status.tries < 16 ? w->status.tries - 1 : 15;
    uint64_t pause_ms = (uint64_t)w->options.retry_ms_min << shift;
    if (pause_ms > w->options.retry_ms_max)
        pause_ms = w->options.retry_ms_max;
    pthread_mutex_unlock(&w->mutex);
    if (w->options.wake != NULL)
        w->options.wake(w->options.wake_ctx);
    if (!again)
        return false;

    pthread_mutex_lock(&w->mutex);
    uint64_t until_ms = now_ms() + pause_ms, now;
    while ((now = now_ms()) < until_ms) {
        /* A caller that waits for the end gets another try at once, and a last one when the time
         * is up. */
        uint64_t end_ms = w->stopping && w->stop_at_ms < until_ms ? w->stop_at_ms : until_ms;
        if (end_ms <= now)
            break;
        struct timespec ts = {.tv_sec = (time_t)(end_ms / 1000),
                              .tv_nsec = (long)(end_ms % 1000) * 1000000};
        (void)pthread_cond_timedwait(&w->event, &w->mutex, &ts);
    }
    again = !w->stopping || now_ms() < w->stop_at_ms;
    pthread_mutex_unlock(&w->mutex);
    return again;
}

/* Commits a group, however long it takes. 0, or why it never will be. */
static int commit_group(struct hf_writer *w, const struct list *group, size_t count, int *results)
{
    struct hf_store_update updates[GROUP_MAX];
    size_t i = 0;
    for (const struct item *it = group->first; it != NULL; it = it->next)
        updates[i++] = it->update;
    hf_assert(i == count);
    for (;;) {
        struct hf_store_error err = {0};
        int r = hf_store_commit(w->store, updates, count, results, &err);
        if (r == 0) {
            note_success(w, count);
            return 0;
        }
        hf_assert(err.code == r);
        if (!note_failure(w, &err))
            return hf_error_transient(r) ? HF_ECANCELED : r;
    }
}

static void write_group(struct hf_writer *w, struct list *group, size_t count)
{
    pthread_mutex_lock(&w->mutex);
    int refused = w->status.halted ? w->status.code : 0;
    pthread_mutex_unlock(&w->mutex);
    if (refused != 0) {
        complete(w, group, NULL, refused);
    } else if (group->first->job != NULL) {
        int r = group->first->job(w->store, group->first->job_ctx);
        complete(w, group, NULL, r);
    } else {
        int results[GROUP_MAX] = {0};
        int r = commit_group(w, group, count, results);
        complete(w, group, r == 0 ? results : NULL, r);
        if (r == 0)
            hf_store_tidy(w->store);
        if (r == HF_ECANCELED) {
            /* Nothing may overtake what was given up. */
            pthread_mutex_lock(&w->mutex);
            struct list rest = w->queued;
            w->queued = (struct list){0};
            pthread_mutex_unlock(&w->mutex);
            complete(w, &rest, NULL, HF_ECANCELED);
        }
    }
}

static void *run(void *arg)
{
    struct hf_writer *w = arg;
    for (;;) {
        pthread_mutex_lock(&w->mutex);
        while (w->queued.first == NULL && !w->stopping)
            pthread_cond_wait(&w->event, &w->mutex);
        struct list group = {0};
        size_t count = take_group(w, &group);
        pthread_mutex_unlock(&w->mutex);
        if (count == 0)
            return NULL;
        write_group(w, &group, count);
    }
}

static int start(struct hf_writer *w)
{
    pthread_condattr_t cond;
    pthread_attr_t attr;
    if (pthread_condattr_init(&cond) != 0)
        return HF_ENOMEM;
    pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->event, &cond);
    pthread_condattr_destroy(&cond);
    /* Signals are the event loop's. */
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS); /* of the thread itself: a call that its sandbox refused */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_LEN);
    int rc = pthread_create(&w->thread, &attr, run, w);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    w->running = rc == 0;
    return rc == 0 ? 0 : HF_ENOMEM;
}

int hf_writer_new(struct hf_store *s, const struct hf_writer_options *options,
                  struct hf_writer **ret)
{
    struct hf_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return HF_ENOMEM;
    w->store = s;
    w->options = *options;
    if (w->options.items_max == 0)
        w->options.items_max = ITEMS_MAX;
    if (w->options.bytes_max == 0)
        w->options.bytes_max = BYTES_MAX;
    if (w->options.retry_ms_min == 0)
        w->options.retry_ms_min = RETRY_MS_MIN;
    if (w->options.retry_ms_max == 0)
        w->options.retry_ms_max = RETRY_MS_MAX;
    int r = start(w);
    if (r != 0) {
        free(w);
        return r;
    }
    *ret = w;
    return 0;
}

static bool has_value(const struct hf_store_op *op)
{
    return op->type == HF_STORE_VAULT_PUT || op->type == HF_STORE_PUBLIC_PUT ||
           op->type == HF_STORE_REKEY;
}

static bool is_secret(const struct hf_store_op *op)
{
    return op->type == HF_STORE_VAULT_PUT || op->type == HF_STORE_REKEY;
}

/* Copies an update into an item. HF_EBUSY: no memory for secrets. */
static int item_load(struct item *it, const struct hf_store_update *u)
{
    size_t plain_len = 0, secrets_len = 0;
    for (size_t i = 0; i < u->ops_count; i++) {
        plain_len += u->ops[i].key.len;
        if (is_secret(&u->ops[i]))
            secrets_len += u->ops[i].value.len;
        else if (has_value(&u->ops[i]))
            plain_len += u->ops[i].value.len;
    }
    it->bytes = plain_len + secrets_len;
    it->secrets_len = secrets_len;
    if (u->ops_count == 0)
        return 0;
    it->ops = malloc(u->ops_count * sizeof *it->ops + plain_len);
    if (it->ops == NULL)
        return HF_ENOMEM;
    if (secrets_len > 0 && (it->secrets = hf_secret_alloc_rows(secrets_len)) == NULL)
        return HF_EBUSY;
    uint8_t *plain = (uint8_t *)(it->ops + u->ops_count), *secret = it->secrets;
    for (size_t i = 0; i < u->ops_count; i++) {
        const struct hf_store_op *from = &u->ops[i];
        struct hf_store_op *op = &it->ops[i];
        *op = (struct hf_store_op){.type = from->type, .collection = from->collection};
        op->key = hf_bytes_of(plain, from->key.len);
        if (from->key.len > 0)
            memcpy(plain, from->key.data, from->key.len);
        plain += from->key.len;
        if (!has_value(from) || from->value.len == 0)
            continue;
        uint8_t **at = is_secret(from) ? &secret : &plain;
        op->value = hf_bytes_of(*at, from->value.len);
        memcpy(*at, from->value.data, from->value.len);
        *at += from->value.len;
    }
    it->update = (struct hf_store_update){.ops = it->ops, .ops_count = u->ops_count};
    return 0;
}

static int enqueue(struct hf_writer *w, struct item *it)
{
    int r = 0;
    pthread_mutex_lock(&w->mutex);
    if (w->stopping) {
        r = HF_ECANCELED;
    } else if (w->items >= w->options.items_max ||
               (w->status.bytes > 0 && w->status.bytes + it->bytes > w->options.bytes_max)) {
        r = HF_EBUSY;
    } else {
        w->items++;
        w->status.items++;
        w->status.bytes += it->bytes;
        list_append(&w->queued, it);
    }
    pthread_mutex_unlock(&w->mutex);
    /* Not under the lock: who is woken would have to wait for it. */
    if (r == 0)
        pthread_cond_signal(&w->event);
    return r;
}

int hf_writer_submit(struct hf_writer *w, const struct hf_store_update *u, uint64_t token)
{
    int r = hf_store_update_check(u);
    if (r != 0)
        return r;
    struct item *it = calloc(1, sizeof *it);
    if (it == NULL)
        return HF_ENOMEM;
    it->token = token;
    if ((r = item_load(it, u)) != 0 || (r = enqueue(w, it)) != 0)
        item_free(it);
    return r;
}

int hf_writer_run(struct hf_writer *w, hf_writer_job *job, void *ctx, uint64_t token)
{
    struct item *it = calloc(1, sizeof *it);
    if (it == NULL)
        return HF_ENOMEM;
    it->token = token;
    it->job = job;
    it->job_ctx = ctx;
    int r = enqueue(w, it);
    if (r != 0)
        item_free(it);
    return r;
}

bool hf_writer_next(struct hf_writer *w, struct hf_writer_done *ret)
{
    pthread_mutex_lock(&w->mutex);
    struct item *it = list_take(&w->done);
    if (it != NULL)
        w->items--;
    pthread_mutex_unlock(&w->mutex);
    if (it == NULL)
        return false;
    *ret = (struct hf_writer_done){.token = it->token, .code = it->code};
    item_free(it);
    return true;
}

void hf_writer_status(struct hf_writer *w, struct hf_writer_status *ret)
{
    pthread_mutex_lock(&w->mutex);
    *ret = w->status;
    if (ret->code != 0)
        ret->failing_ms = now_ms() - w->failing_since_ms;
    pthread_mutex_unlock(&w->mutex);
}

void hf_writer_stop(struct hf_writer *w, uint32_t wait_ms)
{
    if (!w->running)
        return;
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    w->stop_at_ms = now_ms() + wait_ms;
    pthread_cond_signal(&w->event);
    pthread_mutex_unlock(&w->mutex);
    (void)pthread_join(w->thread, NULL);
    w->running = false;
}

void hf_writer_free(struct hf_writer *w)
{
    if (w == NULL)
        return;
    hf_writer_stop(w, 0);
    struct item *it;
    while ((it = list_take(&w->done)) != NULL)
        item_free(it);
    hf_assert(w->queued.first == NULL);
    pthread_cond_destroy(&w->event);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}
