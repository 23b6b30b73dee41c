#include "fetch_launcher.h"

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "daemon.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FD = 3,                  /* the launcher's end of the socket */
    WORDS_MAX = 32,          /* of the fetcher's command line, beside the platforms */
    HEX_LEN = 2 * 6 + 1,     /* a platform */
    KEY_LEN = 2 * 64 + 1,    /* a development root */
    PATIENCE_MS = 30 * 1000, /* beyond the time that the fetcher gives itself */
    END_MS = 5000,           /* to end in, once it has closed what it speaks on */
};

struct command {
    const char *words[WORDS_MAX + 2 * HF__FETCH_PLATFORMS_MAX + 1];
    size_t count;
    char fmspcs[HF__FETCH_PLATFORMS_MAX][HEX_LEN];
    char key[KEY_LEN], timeout[24], total[24];
};

static void word(struct command *c, const char *name, const char *value)
{
    if (value == NULL)
        return;
    hf_assert(c->count + 2 < HF_ARRAY_LEN(c->words));
    c->words[c->count++] = name;
    c->words[c->count++] = value;
}

static void command_make(const struct hf__settings *s, const struct hf__fetch_request *q,
                         struct command *c)
{
    const struct hf__settings_service *service = s->service;
    *c = (struct command){.words = {service->program != NULL ? service->program : HF_FETCH_PROGRAM},
                          .count = 1};
    snprintf(c->timeout, sizeof c->timeout, "%llu", (unsigned long long)service->timeout_s);
    snprintf(c->total, sizeof c->total, "%llu", (unsigned long long)service->total_s);
    word(c, "--url", service->url);
    word(c, "--output", s->collateral);
    static const char *const cas[] = {
        [HF__CA_PLATFORM] = "platform", [HF__CA_PROCESSOR] = "processor", [HF__CA_BOTH] = "both"};
    word(c, "--ca", cas[service->ca]);
    word(c, "--root-crl-url", service->root_crl_url);
    word(c, "--ca-file", service->ca_file);
    word(c, "--timeout", c->timeout);
    word(c, "--total", c->total);
    if (q->has_dev_key) {
        hf_hex_encode(q->dev_key, sizeof q->dev_key, c->key);
        word(c, "--dev-root", c->key);
    }
    for (uint32_t i = 0; i < q->count; i++) {
        hf_hex_encode(q->fmspcs[i].bytes, sizeof q->fmspcs[i].bytes, c->fmspcs[i]);
        word(c, "--fmspc", c->fmspcs[i]);
    }
}

/* In the fetcher's process; does not return. */
static void become(const struct command *c, int said)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
        dup2(said, STDERR_FILENO) >= 0) {
        close_range(FD, ~0u, 0);
        execv(c->words[0], (char *const *)c->words);
    }
    dprintf(STDERR_FILENO, "%s: %s", c->words[0], hf_error_sentence(hf_error_from_errno(errno)));
    _exit(127);
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Keeps what fits of what the fetcher says until it closes its end. false: the daemon has gone, or
 * the time is over. */
static bool listen_to(int said, uint64_t patience_ms, char text[static HF__FETCH_TEXT_LEN])
{
    size_t len = 0;
    uint64_t until_ms = now_ms() + patience_ms;
    text[0] = '\0';
    for (;;) {
        struct pollfd fds[] = {{.fd = said, .events = POLLIN}, {.fd = FD, .events = POLLRDHUP}};
        uint64_t now = now_ms();
        int n = poll(fds, 2, now < until_ms ? (int)(until_ms - now) : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || fds[1].revents != 0)
            return false;
        char part[256];
        ssize_t got = read(said, part, sizeof part);
        if (got <= 0)
            return true;
        size_t room = HF__FETCH_TEXT_LEN - 1 - len;
        size_t taken = (size_t)got < room ? (size_t)got : room;
        memcpy(text + len, part, taken);
        len += taken;
        text[len] = '\0';
    }
}

/* One line, whatever was said. */
static void tidy(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = ' ';
}

static void run(const struct command *c, uint64_t patience_ms, struct hf__fetch_answer *ret)
{
    int ends[2];
    *ret = (struct hf__fetch_answer){.status = -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        snprintf(ret->text, sizeof ret->text, "cannot start: %s",
                 hf_error_sentence(hf_error_from_errno(errno)));
        return;
    }
    pid_t child = fork();
    if (child == 0)
        become(c, ends[1]);
    close(ends[1]);
    if (child < 0) {
        snprintf(ret->text, sizeof ret->text, "cannot start: %s",
                 hf_error_sentence(hf_error_from_errno(errno)));
    } else {
        bool closed = listen_to(ends[0], patience_ms, ret->text);
        int status = hf_child_end(child, closed ? END_MS : 0);
        ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (ret->status < 0)
            snprintf(ret->text, sizeof ret->text, "it was ended by signal %d", WTERMSIG(status));
    }
    close(ends[0]);
    tidy(ret->text);
}

/* The launcher's whole life; does not return. */
static void serve(const struct hf__settings *s)
{
    static struct hf__fetch_request q;
    static struct command c;
    struct hf__fetch_answer a;
    const char *what;
    struct hf__user user;
    int r = hf__harden_find(s->user, &user, &what);
    if (r == 0)
        r = hf__harden_user(&user, &what);
    /* The fetcher runs as the daemon's own user, to whom the local socket gives keys: whatever is
     * executed must not get to it, already before the fetcher takes more from itself. */
    if (r == 0)
        r = hf_sandbox_apart();
    if (r != 0)
        _exit(EXIT_FAILURE);
    for (;;) {
        ssize_t got = recv(FD, &q, sizeof q, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof q || q.count > HF__FETCH_PLATFORMS_MAX)
            _exit(EXIT_SUCCESS);
        command_make(s, &q, &c);
        run(&c, s->service->total_s * 1000 + PATIENCE_MS, &a);
        if (send(FD, &a, sizeof a, MSG_NOSIGNAL) != (ssize_t)sizeof a)
            _exit(EXIT_SUCCESS);
    }
}

int hf__fetch_launcher_start(const struct hf__settings *settings, int *ret_fd)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return hf_error_from_errno(errno);
    pid_t child = fork();
    if (child == 0) {
        /* What ends the daemon closes the socket, and so ends the launcher, in this order. */
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        prctl(PR_SET_NAME, "holdfastd-fetch", 0, 0, 0);
        /* With a copy of the daemon's end it would never see the daemon's end. */
        close(ends[0]);
        if (dup2(ends[1], FD) != FD)
            _exit(EXIT_FAILURE);
        close_range(FD + 1, ~0u, 0);
        serve(settings);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return hf_error_from_errno(errno);
    }
    int flags = fcntl(ends[0], F_GETFL);
    if (flags < 0 || fcntl(ends[0], F_SETFL, flags | O_NONBLOCK) != 0) {
        close(ends[0]);
        return hf_error_from_errno(errno);
    }
    *ret_fd = ends[0];
    return 0;
}
