#include "lib/pages.h"

#include <limits.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* A step must be much more than what a world takes between two looks at the heap. */
enum { STEP = 256 << 20, HUGE = 2 << 20 };

static uintptr_t advised; /* up to here; 0: the program does not want it */

void hf__pages_init(void)
{
    struct rlimit space;
    /* A user who has bounded the memory wants no more taken than is needed. */
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
        return;
    /* Nothing beside the heap: a table of a hundred MiB would have small pages there. */
    if (mallopt(M_MMAP_MAX, 0) == 1 && mallopt(M_TOP_PAD, STEP) == 1 &&
        mallopt(M_TRIM_THRESHOLD, INT_MAX) == 1)
        advised = (uintptr_t)sbrk(0);
}

void hf__pages_grown(void)
{
    uintptr_t end = (uintptr_t)sbrk(0);
    if (advised == 0 || end < advised + STEP)
        return;
    uintptr_t from = (advised + HUGE - 1) & ~(uintptr_t)(HUGE - 1);
    /* Without them everything works, only slower. */
    (void)madvise((void *)from, end - from, MADV_HUGEPAGE);
    advised = end;
}
