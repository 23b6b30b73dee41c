/* swarm: many seeds in several processes; and trials in a process apart, for shrink. */
#include "command.h"

#include "inside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, BATCH = 64 };

/* What a worker reports of one seed, in one write. */
struct report {
    uint64_t seed;
    uint64_t events, hash;
    double cpu_s;
    bool ok;
    char why[320];
};

struct worker {
    pid_t pid;
    int fd;
    uint64_t next, last; /* seeds not yet reported */
};

static void trial(const struct hf__scenario *s, struct hf__result *ret)
{
    struct hf__trial_hooks hooks = {0};
    hf__trial_run(s, &hooks, ret);
}

static bool write_all(int fd, const void *data, size_t len)
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

/* False: the other end is closed, perhaps in the middle of it. */
static bool read_all(int fd, void *data, size_t len)
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

static void work(const struct hf__options *o, const struct worker *w, int fd)
{
    for (uint64_t seed = w->next; seed <= w->last; seed++) {
        struct hf__scenario s;
        struct hf__result result;
        struct report report = {.seed = seed};
        if (hf__draw_options(o, seed, &s) != 0)
            _exit(EXIT_USAGE);
        trial(&s, &result);
        free(s.actions.items);
        report.ok = result.ok;
        report.events = result.totals.events;
        report.hash = result.totals.trace_hash;
        report.cpu_s = result.cpu_s;
        memcpy(report.why, result.why, sizeof(report.why));
        if (!write_all(fd, &report, sizeof(report)))
            _exit(EXIT_USAGE);
    }
    _exit(EXIT_OK);
}

static bool spawn(const struct hf__options *o, struct worker *w)
{
    int fds[2];
    if (pipe(fds) != 0)
        return false;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        work(o, w, fds[1]);
    }
    close(fds[1]);
    w->pid = pid;
    w->fd = fds[0];
    return pid > 0;
}

struct swarm {
    const struct hf__options *options;
    uint64_t next, last; /* seeds not yet given out */
    uint64_t done, failed, events;
    double cpu_s;
    uint64_t hash;
    bool stop;
};

static void failed(struct swarm *s, uint64_t seed, const char *why)
{
    s->failed++;
    printf("FAILED %llu@%s: %s\n  holdfast-sim replay %llu%s\n", (unsigned long long)seed,
           hf__build_id(), why, (unsigned long long)seed, s->options->real ? " --crypto real" : "");
    fflush(stdout);
}

static bool give(struct swarm *s, struct worker *w)
{
    if (s->stop || s->next > s->last)
        return false;
    w->next = s->next;
    w->last = s->last - s->next < BATCH ? s->last : s->next + BATCH - 1;
    s->next = w->last + 1;
    return spawn(s->options, w);
}

/* A worker's pipe can be read: a report, or its end. False: it is over and has no successor. */
static bool hear(struct swarm *s, struct worker *w)
{
    struct report r;
    if (read_all(w->fd, &r, sizeof(r))) {
        w->next = r.seed + 1;
        s->done++;
        s->events += r.events;
        s->cpu_s += r.cpu_s;
        s->hash ^= hf__mix(r.seed ^ hf__mix(r.hash));
        if (!r.ok)
            failed(s, r.seed, r.why);
        return true;
    }
    int status = 0;
    close(w->fd);
    waitpid(w->pid, &status, 0);
    if (w->next <= w->last && !s->stop) {
        char why[64];
        snprintf(why, sizeof(why), "the process ended by signal %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        failed(s, w->next, why);
        s->done++;
        w->next++;
        if (w->next <= w->last)
            return spawn(s->options, w);
    }
    return give(s, w);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void show(const struct swarm *s, uint64_t all, double began_s, bool end)
{
    static double shown_s;
    bool terminal = isatty(STDERR_FILENO) == 1;
    double now = now_s();
    if (!end && now - shown_s < (terminal ? 0.25 : 30))
        return;
    shown_s = now;
    double left = s->done == 0 ? 0 : (now - began_s) * (double)(all - s->done) / (double)s->done;
    fprintf(stderr, "%s%llu of %llu seeds, %llu failed, %.0f s, end in %.0f s%s",
            terminal ? "\r" : "", (unsigned long long)s->done, (unsigned long long)all,
            (unsigned long long)s->failed, now - began_s, left, terminal && !end ? "\x1b[K" : "\n");
}

static void stop(struct swarm *s, struct worker *workers, unsigned jobs)
{
    s->stop = true;
    for (unsigned i = 0; i < jobs; i++) {
        if (workers[i].pid > 0)
            kill(workers[i].pid, SIGKILL);
    }
}

int hf__command_swarm(const struct hf__options *o)
{
    struct worker workers[JOBS_MAX] = {0};
    struct swarm s = {.options = o, .next = o->seed, .last = o->seed_last};
    unsigned jobs = o->jobs < 1 ? 1 : o->jobs > JOBS_MAX ? JOBS_MAX : o->jobs;
    uint64_t all = o->seed_last - o->seed + 1;
    double began_s = now_s();
    printf("seeds %llu..%llu of build %s\n", (unsigned long long)o->seed,
           (unsigned long long)o->seed_last, hf__build_id());
    hf__interrupted();
    unsigned alive = 0;
    for (unsigned i = 0; i < jobs; i++) {
        if (give(&s, &workers[i]))
            alive++;
        else
            workers[i].pid = 0;
    }
    while (alive > 0) {
        struct pollfd fds[JOBS_MAX];
        for (unsigned i = 0; i < jobs; i++)
            fds[i] =
                (struct pollfd){.fd = workers[i].pid > 0 ? workers[i].fd : -1, .events = POLLIN};
        if (hf__interrupted() && !s.stop)
            stop(&s, workers, jobs);
        if (poll(fds, jobs, 250) < 0 && errno != EINTR)
            break;
        for (unsigned i = 0; i < jobs; i++) {
            if ((fds[i].revents & (POLLIN | POLLHUP)) != 0 && !hear(&s, &workers[i])) {
                workers[i].pid = 0;
                alive--;
            }
        }
        show(&s, all, began_s, false);
    }
    show(&s, all, began_s, true);
    printf("%llu seeds, %llu failed, %llu events in %.0f s of processor time, %.0f s; hash "
           "%016llx%s\n",
           (unsigned long long)s.done, (unsigned long long)s.failed, (unsigned long long)s.events,
           s.cpu_s, now_s() - began_s, (unsigned long long)s.hash, s.stop ? " (ended early)" : "");
    return s.failed == 0 ? EXIT_OK : EXIT_FAILED;
}

void hf__trial_apart(const struct hf__scenario *s, struct hf__result *ret)
{
    int fds[2], status = 0;
    memset(ret, 0, sizeof(*ret));
    if (pipe(fds) != 0) {
        snprintf(ret->why, sizeof(ret->why), "no pipe");
        return;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        trial(s, ret);
        _exit(write_all(fds[1], ret, sizeof(*ret)) ? EXIT_OK : EXIT_USAGE);
    }
    close(fds[1]);
    if (!read_all(fds[0], ret, sizeof(*ret))) {
        memset(ret, 0, sizeof(*ret));
        snprintf(ret->why, sizeof(ret->why), "the process ended by a signal");
    }
    close(fds[0]);
    waitpid(pid, &status, 0);
}
