/* The adaptor: a program that is run with a deadline, and whose every end is waited for. */
#include "follow_adaptor.h"

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int spawn(char **words, int *ret_fd, pid_t *ret_pid)
{
    int fds[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return HF_ENOMEM;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    int r = posix_spawnp(ret_pid, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    if (r != 0)
        close(fds[0]);
    else
        *ret_fd = fds[0];
    return r == 0 ? 0 : hf_error_from_errno(r);
}

/* All that it prints, until it closes its side or the time is over. */
static int read_all(int fd, uint64_t end_ms, struct hf_buf *ret)
{
    char part[4096];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t now = now_ms();
        if (now >= end_ms)
            return HF_ETIMEOUT;
        if (poll(&p, 1, (int)(end_ms - now)) <= 0)
            continue;
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno != EINTR)
            return HF_EIO;
        if (n == 0)
            return ret->error;
        if (n > 0)
            hf_buf_append(ret, part, (size_t)n);
        if (ret->error != 0)
            return ret->error;
    }
}

int hf__adaptor_run(char **words, uint32_t deadline_ms, struct hf_buf *ret)
{
    int fd = -1;
    pid_t pid;
    uint64_t end_ms = now_ms() + deadline_ms;
    int r = spawn(words, &fd, &pid);
    if (r != 0)
        return r;
    r = read_all(fd, end_ms, ret);
    close(fd);
    uint64_t now = now_ms();
    int status = hf_child_end(pid, r == 0 && now < end_ms ? end_ms - now : 0);
    if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        r = HF_ECHAINVIEW;
    return r;
}
