#include "log_writer.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { STACK_LEN = 64 << 10, ABOUT_MAX = 512 };

struct hf__log_writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    int fd;
    size_t at;  /* of the oldest byte */
    size_t len; /* bytes that wait, those under way included */
    bool ending;
    uint64_t lost;   /* lines, in all */
    uint64_t unsaid; /* of these, since a line said so */
    uint8_t bytes[HF__LOG_BUFFER_LEN];
};

/* Write a part of the buffer, which appending leaves alone. A reader that has gone takes all. */
static size_t write_out(int fd, const uint8_t *data, size_t len)
{
    ssize_t n;
    do
        n = write(fd, data, len);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : len;
}

static void *run(void *arg)
{
    struct hf__log_writer *w = arg;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (w->len == 0 && !w->ending)
            pthread_cond_wait(&w->filled, &w->lock);
        if (w->len == 0)
            break;
        size_t to_end = HF__LOG_BUFFER_LEN - w->at;
        size_t part = w->len < to_end ? w->len : to_end;
        const uint8_t *data = w->bytes + w->at;
        pthread_mutex_unlock(&w->lock);
        size_t written = write_out(w->fd, data, part);
        pthread_mutex_lock(&w->lock);
        w->at = (w->at + written) % HF__LOG_BUFFER_LEN;
        w->len -= written;
        if (w->len == 0) {
            w->at = 0; /* so that only as much of it is ever in memory as has waited at once */
            pthread_cond_signal(&w->emptied);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* The thread is for writing alone: signals are the loop's. */
static int start(struct hf__log_writer *w)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    if (pthread_attr_init(&attributes) != 0)
        return HF_ENOMEM;
    pthread_attr_setstacksize(&attributes, STACK_LEN);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&w->thread, &attributes, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return r == 0 ? 0 : HF_ENOMEM;
}

int hf__log_writer_new(int fd, struct hf__log_writer **ret)
{
    pthread_condattr_t monotonic;
    struct hf__log_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return HF_ENOMEM;
    w->fd = fd;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->filled, NULL);
    pthread_cond_init(&w->emptied, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int r = start(w);
    if (r != 0)
        free(w);
    else
        *ret = w;
    return r;
}

static bool put(struct hf__log_writer *w, const void *data, size_t len)
{
    if (len > HF__LOG_BUFFER_LEN - w->len)
        return false;
    size_t end = (w->at + w->len) % HF__LOG_BUFFER_LEN;
    size_t to_end = HF__LOG_BUFFER_LEN - end;
    size_t part = len < to_end ? len : to_end;
    memcpy(w->bytes + end, data, part);
    memcpy(w->bytes, (const uint8_t *)data + part, len - part);
    w->len += len;
    return true;
}

void hf__log_writer_put(struct hf__log_writer *w, struct hf_bytes line,
                        size_t (*about_lost)(uint64_t lost, char *ret, size_t len))
{
    char about[ABOUT_MAX];
    pthread_mutex_lock(&w->lock);
    bool room = true;
    if (w->unsaid > 0) {
        size_t len = about_lost(w->unsaid, about, sizeof about);
        room = len > 0 && put(w, about, len);
        w->unsaid = room ? 0 : w->unsaid;
    }
    if (!room || !put(w, line.data, line.len)) {
        w->lost++;
        w->unsaid++;
    }
    pthread_mutex_unlock(&w->lock);
    /* Not under the lock: who is woken would have to wait for it. */
    pthread_cond_signal(&w->filled);
}

uint64_t hf__log_writer_lost(struct hf__log_writer *w)
{
    pthread_mutex_lock(&w->lock);
    uint64_t lost = w->lost;
    pthread_mutex_unlock(&w->lock);
    return lost;
}

static struct timespec after_ms(uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

bool hf__log_writer_free(struct hf__log_writer *w, uint32_t ms_max)
{
    if (w == NULL)
        return true;
    struct timespec until = after_ms(ms_max);
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_signal(&w->filled);
    int r = 0;
    while (w->len > 0 && r == 0)
        r = pthread_cond_timedwait(&w->emptied, &w->lock, &until);
    bool empty = w->len == 0;
    pthread_mutex_unlock(&w->lock);
    if (!empty) {
        pthread_detach(w->thread);
        return false;
    }
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->filled);
    pthread_cond_destroy(&w->emptied);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return true;
}
