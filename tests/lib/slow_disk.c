/* Loaded into a program (LD_PRELOAD): while the file that HF_SLOW_DISK names is there, its disk
 * does not sync, and no folder answers whose path begins as HF_SLOW_FOLDER says. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAUSE_US = 1000 };

static void wait_for_it(void)
{
    const char *gate = getenv("HF_SLOW_DISK");
    while (gate != NULL && access(gate, F_OK) == 0)
        usleep(PAUSE_US);
}

static void wait_for_folder(const char *path)
{
    const char *slow = getenv("HF_SLOW_FOLDER");
    if (slow != NULL && strncmp(path, slow, strlen(slow)) == 0)
        wait_for_it();
}

int fsync(int fd)
{
    wait_for_it();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    wait_for_it();
    return (int)syscall(SYS_fdatasync, fd);
}

/* What the program would have called. */
#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

int stat(const char *path, struct stat *ret)
{
    wait_for_folder(path);
    return NEXT(stat)(path, ret);
}

DIR *opendir(const char *path)
{
    wait_for_folder(path);
    return NEXT(opendir)(path);
}

int scandir(const char *path, struct dirent ***ret, int (*filter)(const struct dirent *),
            int (*order)(const struct dirent **, const struct dirent **))
{
    wait_for_folder(path);
    return NEXT(scandir)(path, ret, filter, order);
}
