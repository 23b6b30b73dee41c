/*
 * Measuring what an operation costs a process that is one of many on a machine: all of them do the
 * same at once and give up the core before each operation, so that it finds the caches as others
 * left them. Figures
 * are processor time, and means without the lowest and the highest tenth: a machine that others
 * share has fast and slow moments, and both count.
 */
#ifndef HF_BENCH_CONTENDED_H
#define HF_BENCH_CONTENDED_H

#include "base/check.h"

#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTENDED_MAX = 256 };

/* As the daemon sets its allocator: one arena, which gives back what it can. */
static inline void contended_memory(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 10);
    (void)mallopt(M_MMAP_THRESHOLD, 64 << 10);
}

static inline double contended_clock_us(clockid_t clock)
{
    struct timespec t;
    hf_assert(clock_gettime(clock, &t) == 0);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline double contended_cpu_us(void)
{
    return contended_clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

/* Memory that this process and its children share, zeroed. */
static inline void *contended_shared(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    hf_assert(p != MAP_FAILED);
    return p;
}

/* Starts so many processes, which end with their parent; each runs `run` and ends. */
static inline void contended_start(unsigned size, pid_t *ret_pids, void (*run)(unsigned number))
{
    hf_assert(size >= 1 && size <= CONTENDED_MAX);
    for (unsigned i = 0; i < size; i++) {
        ret_pids[i] = fork();
        hf_assert(ret_pids[i] >= 0);
        if (ret_pids[i] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            run(i);
            _exit(EXIT_SUCCESS);
        }
    }
}

static inline void contended_wait(unsigned size, const pid_t *pids)
{
    for (unsigned i = 0; i < size; i++) {
        int status;
        hf_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    }
}

static inline int contended_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The mean without the lowest and the highest tenth. Sorts. */
static inline double contended_mean(double *values, size_t count)
{
    size_t cut = count / 10;
    double sum = 0;
    hf_assert(count > 2 * cut);
    qsort(values, count, sizeof(*values), contended_compare);
    for (size_t i = cut; i < count - cut; i++)
        sum += values[i];
    return sum / (double)(count - 2 * cut);
}

static inline void contended_report(const char *name, double us)
{
    printf("{\"name\": \"%s\", \"us\": %.2f}\n", name, us);
    (void)fflush(stdout);
}

#endif
