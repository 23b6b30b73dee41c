/* Loaded into a program (LD_PRELOAD): its disk does not sync while the file that HF_SLOW_SYNC names
 * is there. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAUSE_US = 1000 };

static int sync_by(long number, int fd)
{
    const char *gate = getenv("HF_SLOW_SYNC");
    while (gate != NULL && access(gate, F_OK) == 0)
        usleep(PAUSE_US);
    return (int)syscall(number, fd);
}

int fsync(int fd)
{
    return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_by(SYS_fdatasync, fd);
}
