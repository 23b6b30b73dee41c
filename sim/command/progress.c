/* What a person sees while a run goes on. */
#include "command/command.h"

#include "world/world.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    (void)signal;
    interrupted = 1;
}

bool hf__interrupted(void)
{
    static bool installed;
    if (!installed) {
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        installed = true;
    }
    return interrupted != 0;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool bar_shown;

void hf__bar(double part, const char *text)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    char bar[31];
    memset(bar, '.', 30);
    memset(bar, '#', (size_t)((part > 1 ? 1 : part) * 30));
    bar[30] = '\0';
    fprintf(stderr, "%s[%s] %3.0f %%  %s%s", terminal ? "\r" : "", bar, part * 100, text,
            terminal ? "\x1b[K" : "\n");
    bar_shown = terminal;
}

static struct {
    double began_s, shown_s;
    uint64_t events;
} progress;

bool hf__progress(void *ctx, const struct hf_world *w, uint64_t until_us)
{
    (void)ctx;
    double now = now_s();
    bool terminal = isatty(STDERR_FILENO) == 1;
    if (progress.began_s <= 0) {
        progress.began_s = now;
        progress.shown_s = now;
    }
    double since = now - progress.shown_s;
    if (since >= (terminal ? 0.25 : 10)) {
        double part = until_us == 0 ? 1 : (double)w->now_us / (double)until_us;
        double rate = (double)(w->totals.events - progress.events) / since;
        double left = part > 0 ? (now - progress.began_s) * (1 - part) / part : 0;
        char text[160];
        snprintf(text, sizeof text, "virtual %.1f s  real %.0f s  %.0f events/s  end in %.0f s",
                 (double)w->now_us / 1e6, now - progress.began_s, rate, left);
        hf__bar(part, text);
        progress.shown_s = now;
        progress.events = w->totals.events;
    }
    return !hf__interrupted();
}

void hf__progress_end(void)
{
    if (bar_shown)
        fprintf(stderr, "\r\x1b[K");
    bar_shown = false;
    memset(&progress, 0, sizeof progress);
}

static void print_time(const char *name, struct hf__times *t, double q)
{
    uint64_t us = hf__times_quantile(t, q);
    if (us == HF__TIME_NONE)
        printf(", %s never", name);
    else
        printf(", %s %.1f ms", name, (double)us / 1e3);
}

static void row_time(const char *name, struct hf__times *t)
{
    static const struct {
        const char *name;
        double q;
    } shown[] = {{"p90", 0.9}, {"p99", 0.99}, {"longest", 1}};
    if (t->count + t->never + t->cut == 0)
        return;
    printf("%-28s %zu", name, t->count);
    if (t->never + t->cut > 0)
        printf(", %zu never, %zu broken off", t->never, t->cut);
    print_time("median", t, 0.5);
    for (size_t i = 0; i < HF_ARRAY_LEN(shown); i++)
        print_time(shown[i].name, t, shown[i].q);
    printf("\n");
}

/* From the first node that took an announcement to the last, and how many took the least known. */
static void row_news(const struct hf__news_record *record)
{
    struct hf__news_sum news;
    hf__news_sum(record, &news);
    row_time("announcements reached all", &news.times);
    if (news.count > 0)
        printf("%-28s %llu nodes at least, of each; %llu more were not followed\n", "",
               (unsigned long long)news.takers_min, (unsigned long long)record->missed);
    hf__times_done(&news.times);
}

void hf__print_result(const struct hf__scenario *s, struct hf__result *r, struct hf__record *record)
{
    const struct hf_world_totals *t = &r->totals;
    printf("%-28s %s\n", "scenario", s->title);
    printf("%-28s %llu@%s\n", "seed", (unsigned long long)s->world.seed, hf__build_id());
    printf("%-28s %.3f s virtual in %.2f s (%.2f s of one core), %.0f events/s\n", "time",
           (double)r->virtual_us / 1e6, r->real_s, r->cpu_s,
           r->cpu_s > 0 ? (double)t->events / r->cpu_s : 0);
    printf("%-28s %u of %u ready, %u not to be expected\n", "nodes", r->ready, r->nodes,
           r->excused);
    const uint32_t *became = record->outcomes;
    printf("%-28s %u open, %u locked, %u down, %u lost for good, %u gone\n", "vaults",
           became[HF__OUTCOME_OPEN], became[HF__OUTCOME_LOCKED], became[HF__OUTCOME_DOWN],
           became[HF__OUTCOME_LOST], became[HF__OUTCOME_GONE]);
    printf("%-28s %llu (%llu deliveries, %llu timers)\n", "events", (unsigned long long)t->events,
           (unsigned long long)t->deliveries, (unsigned long long)t->timers);
    printf("%-28s %llu sent, %llu lost, %.1f kB a node\n", "messages",
           (unsigned long long)t->messages_sent, (unsigned long long)t->messages_lost,
           r->nodes == 0 ? 0 : (double)t->bytes_sent / 1e3 / r->nodes);
    double nodes = r->nodes == 0 ? 1 : r->nodes;
    printf("%-28s %.0f B engine, %.0f B disk, %.0f B world\n", "memory a node",
           (double)t->engine_bytes / nodes, (double)t->disk_bytes / nodes,
           (double)t->world_bytes / nodes);
    row_time("placed and ready", &record->placing);
    row_time("recovered", &record->recovering);
    row_news(&record->news);
    printf("%-28s %llu released, %llu refused\n", "keys", (unsigned long long)record->keys_released,
           (unsigned long long)record->keys_refused);
    printf("%-28s %016llx\n", "trace hash", (unsigned long long)t->trace_hash);
    printf("%-28s %s%s%s\n", "result", r->ok ? "ok" : "FAILED: ", r->ok ? "" : r->why,
           r->stopped ? " (ended early)" : "");
}
