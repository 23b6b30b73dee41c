/* swarm: many seeds in several processes; and trials in a process apart, for shrink. */
#include "command/command.h"
#include "command/pool.h"

#include "hostile/strategy.h"
#include "world/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a worker reports of one seed, in one write. */
struct report {
    uint64_t seed;
    uint64_t events, hash, virtual_us;
    double cpu_s;
    uint32_t nodes, ready, excused;
    bool ok;
    char why[320];
    struct hf__tally tally;
};

static void trial(const struct hf__scenario *s, struct hf__result *ret)
{
    struct hf__trial_hooks hooks = {0};
    hf__trial_run(s, &hooks, ret);
}

struct swarm {
    const struct hf__options *options;
    uint64_t done, failed, events, virtual_us;
    double began_s, cpu_s;
    uint64_t hash;
    bool full;
    uint8_t *ran; /* a bit for each seed */
    struct hf__tally tally;
    FILE *rows; /* swarm.csv, or NULL */
};

/* One seed, in a process of its own. */
static void work(void *ctx, uint64_t item, void *ret_report)
{
    const struct swarm *swarm = ctx;
    struct report *report = ret_report;
    struct hf__scenario s;
    struct hf__result result;
    report->seed = swarm->options->seed + item;
    if (hf__draw_options(swarm->options, report->seed, &s) != 0)
        _exit(EXIT_USAGE);
    trial(&s, &result);
    free(s.actions.items);
    report->ok = result.ok;
    report->events = result.totals.events;
    report->hash = result.totals.trace_hash;
    report->cpu_s = result.cpu_s;
    report->virtual_us = result.virtual_us;
    report->nodes = result.nodes;
    report->ready = result.ready;
    report->excused = result.excused;
    report->tally = result.tally;
    memcpy(report->why, result.why, sizeof report->why);
}

static void row(struct swarm *s, const struct report *r)
{
    uint64_t at = r->seed - s->options->seed;
    s->ran[at / 8] |= (uint8_t)(1u << at % 8);
    if (s->rows == NULL)
        return;
    fprintf(s->rows, "%llu,%d,%u,%u,%u,%llu,%llu,%.3f,%016llx,\"%s\"\n",
            (unsigned long long)r->seed, r->ok, r->nodes, r->ready, r->excused,
            (unsigned long long)r->virtual_us, (unsigned long long)r->events, r->cpu_s,
            (unsigned long long)r->hash, r->why);
    s->full = ferror(s->rows) != 0;
}

/* What the seeds have drawn, and how often strategies have acted. */
static void write_drawn(struct swarm *s)
{
    FILE *f = hf__open_in(s->options->out, "drawn.csv");
    if (f == NULL) {
        s->full = true;
        return;
    }
    fprintf(f, "kind,name,begun,acts\n");
    for (int i = 0; i < HF__ACTIONS; i++)
        fprintf(f, "event,%s,%u,\n", hf__action_name(i), s->tally.actions[i]);
    for (size_t i = 0; hf__strategies[i] != NULL; i++)
        fprintf(f, "strategy,%s,%u,%llu\n", hf__strategies[i]->name, s->tally.strategies[i],
                (unsigned long long)s->tally.acts[i]);
    s->full = !hf__close_in(f, s->options->out, "drawn.csv") || s->full;
}

/* Which seeds ran, as ranges. */
static void print_ran(const struct swarm *s)
{
    uint64_t all = s->options->seed_last - s->options->seed + 1;
    printf("ran:");
    for (uint64_t i = 0; i < all; i++) {
        uint64_t first = i;
        while (i < all && (s->ran[i / 8] >> i % 8 & 1) != 0)
            i++;
        if (i > first)
            printf(" %llu..%llu", (unsigned long long)(s->options->seed + first),
                   (unsigned long long)(s->options->seed + i - 1));
    }
    printf("%s\n", s->done == 0 ? " none" : "");
}

static void failed(struct swarm *s, uint64_t seed, const char *why)
{
    s->failed++;
    printf("FAILED %llu@%s: %s\n  holdfast-sim replay %llu", (unsigned long long)seed,
           hf__build_id(), why, (unsigned long long)seed);
    hf__print_sets(s->options);
    printf("\n");
    fflush(stdout);
}

static void heard(void *ctx, uint64_t item, const void *report)
{
    struct swarm *s = ctx;
    const struct report *r = report;
    (void)item;
    s->done++;
    s->events += r->events;
    s->cpu_s += r->cpu_s;
    s->virtual_us += r->virtual_us;
    s->hash ^= hf__mix(r->seed ^ hf__mix(r->hash));
    hf__tally_add(&s->tally, &r->tally);
    row(s, r);
    if (!r->ok)
        failed(s, r->seed, r->why);
}

