#include "share.h"

#include "base/check.h"
#include "base/error.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

int hf__share_say(const char *what, int error)
{
    fprintf(stderr, "holdfast-share: %s: %s (%s)\n", what, hf_error_sentence(error),
            hf_error_name(error));
    return hf_exit_of(error);
}

int hf__share_refused(const char *what, int error)
{
    int status = hf__share_say(what, error);
    /* A request that does not hang together is no answer to another. */
    bool own = status != HF_EXIT_ERROR && status != HF_EXIT_OTHER_REQUEST;
    return own ? status : HF_EXIT_REFUSED;
}

/* Whether there is something to read, and not to stop for. stop: -1 none. */
static int wait_for(int fd, int stop)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
    int n;
    do
        n = poll(fds, HF_ARRAY_LEN(fds), -1);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return HF_EIO;
    return fds[1].revents != 0 ? HF_ECANCELED : 0;
}

/* A line, byte by byte: what follows it on the descriptor is for others. A zero byte is no text. */
static int read_line(int fd, int stop, char *ret)
{
    for (size_t len = 0; len < HF__PASSPHRASE_MAX; len++) {
        int r = wait_for(fd, stop);
        if (r != 0)
            return r;
        ssize_t n;
        do
            n = read(fd, ret + len, 1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            return HF_EIO;
        if (n == 0 || ret[len] == '\n') {
            /* A line of another system's editor is the same as one that is typed. */
            len -= len > 0 && ret[len - 1] == '\r';
            ret[len] = '\0';
            return len > 0 ? 0 : HF_EINVAL;
        }
        if (ret[len] == '\0')
            return HF_EINVAL;
    }
    return HF_ETOOBIG;
}

/* Asks on the terminal, which shows what is typed again whatever happens. */
static int ask_unseen(int fd, int stop, const char *prompt, const char *after, char *ret)
{
    struct termios before, unseen;
    if (tcgetattr(fd, &before) != 0)
        return HF_EPERMISSION;
    unseen = before;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    int r = tcsetattr(fd, TCSAFLUSH, &unseen) == 0 ? 0 : HF_EIO;
    if (r == 0 && write(fd, prompt, strlen(prompt)) <= 0)
        r = HF_EIO;
    if (r == 0)
        r = read_line(fd, stop, ret);
    if (tcsetattr(fd, TCSAFLUSH, &before) != 0 || write(fd, after, strlen(after)) <= 0)
        r = r != 0 ? r : HF_EIO;
    return r;
}

/* Signals that end or stop a process wait until the terminal is as it was. */
static int ask_terminal(const char *prompt, const char *after, char *ret)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    sigset_t held, before;
    sigemptyset(&held);
    for (size_t i = 0; i < HF_ARRAY_LEN(signals); i++)
        sigaddset(&held, signals[i]);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return HF_EPERMISSION;
    int r = sigprocmask(SIG_BLOCK, &held, &before) == 0 ? 0 : HF_EIO;
    int stop = r == 0 ? signalfd(-1, &held, SFD_CLOEXEC) : -1;
    if (stop < 0)
        r = HF_EIO;
    if (r == 0)
        r = ask_unseen(fd, stop, prompt, after, ret);
    if (stop >= 0)
        close(stop);
    close(fd);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return r;
}

int hf__ask_secret(const char *prompt, int fd, char *ret)
{
    return fd >= 0 ? read_line(fd, -1, ret) : ask_terminal(prompt, "\n", ret);
}

int hf__show_secret(const char *text)
{
    /* The other screen, which leaves nothing in what one can scroll back to. */
    static const char enter[] = "\033[?1049h\033[H", leave[] = "\033[2J\033[H\033[?1049l";
    static const char until[] = "\n\nWhen they are written down: Enter ";
    if (isatty(STDOUT_FILENO) != 1) {
        struct iovec line[] = {{(void *)(uintptr_t)text, strlen(text)}, {(char[]){'\n'}, 1}};
        size_t len = line[0].iov_len + line[1].iov_len;
        return writev(STDOUT_FILENO, line, HF_ARRAY_LEN(line)) == (ssize_t)len ? 0 : HF_EIO;
    }
    char *screen = hf_secret_alloc(HF__PASSPHRASE_MAX),
         *typed = hf_secret_alloc(HF__PASSPHRASE_MAX);
    int r = screen == NULL || typed == NULL ? HF_ENOMEM : 0;
    if (r == 0) {
        int n = snprintf(screen, HF__PASSPHRASE_MAX, "%s%s%s", enter, text, until);
        hf_assert(n > 0 && n < HF__PASSPHRASE_MAX);
        r = ask_terminal(screen, leave, typed);
    }
    hf_secret_free(typed);
    hf_secret_free(screen);
    return r == HF_EINVAL ? 0 : r; /* an empty line */
}

bool hf__ask_yes(const char *digest, const char *confirmed)
{
    char answer[8];
    if (confirmed != NULL)
        return strcmp(digest, confirmed) == 0;
    if (isatty(STDIN_FILENO) != 1)
        return false;
    fputs("Answer it? [yes/no] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0;
}

int hf__share_unsure(const char *digest, const char *confirmed)
{
    fputs("holdfast-share: no answer was written: ", stderr);
    if (confirmed != NULL)
        fprintf(stderr, "--yes says %s, and the digest is %s", confirmed, digest);
    else if (isatty(STDIN_FILENO) == 1)
        fputs("what was typed is not yes", stderr);
    else
        fprintf(stderr,
                "it was not confirmed; when the digest is the one that you were told: "
                "--yes %s",
                digest);
    fprintf(stderr, " (%s)\n", hf_error_name(HF_ECANCELED));
    return HF_EXIT_UNSURE;
}
