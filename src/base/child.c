#include "base/child.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Whether it ends within that time. */
static bool ends(int fd, uint64_t patience_ms)
{
    uint64_t start_ms = now_ms(), gone_ms = 0;
    do {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t left_ms = patience_ms - gone_ms;
        int n = poll(&p, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        gone_ms = now_ms() - start_ms;
    } while (gone_ms < patience_ms);
    return false;
}

int hf_child_end(pid_t child, uint64_t patience_ms)
{
    int status = 0;
    int fd = patience_ms > 0 ? pidfd_open(child, 0) : -1;
    if (fd < 0 || !ends(fd, patience_ms))
        kill(child, SIGKILL);
    if (fd >= 0)
        close(fd);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}
