/* Loaded into a program (LD_PRELOAD): its clocks are ahead of the machine's by the seconds that the
 * file HF_OTHER_CLOCK names holds as two numbers of 8 bytes: the clock of the day, and the one that
 * measures intervals; they may change meanwhile. What the kernel itself waits for knows nothing of
 * it. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { OF_DAY, OF_INTERVALS, CLOCKS };
static const volatile int64_t *ahead_s;

static void __attribute__((constructor)) look(void)
{
    const char *path = getenv("HF_OTHER_CLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page =
        fd >= 0 ? mmap(NULL, CLOCKS * sizeof *ahead_s, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (page != MAP_FAILED)
        ahead_s = page;
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
    int r = (int)syscall(SYS_clock_gettime, id, ret);
    if (r != 0 || ahead_s == NULL)
        return r;
    if (id == CLOCK_REALTIME)
        ret->tv_sec += (time_t)ahead_s[OF_DAY];
    if (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE)
        ret->tv_sec += (time_t)ahead_s[OF_INTERVALS];
    return r;
}

time_t time(time_t *ret)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL)
        *ret = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now = {0};
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}