static void lost(void *ctx, uint64_t item, bool memory, const char *why)
{
    struct swarm *s = ctx;
    struct report r = {.seed = s->options->seed + item};
    (void)memory;
    snprintf(r.why, sizeof r.why, "%s", why);
    failed(s, r.seed, r.why);
    row(s, &r);
    s->done++;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void show(const struct swarm *s)
{
    uint64_t all = s->options->seed_last - s->options->seed + 1;
    static double shown_s;
    static uint64_t shown_events;
    char text[200];
    double now = now_s(), since = now - shown_s, real_s = now - s->began_s;
    if (s->options->quiet || since < (isatty(STDERR_FILENO) == 1 ? 0.25 : 30))
        return;
    double part = (double)s->done / (double)all;
    snprintf(text, sizeof text,
             "%llu of %llu seeds, %llu failed  virtual %.0f s  real %.0f s  %.0f events/s  end in "
             "%.0f s",
             (unsigned long long)s->done, (unsigned long long)all, (unsigned long long)s->failed,
             (double)s->virtual_us / 1e6, real_s,
             shown_s > 0 ? (double)(s->events - shown_events) / since : 0,
             part > 0 ? real_s * (1 - part) / part : 0);
    hf__bar(part, text);
    shown_s = now;
    shown_events = s->events;
}

static bool goes_on(void *ctx)
{
    const struct swarm *s = ctx;
    show(s);
    return !hf__interrupted() && !s->full;
}

/* What no seed could be drawn with is refused before any is. */
static int judge_options(const struct hf__options *o)
{
    struct hf__scenario s = {0};
    int code = hf__draw_options(o, o->seed, &s);
    free(s.actions.items);
    return code;
}

int hf__command_swarm(const struct hf__options *o)
{
    static const char *const names[] = {"swarm.csv", "drawn.csv", NULL};
    struct swarm s = {.options = o, .began_s = now_s()};
    const struct hf__pool pool = {
        .jobs = (unsigned)o->jobs,
        .items = o->seed_last - o->seed + 1,
        .report_len = sizeof(struct report),
        .ctx = &s,
        .work = work,
        .heard = heard,
        .lost = lost,
        .goes_on = goes_on,
    };
    int code = judge_options(o);
    if (code != 0)
        return code;
    s.ran = calloc((size_t)((o->seed_last - o->seed) / 8 + 1), 1);
    hf_assert(s.ran != NULL);
    if (o->out != NULL) {
        s.rows = hf__out_begin(o, names) ? hf__open_in(o->out, "swarm.csv") : NULL;
        if (s.rows == NULL) {
            free(s.ran);
            return EXIT_USAGE;
        }
        fprintf(s.rows, "seed,ok,nodes,ready,excused,virtual_us,events,cpu_s,trace_hash,why\n");
    }
    printf("seeds %llu..%llu of build %s\n", (unsigned long long)o->seed,
           (unsigned long long)o->seed_last, hf__build_id());
    hf__interrupted();
    hf__pool_run(&pool);
    hf__progress_end();
    if (o->out != NULL) {
        s.full = !hf__close_in(s.rows, o->out, "swarm.csv") || s.full;
        write_drawn(&s);
    }
    bool whole = s.done == o->seed_last - o->seed + 1;
    if (!whole)
        print_ran(&s);
    printf(
        "%llu seeds, %llu failed, %llu events in %.0f s of processor time, %.0f s virtual, %.0f s; "
        "hash %016llx%s\n",
        (unsigned long long)s.done, (unsigned long long)s.failed, (unsigned long long)s.events,
        s.cpu_s, (double)s.virtual_us / 1e6, now_s() - s.began_s, (unsigned long long)s.hash,
        whole ? "" : " (ended early)");
    free(s.ran);
    return s.failed > 0 ? EXIT_FAILED : whole && !s.full ? EXIT_OK : EXIT_ENDED;
}

void hf__trial_apart(const struct hf__scenario *s, struct hf__result *ret)
{
    int fds[2], status = 0;
    memset(ret, 0, sizeof *ret);
    if (pipe(fds) != 0) {
        snprintf(ret->why, sizeof ret->why, "no pipe");
        return;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        trial(s, ret);
        _exit(hf__write_all(fds[1], ret, sizeof *ret) ? EXIT_OK : EXIT_USAGE);
    }
    close(fds[1]);
    if (!hf__read_all(fds[0], ret, sizeof *ret)) {
        memset(ret, 0, sizeof *ret);
        snprintf(ret->why, sizeof ret->why, "the process ended by a signal");
    }
    close(fds[0]);
    waitpid(pid, &status, 0);
}
