/* What a ceremony may no longer do once it is confined; each case in a process of its own. */
#include "confine.h"
#include "sandbox/sandbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The exit status of body once it is confined; minus the signal that ended it. */
static int outcome(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(hf__ceremony_confine() == 0 ? body() : 99);
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Whether a call fails with EPERM, and was counted as the newest. */
static bool refused(long result, long call)
{
    int newest = 0, code = errno;
    return result == -1 && code == EPERM && hf_sandbox_refused(&newest) > 0 && newest == (int)call;
}

static int make_sockets(void)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_VSOCK, AF_PACKET};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (!refused(socket(families[i], SOCK_DGRAM, 0), SYS_socket))
            return (int)i + 1;
    int pair[2];
    return refused(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), SYS_socketpair) ? 0 : 98;
}

Test(ceremony, makes_no_socket)
{
    cr_assert_eq(outcome(make_sockets), 0);
}

static int given;

/* One that was left open for it serves no peer either. */
static int use_given(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    if (!refused(bind(given, (const struct sockaddr *)&any, sizeof any), SYS_bind))
        return 1;
    if (!refused(listen(given, 1), SYS_listen))
        return 2;
    if (!refused(accept(given, NULL, NULL), SYS_accept))
        return 3;
    return refused(connect(given, (const struct sockaddr *)&any, sizeof any), SYS_connect) ? 0 : 4;
}

Test(ceremony, uses_no_socket_that_it_was_given)
{
    given = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_geq(given, 0);
    cr_assert_eq(outcome(use_given), 0);
    close(given);
}

static int begin_others(void)
{
    return refused(syscall(SYS_fork), SYS_fork) &&
                   refused(syscall(SYS_io_uring_setup, 1, NULL), SYS_io_uring_setup)
               ? 0
               : 1;
}

Test(ceremony, begins_no_process)
{
    cr_assert_eq(outcome(begin_others), 0);
}

static int read_file(void)
{
    char byte;
    int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    int newest;
    return fd >= 0 && read(fd, &byte, 1) == 1 && hf_sandbox_refused(&newest) == 0 ? 0 : 1;
}

Test(ceremony, reads_files)
{
    cr_assert_eq(outcome(read_file), 0);
}
