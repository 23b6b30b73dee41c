#include "base/served.h"

#include "base/file.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

bool hf_served_given(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    return pid != NULL && count != NULL && strcmp(count, "1") == 0 &&
           strtol(pid, NULL, 10) == (long)getpid();
}

bool hf_served_user(const char *name, uid_t *ret)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(name, &end, 10);
    bool is_number = *end == '\0' && end != name && errno == 0 && number < (uid_t)-1;
    const struct passwd *pw = *end == '\0' && end != name ? NULL : getpwnam(name);
    if (pw == NULL && !is_number)
        return false;
    *ret = pw != NULL ? pw->pw_uid : (uid_t)number;
    return true;
}

static bool is_of(int fd, uid_t uid)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == uid;
}

int hf_served_accept(int listener, uid_t uid, int patience_s, int *ret_error)
{
    const struct timeval patience = {.tv_sec = patience_s};
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN)
            *ret_error = hf_error_from_errno(errno);
        return -1;
    }
    if (is_of(fd, uid) &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0)
        return fd;
    close(fd);
    return -1;
}
