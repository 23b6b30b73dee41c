#include "chrony.h"

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    WORDS_MAX = 32,
    WORD_LEN = 360, /* of a directive: a host name has 255 */
    CHILD_FD = 3,   /* what a child has beyond these is closed */
    ORDER_MS = 2000,
    END_MS = 1000,
    BEGIN_MS = 3000, /* until it takes orders */
    AGAIN_MS = 50,
    QUANTUM_S = 256, /* what its clock is set off by is exact in its protocol's 24 bits */
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int hf__chrony_init(struct hf__chrony *c, const struct hf__chrony_options *options)
{
    *c = (struct hf__chrony){.options = options};
    int a = snprintf(c->socket, sizeof c->socket, "%s/holdfast-time.sock", options->folder);
    int b = snprintf(c->pid_file, sizeof c->pid_file, "%s/holdfast-time.pid", options->folder);
    bool fits = a > 0 && (size_t)a < sizeof c->socket && b > 0 && (size_t)b < sizeof c->pid_file;
    return fits ? 0 : HF_ETOOBIG;
}

/* ---- children */

/* In a child; does not return. in, out, err: what it reads and says. */
static void become(const char *const *words, int in, int out, int err)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(err, STDERR_FILENO) >= 0) {
        close_range(CHILD_FD, ~0u, 0);
        execv(words[0], (char *const *)words);
    }
    _exit(127);
}

/* out: of the child; -1: it says nothing. It complains where this process does. */
static int spawn(const char *const *words, int out, pid_t *ret)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return hf_error_from_errno(errno);
    pid_t child = fork();
    if (child == 0)
        become(words, null, out >= 0 ? out : null, STDERR_FILENO);
    int r = child < 0 ? hf_error_from_errno(errno) : 0;
    close(null);
    if (r == 0)
        *ret = child;
    return r;
}

/* All that comes until the other end is closed. */
static int read_all(int fd, uint64_t until_ms, struct hf_buf *ret)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint8_t part[1024];
        uint64_t now = now_ms();
        int n = poll(&p, 1, now < until_ms ? (int)(until_ms - now) : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return HF_ETIMEOUT;
        ssize_t got = read(fd, part, sizeof part);
        if (got <= 0)
            return got == 0 ? ret->error : HF_EIO;
        hf_buf_append(ret, part, (size_t)got);
    }
}

int hf__chrony_order(const struct hf__chrony *c, const char *const *words, struct hf_buf *ret)
{
    const char *line[WORDS_MAX] = {c->options->chronyc, "-c", "-N", "-h", c->socket};
    size_t count = 5;
    int ends[2];
    pid_t child = 0;
    for (; *words != NULL; words++) {
        hf_assert(count + 1 < HF_ARRAY_LEN(line));
        line[count++] = *words;
    }
    if (pipe2(ends, O_CLOEXEC) != 0)
        return hf_error_from_errno(errno);
    int r = spawn(line, ends[1], &child);
    close(ends[1]);
    if (r == 0) {
        r = read_all(ends[0], now_ms() + ORDER_MS, ret);
        int status = hf_child_end(child, r == 0 ? END_MS : 0);
        if (r == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
            r = HF_EREFUSED;
    }
    close(ends[0]);
    return r;
}

/* ---- chronyd */

struct line {
    const char *words[WORDS_MAX];
    size_t count;
    char own[WORDS_MAX][WORD_LEN];
};

/* A directive of chrony.conf(5), or an option. */
HF_PRINTF(2, 3) static void word(struct line *l, const char *form, ...)
{
    va_list arguments;
    hf_assert(l->count + 1 < WORDS_MAX);
    char *at = l->own[l->count];
    va_start(arguments, form);
    vsnprintf(at, WORD_LEN, form, arguments);
    va_end(arguments);
    l->words[l->count++] = at;
}

static void compose(const struct hf__chrony *c, const struct hf_time_ask *ask, struct line *l)
{
    const struct hf__chrony_options *o = c->options;
    const struct passwd *pw = getpwuid(geteuid());
    word(l, "%s", o->chronyd);
    word(l, "-x");  /* never sets a clock */
    word(l, "-d");  /* stays, and says what it does on standard error */
    word(l, "-U");  /* needs no privilege */
    word(l, "-F1"); /* filters its own system calls */
    word(l, "-u%s", pw != NULL ? pw->pw_name : "_chrony");
    word(l, "port 0");
    word(l, "cmdport 0");
    word(l, "bindcmdaddress %s", c->socket);
    word(l, "pidfile %s", c->pid_file);
    if (o->ca_file != NULL) {
        word(l, "nosystemcert");
        word(l, "ntstrustedcerts %s", o->ca_file);
    }
    /* Dates are judged from the so many-th time on that it sets its clock, which it never does. */
    word(l, "nocerttimecheck %d", ask->judge_s == 0);
    for (size_t i = 0; i < ask->servers_count; i++) {
        const struct hf_time_server *s = &ask->servers[i];
        word(l, "server %.*s nts ntsport %u noselect offline iburst minpoll %u maxpoll %u",
             (int)s->name.len, (const char *)s->name.data, s->port != 0 ? (unsigned)s->port : 4460u,
             o->poll, o->poll + 2);
    }
}

/* Orders by which nothing is printed but that they were carried out. */
static int order(const struct hf__chrony *c, const char *const *words)
{
    struct hf_buf said;
    hf_buf_init(&said, 1024);
    int r = hf__chrony_order(c, words, &said);
    hf_buf_done(&said);
    return r;
}

/* Before it asks anything: by its clock dates are judged. */
static int set_off(struct hf__chrony *c)
{
    char by[32];
    snprintf(by, sizeof by, "%lld", (long long)(-c->off_us / 1000000));
    return c->off_us == 0 ? 0 : order(c, (const char *const[]){"doffset", by, NULL});
}

static int begin(struct hf__chrony *c)
{
    uint64_t until_ms = now_ms() + BEGIN_MS;
    int r = HF_ETIMEOUT;
    while (r != 0 && now_ms() < until_ms && hf__chrony_runs(c)) {
        poll(NULL, 0, AGAIN_MS);
        r = access(c->socket, F_OK) == 0 ? set_off(c) : HF_ETIMEOUT;
    }
    return r != 0 ? r : order(c, (const char *const[]){"online", NULL});
}

int hf__chrony_start(struct hf__chrony *c, const struct hf_time_ask *ask, uint64_t clock_us)
{
    struct line l = {0};
    hf_assert(c->child == 0);
    int64_t apart_s = ask->judge_s == 0 ? 0 : (int64_t)ask->judge_s - (int64_t)(clock_us / 1000000);
    c->off_us = apart_s / QUANTUM_S * QUANTUM_S * 1000000;
    compose(c, ask, &l);
    /* Of one that was killed. */
    unlink(c->pid_file);
    unlink(c->socket);
    int r = spawn(l.words, -1, &c->child);
    if (r == 0)
        r = begin(c);
    if (r != 0)
        hf__chrony_end(c);
    return r;
}

bool hf__chrony_runs(struct hf__chrony *c)
{
    int status;
    if (c->child != 0 && waitpid(c->child, &status, WNOHANG) != 0)
        c->child = 0;
    return c->child != 0;
}

void hf__chrony_end(struct hf__chrony *c)
{
    if (!hf__chrony_runs(c))
        return;
    kill(c->child, SIGTERM);
    hf_child_end(c->child, END_MS);
    c->child = 0;
}
