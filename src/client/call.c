#include "client/call.h"

#include "base/error.h"
#include "base/file.h"
#include "client/frame.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec t;
    int r = clock_gettime(CLOCK_MONOTONIC, &t);
    hf_assert(r == 0);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * Whether who listens is to be given a request and believed: root, the asker's own user, or who has
 * a folder where no other user can put a socket. In a folder like /tmp any user could be first.
 */
static bool is_trusted(int fd, const char *path)
{
    char folder[sizeof((struct sockaddr_un *)NULL)->sun_path + 4];
    struct ucred peer;
    struct stat st;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    if (peer.uid == 0 || peer.uid == geteuid())
        return true;
    const char *slash = strrchr(path, '/');
    size_t folder_len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    memcpy(folder, path, folder_len);
    folder[folder_len] = '.';
    folder[folder_len + 1] = '\0';
    return stat(folder, &st) == 0 && (st.st_uid == 0 || st.st_uid == peer.uid) &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* A connection waits while the daemon's queue is full, as long as a send may. */
static int bound_connect(int fd, uint64_t deadline_ms)
{
    uint64_t now = now_ms();
    if (now >= deadline_ms)
        return HF_ETIMEOUT;
    uint64_t rest = deadline_ms - now;
    const struct timeval limit = {.tv_sec = (time_t)(rest / 1000),
                                  .tv_usec = (suseconds_t)(rest % 1000 * 1000)};
    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 ? 0 : HF_EIO;
}

static int connect_to(const char *path, uint64_t deadline_ms, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path)
        return HF_ETOOBIG;
    memcpy(address.sun_path, path, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return hf_error_from_errno(errno);
    int r = bound_connect(fd, deadline_ms);
    if (r == 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        r = errno == ECONNREFUSED ? HF_ECONNECT
            : errno == EAGAIN     ? HF_ETIMEOUT
                                  : hf_error_from_errno(errno);
    if (r == 0 && !is_trusted(fd, path))
        r = HF_EPERMISSION;
    if (r != 0)
        close(fd);
    else
        *ret_fd = fd;
    return r;
}

/* Waits until something can be read or written; HF_ETIMEOUT at the deadline. */
static int wait_for(int fd, short events, uint64_t deadline_ms)
{
    for (;;) {
        uint64_t now = now_ms();
        struct pollfd p = {.fd = fd, .events = events};
        if (now >= deadline_ms)
            return HF_ETIMEOUT;
        uint64_t rest = deadline_ms - now;
        int n = poll(&p, 1, rest > 60000 ? 60000 : (int)rest);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return HF_EIO;
    }
}

static int send_all(int fd, struct hf_bytes data, uint64_t deadline_ms)
{
    while (data.len > 0) {
        ssize_t n = send(fd, data.data, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EPIPE)
            return HF_ECONNRESET;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return hf_error_from_errno(errno);
        if (n > 0)
            data = hf_bytes_of(data.data + n, data.len - (size_t)n);
        else if (wait_for(fd, POLLOUT, deadline_ms) != 0)
            return HF_ETIMEOUT;
    }
    return 0;
}

static int receive_exactly(int fd, uint8_t *ret, size_t len, uint64_t deadline_ms)
{
    while (len > 0) {
        int r = wait_for(fd, POLLIN, deadline_ms);
        if (r != 0)
            return r;
        ssize_t n = recv(fd, ret, len, MSG_DONTWAIT);
        if (n == 0)
            return HF_ECONNRESET;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return errno == ECONNRESET ? HF_ECONNRESET : HF_EIO;
        if (n > 0) {
            ret += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static int receive(int fd, uint64_t deadline_ms, struct hf_client_answer *ret)
{
    uint8_t head[HF_FRAME_HEAD_LEN];
    int r = receive_exactly(fd, head, sizeof head, deadline_ms);
    if (r != 0)
        return r;
    size_t len =
        (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | (size_t)head[3];
    if (len == 0 || len > HF_FRAME_MAX)
        return HF_EMALFORMED;
    char *text = calloc(1, len + 1);
    if (text == NULL)
        return HF_ENOMEM;
    struct hf_client_answer answer = {.text = text, .len = len};
    r = receive_exactly(fd, (uint8_t *)text, len, deadline_ms);
    if (r != 0) {
        hf_client_answer_done(&answer);
        return r;
    }
    *ret = answer;
    return 0;
}

int hf_client_call(const char *socket_path, struct hf_bytes request, uint32_t timeout_ms,
                   struct hf_client_answer *ret)
{
    uint64_t deadline_ms = now_ms() + timeout_ms;
    uint8_t head[HF_FRAME_HEAD_LEN];
    int fd = -1;
    if (request.len == 0 || request.len > HF_FRAME_REQUEST_MAX)
        return HF_ETOOBIG;
    int r = connect_to(socket_path, deadline_ms, &fd);
    if (r != 0)
        return r;
    hf_frame_head(request.len, head);
    r = send_all(fd, hf_bytes_of(head, sizeof head), deadline_ms);
    if (r == 0)
        r = send_all(fd, request, deadline_ms);
    if (r == 0)
        r = receive(fd, deadline_ms, ret);
    close(fd);
    return r;
}

void hf_client_answer_done(struct hf_client_answer *a)
{
    if (a->text != NULL)
        explicit_bzero(a->text, a->len);
    free(a->text);
    *a = (struct hf_client_answer){0};
}
