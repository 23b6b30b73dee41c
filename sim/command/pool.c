#include "command/pool.h"

#include "command/command.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH_MAX = 64, LOOK_MS = 250 };

struct worker {
    pid_t pid; /* 0: none */
    int fd;
    uint64_t next, left; /* items not yet reported: the first, and how many */
};

struct state {
    const struct hf__pool *pool;
    uint64_t next; /* item not yet given out */
    bool stop;
    uint8_t *report;
    struct worker workers[HF__JOBS_MAX];
};

bool hf__write_all(int fd, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

bool hf__read_all(int fd, void *data, size_t len)
{
    uint8_t *p = data;
    while (len > 0) {
        ssize_t n = read(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static _Noreturn void work(const struct hf__pool *pool, const struct worker *w, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* who is killed leaves no process behind */
    for (uint64_t i = 0; i < w->left; i++) {
        uint8_t *report = calloc(1, pool->report_len);
        hf_assert(report != NULL);
        pool->work(pool->ctx, w->next + i, report);
        if (!hf__write_all(fd, report, pool->report_len))
            _exit(EXIT_USAGE);
        free(report);
    }
    _exit(EXIT_OK);
}

static bool spawn(const struct hf__pool *pool, struct worker *w)
{
    int fds[2];
    if (pipe(fds) != 0)
        return false;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        work(pool, w, fds[1]);
    }
    close(fds[1]);
    if (pid < 0)
        close(fds[0]);
    w->pid = pid > 0 ? pid : 0;
    w->fd = fds[0];
    return pid > 0;
}

/* A process for what a worker has left. False: the system gives none, and all of it is lost. */
static bool begin(const struct hf__pool *pool, struct worker *w)
{
    if (spawn(pool, w))
        return true;
    for (; w->left > 0; w->left--)
        pool->lost(pool->ctx, w->next++, true, "there was no process for it");
    return false;
}

/* So many that the last ones are spread over all processes too. */
static bool give(struct state *s, struct worker *w)
{
    uint64_t left = s->pool->items - s->next, batch = left / (4 * (uint64_t)s->pool->jobs);
    w->pid = 0;
    if (s->stop || left == 0)
        return false;
    w->next = s->next;
    w->left = batch < 1 ? 1 : batch < BATCH_MAX ? batch : BATCH_MAX;
    s->next += w->left;
    return begin(s->pool, w);
}

/* A worker has ended. False: it has no successor. */
static bool ended(struct state *s, struct worker *w)
{
    char why[64];
    int status = 0;
    close(w->fd);
    waitpid(w->pid, &status, 0);
    w->pid = 0;
    if (w->left == 0 || s->stop)
        return give(s, w);
    bool memory = WIFEXITED(status);
    if (memory)
        snprintf(why, sizeof why, "the process ran out of memory");
    else
        snprintf(why, sizeof why, "the process ended by signal %d", WTERMSIG(status));
    s->pool->lost(s->pool->ctx, w->next++, memory, why);
    return --w->left > 0 ? begin(s->pool, w) : give(s, w);
}

/* A worker's pipe can be read: a report, or its end. False: it is over and has no successor. */
static bool hear(struct state *s, struct worker *w)
{
    if (!hf__read_all(w->fd, s->report, s->pool->report_len))
        return ended(s, w);
    w->left--;
    s->pool->heard(s->pool->ctx, w->next++, s->report);
    return true;
}

static void stop(struct state *s)
{
    s->stop = true;
    for (unsigned i = 0; i < s->pool->jobs; i++)
        if (s->workers[i].pid > 0)
            kill(s->workers[i].pid, SIGKILL);
}

void hf__pool_run(const struct hf__pool *pool)
{
    struct state s = {.pool = pool, .report = malloc(pool->report_len)};
    unsigned alive = 0;
    hf_assert(s.report != NULL && pool->jobs <= HF__JOBS_MAX);
    for (unsigned i = 0; i < pool->jobs; i++)
        alive += give(&s, &s.workers[i]);
    while (alive > 0) {
        struct pollfd fds[HF__JOBS_MAX];
        for (unsigned i = 0; i < pool->jobs; i++)
            fds[i] = (struct pollfd){.fd = s.workers[i].pid > 0 ? s.workers[i].fd : -1,
                                     .events = POLLIN};
        if (!pool->goes_on(pool->ctx) && !s.stop)
            stop(&s);
        if (poll(fds, pool->jobs, LOOK_MS) < 0)
            continue; /* a signal, of which goes_on is to know */
        for (unsigned i = 0; i < pool->jobs; i++)
            if ((fds[i].revents & (POLLIN | POLLHUP)) != 0 && !hear(&s, &s.workers[i]))
                alive--;
    }
    free(s.report);
}
