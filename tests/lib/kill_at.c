/* Loaded into a program (LD_PRELOAD): the machine stops before the program's step of the number in
 * HF_KILL_AT, from 1 on, by which something on the disk becomes another thing, or lasts. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void step(void)
{
    static long steps;
    const char *at = getenv("HF_KILL_AT");
    if (at != NULL && ++steps == strtol(at, NULL, 10))
        raise(SIGKILL); /* a call that a sandbox leaves; kill() it takes away */
}

int fsync(int fd)
{
    step();
    return (int)syscall(SYS_fsync, fd);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (fd > STDERR_FILENO)
        step();
    return syscall(SYS_write, fd, bytes, len);
}

int rename(const char *from, const char *to)
{
    step();
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    step();
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int unlink(const char *path)
{
    step();
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
