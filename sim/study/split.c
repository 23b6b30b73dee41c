#include "study/split.h"

#include "lib/random.h"

#include "base/check.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_PATH_OVER = 0, EXIT_OUT_OF_MEMORY = 3 };

struct hf__split {
    const struct hf__splits *splits;
    hf__split_renew_fn *renew;
    void *ctx;
    struct hf__split_sums *sums; /* in memory that all processes share */
    unsigned level, born;        /* a copy ends below born; 0: the root, which does not */
    uint64_t name;               /* of this path among all of the root; 0: the root */
};

/* A path is over; what it was made for goes on in the process that waits for it. */
static _Noreturn void path_over(void)
{
    _exit(EXIT_PATH_OVER);
}

static enum hf__split_end end_of(int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_PATH_OVER)
        return HF__SPLIT_WHOLE;
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OUT_OF_MEMORY ? HF__SPLIT_MEMORY
                                                                          : HF__SPLIT_SIGNAL;
}

/* Why a path may not be copied once more. */
static enum hf__split_end too_much(const struct hf__split_sums *sums)
{
    return sums->worlds >= HF__SPLIT_WORLDS_MAX ? HF__SPLIT_WORLDS : HF__SPLIT_WHOLE;
}

/* Waits for a process of the root; notes how it ended, when that was not as it should. */
static void await(struct hf__split_sums *sums, pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (sums->end == HF__SPLIT_WHOLE)
        sums->end = end_of(status);
}

/* A process that goes on from here. 0 in the new one; in the old one, when the new one has ended:
 * its id, or -1 when there was none to be had. */
static pid_t branch(struct hf__split_sums *sums)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* who is killed leaves no process behind */
        return 0;
    }
    if (pid < 0 && sums->end == HF__SPLIT_WHOLE)
        sums->end = HF__SPLIT_PROCESSES;
    if (pid > 0)
        await(sums, pid);
    return pid;
}

/* Up by one level, as one of copies. */
static void up(struct hf__split *s)
{
    uint32_t copies = s->splits->copies[s->level++];
    s->sums->entered[s->level]++;
    for (uint32_t i = 1; i < copies; i++) {
        if (s->sums->end == HF__SPLIT_WHOLE)
            s->sums->end = too_much(s->sums);
        if (s->sums->end != HF__SPLIT_WHOLE)
            path_over();
        uint64_t number = s->sums->worlds++;
        if (branch(s->sums) == 0) {
            s->born = s->level;
            s->name = hf__mix(number) | 1;
            s->renew(s->ctx, s->name);
            return;
        }
    }
    if (s->sums->end != HF__SPLIT_WHOLE)
        path_over();
}

void hf__split_level(struct hf__split *s, unsigned level)
{
    hf_assert(level <= s->splits->levels);
    while (s->level < level)
        up(s);
    s->level = level;
    if (level < s->born)
        path_over();
}

_Noreturn void hf__split_hit(struct hf__split *s)
{
    double part = 1;
    for (unsigned i = 0; i < s->level; i++)
        part /= s->splits->copies[i];
    s->sums->chance += part;
    s->sums->hits++;
    path_over();
}

struct hf__split_sums *hf__split_sums(struct hf__split *s)
{
    return s->sums;
}

static double seconds(const struct rusage *r)
{
    return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) +
           (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) / 1e6;
}

void hf__split_root(const struct hf__splits *splits, hf__split_path_fn *path,
                    hf__split_renew_fn *renew, void *ctx, struct hf__split_sums *ret)
{
    struct rusage before, after;
    struct hf__split s = {.splits = splits, .renew = renew, .ctx = ctx};
    *ret = (struct hf__split_sums){.end = HF__SPLIT_MEMORY};
    s.sums = mmap(NULL, sizeof *s.sums, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s.sums == MAP_FAILED)
        return;
    s.sums->worlds = 1;
    s.sums->entered[0] = 1;
    getrusage(RUSAGE_CHILDREN, &before);
    if (branch(s.sums) == 0) {
        path(ctx, &s);
        path_over();
    }
    getrusage(RUSAGE_CHILDREN, &after);
    *ret = *s.sums;
    ret->cpu_s = seconds(&after) - seconds(&before);
    munmap(s.sums, sizeof *s.sums);
}

struct hf__interval hf__split_interval(const struct hf__sample *chances, uint64_t hits)
{
    if (hits == 0)
        return hf__interval_chance(chances);
    struct hf__interval i = hf__interval_parts(chances);
    return (struct hf__interval){.low = i.low, .high = i.high < 1 ? i.high : 1};
}
