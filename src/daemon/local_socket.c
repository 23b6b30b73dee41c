/* The path of the local socket: what stands there, and making it without a moment in which others
 * could connect. */
#include "local.h"

#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Whether no process listens on the socket at this address: it is what a crash left behind. */
static bool is_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                   errno == ECONNREFUSED;
    close(fd);
    return refused;
}

/* Sees to it that the path is free. */
static int clear_path(const struct sockaddr_un *address, const char **ret_what)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0) {
        *ret_what = "the socket's folder cannot be used";
        return errno == ENOENT ? 0 : hf_error_from_errno(errno);
    }
    *ret_what = "something that is no socket stands at the socket's path";
    if (!S_ISSOCK(st.st_mode))
        return HF_EEXIST;
    *ret_what = "another process listens on the socket";
    if (!is_stale(address))
        return HF_EADDRINUSE;
    *ret_what = "the socket that a crash left behind cannot be removed";
    return unlink(address->sun_path) == 0 ? 0 : hf_error_from_errno(errno);
}

static int bind_to(int fd, const struct sockaddr_un *address, bool for_all, const char **ret_what)
{
    mode_t old = umask(for_all ? 0111 : 0177);
    int r = bind(fd, (const struct sockaddr *)address, sizeof *address);
    int code = errno;
    umask(old);
    *ret_what = code == ENOENT ? "the socket's folder is missing"
                               : "the socket cannot be made in its folder";
    if (r != 0)
        return code == EADDRINUSE ? HF_EADDRINUSE : hf_error_from_errno(code);
    *ret_what = "the socket cannot be listened on";
    return listen(fd, HF__LOCAL_BACKLOG) == 0 ? 0 : hf_error_from_errno(errno);
}

int hf__local_listen(const char *path, uid_t uid, gid_t gid, bool for_all, int *ret_fd,
                     const char **ret_what)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    *ret_what = "the socket's path, with its folder, is longer than a socket's may be";
    if (len >= sizeof address.sun_path)
        return HF_ETOOBIG;
    memcpy(address.sun_path, path, len);
    int r = clear_path(&address, ret_what);
    if (r != 0)
        return r;
    *ret_what = "no socket can be made";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return hf_error_from_errno(errno);
    r = bind_to(fd, &address, for_all, ret_what);
    if (r == 0 && uid != geteuid() && lchown(path, uid, gid) != 0) {
        *ret_what = "the socket cannot be given to the user of `user`";
        r = hf_error_from_errno(errno);
    }
    if (r != 0)
        close(fd);
    else
        *ret_fd = fd;
    return r;
}
