/* run, check and list. */
#include "command/command.h"

#include "checkers/checkers.h"
#include "command/memory.h"
#include "hostile/strategy.h"
#include "suites/model.h"
#include "trial/columns.h"
#include "trial/look.h"
#include "world/world.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *hf__build_id(void)
{
    static char id[13];
    if (id[0] == '\0') {
        struct hf_buf program;
        struct hf__sponge s;
        hf_buf_init(&program, 1u << 30);
        hf__sponge_init(&s, "build");
        if (hf_file_read("/proc/self/exe", &program) == 0)
            hf__sponge_absorb(&s, hf_buf_bytes(&program));
        snprintf(id, sizeof id, "%012llx", (unsigned long long)(s.a >> 16));
        hf_buf_done(&program);
    }
    return id;
}

bool hf__out_begin(const struct hf__options *o, const char *const *names)
{
    char path[4096];
    for (; *names != NULL; names++) {
        snprintf(path, sizeof path, "%s/%s", o->out, *names);
        if (access(path, F_OK) != 0)
            continue;
        if (!o->overwrite) {
            fprintf(stderr,
                    "holdfast-sim: %s is there already: name another folder, or give "
                    "--overwrite\n",
                    path);
            return false;
        }
        if (unlink(path) != 0) {
            fprintf(stderr, "holdfast-sim: %s cannot be replaced: %s\n", path,
                    hf_error_sentence(hf_error_from_errno(errno)));
            return false;
        }
    }
    return true;
}

FILE *hf__open_in(const char *folder, const char *name)
{
    char path[4096];
    mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        fprintf(stderr, "holdfast-sim: %s cannot be written: %s\n", path,
                hf_error_sentence(hf_error_from_errno(errno)));
    return f;
}

bool hf__close_in(FILE *f, const char *folder, const char *name)
{
    bool whole = ferror(f) == 0;
    whole = fclose(f) == 0 && whole;
    if (!whole)
        fprintf(stderr,
                "holdfast-sim: %s/%s is not complete: the disk is full, or cannot be written\n",
                folder, name);
    return whole;
}

bool hf__same_build(const char *build)
{
    if (build == NULL || strcmp(build, hf__build_id()) == 0)
        return true;
    fprintf(
        stderr,
        "holdfast-sim: this seed belongs to build %s, and this program is build %s: the run would "
        "be another one. Build the revision that printed the seed, in the same way.\n",
        build, hf__build_id());
    return false;
}

void hf__print_sets(const struct hf__options *o)
{
    for (size_t i = 0; i < o->sets_count; i++)
        printf(" --set '%s'", o->sets[i]);
}

static bool write_run(const char *folder, const struct hf__scenario *s, const struct hf__result *r,
                      struct hf__record *record)
{
    struct hf__run_row row;
    FILE *f = hf__open_in(folder, "run.csv");
    if (f == NULL)
        return false;
    hf__run_row_init(&row, s, r, record, hf__build_id());
    hf__run_row_print(&row, f);
    hf__run_row_done(&row);
    return hf__close_in(f, folder, "run.csv");
}

/* The run that goes on. One at a time: what is kept when memory runs out is found here. */
static struct {
    const struct hf__options *options;
    const struct hf__scenario *scenario;
    struct hf__record record;
    struct hf__messages messages;
    struct hf__series series;
    FILE *timeline, *lives;
    bool full; /* a file of results could not be written */
} running;

static bool running_progress(void *ctx, const struct hf_world *w, uint64_t until_us)
{
    (void)ctx;
    running.full = (running.timeline != NULL && ferror(running.timeline) != 0) ||
                   (running.lives != NULL && ferror(running.lives) != 0) ||
                   (running.series.out != NULL && ferror(running.series.out) != 0) ||
                   (running.messages.out != NULL && ferror(running.messages.out) != 0);
    bool goes_on = running.options->quiet ? !hf__interrupted() : hf__progress(NULL, w, until_us);
    return goes_on && !running.full;
}

static void finished(void *ctx, struct hf_world *w)
{
    (void)ctx;
    const struct hf__options *o = running.options;
    const char *out = o->out;
    if (o->node_given && o->node < hf_world_count(w))
        hf__look(w, (uint32_t)o->node, stdout);
    else if (o->node_given)
        printf("\nn%llu: there are %u nodes, from n0\n", (unsigned long long)o->node,
               hf_world_count(w));
    if (out == NULL)
        return;
    FILE *f = hf__open_in(out, "nodes.csv");
    if (f != NULL)
        hf__nodes_print(&running.record, w, f);
    running.full = f == NULL || !hf__close_in(f, out, "nodes.csv") || running.full;
}

/* The account of a run, and its files. */
static void account(struct hf__result *result)
{
    const char *out = running.options->out;
    hf__progress_end();
    hf__print_result(running.scenario, result, &running.record);
    if (out != NULL)
        running.full = !write_run(out, running.scenario, result, &running.record) || running.full;
    if (running.timeline != NULL)
        running.full = !hf__close_in(running.timeline, out, "timeline.jsonl") || running.full;
    running.timeline = NULL;
    if (running.lives != NULL)
        running.full = !hf__close_in(running.lives, out, "lives.csv") || running.full;
    running.lives = NULL;
    if (running.series.out != NULL)
        running.full = !hf__close_in(running.series.out, out, "series.csv") || running.full;
    running.series.out = NULL;
    if (running.messages.out != NULL)
        running.full = !hf__close_in(running.messages.out, out, "messages.jsonl") || running.full;
    running.messages.out = NULL;
}

/* Memory ran out: the world stands as it was then. */
static void last_words(void)
{
    double cpu_s = (double)clock() / CLOCKS_PER_SEC;
    struct hf__result result = {.ok = true, .stopped = true, .real_s = cpu_s, .cpu_s = cpu_s};
    struct hf_world *w = running.record.world;
    if (w == NULL)
        return;
    hf__trial_state(w, &result);
    finished(NULL, w);
    account(&result);
}

/* The scenario as it is run, options and all: what `run` makes the same run of. */
static bool write_scenario(const char *folder, const struct hf__scenario *s)
{
    struct hf_buf text;
    FILE *f = hf__open_in(folder, "scenario.yaml");
    if (f == NULL)
        return false;
    hf_buf_init(&text, 1 << 24);
    hf__scenario_print(s, &text);
    fwrite(text.data, 1, text.len, f);
    hf_buf_done(&text);
    return hf__close_in(f, folder, "scenario.yaml");
}

/* The files that grow while a run goes on. False: one cannot be written, or is there already. */
static bool open_files(const struct hf__options *o, const struct hf__scenario *s)
{
    static const char *const names[] = {"run.csv",       "nodes.csv",  "timeline.jsonl",
                                        "lives.csv",     "series.csv", "messages.jsonl",
                                        "scenario.yaml", NULL};
    if (o->out == NULL)
        return true;
    if (!hf__out_begin(o, names))
        return false;
    running.timeline = hf__open_in(o->out, "timeline.jsonl");
    running.lives = running.timeline == NULL ? NULL : hf__open_in(o->out, "lives.csv");
    running.series.out = running.lives == NULL ? NULL : hf__open_in(o->out, "series.csv");
    running.series.span_us = hf__series_span(s->for_us);
    if (running.series.out == NULL || !write_scenario(o->out, s))
        return false;
    fputs("node,what,began_us,took_us,end\n", running.lives);
    if (o->messages)
        running.messages.out = hf__open_in(o->out, "messages.jsonl");
    return !o->messages || running.messages.out != NULL;
}

bool hf__read_time(const char *text, uint64_t *ret_us)
{
    static struct hf_config_errors errors;
    struct hf_config_doc *doc = NULL;
    struct hf__scenario one = {.title = ""};
    char assignment[64];
    if (strlen(text) > 50)
        return false;
    snprintf(assignment, sizeof assignment, "for=%s", text);
    bool good = hf__scenario_set(&one, assignment, &doc, &errors) == 0;
    hf_config_doc_free(doc);
    *ret_us = one.for_us;
    return good;
}

/* When a run is to end; 0: as its scenario has it. False: no such time, and it was said. */
static bool read_until(const struct hf__options *o, const struct hf__scenario *s, uint64_t *ret_us)
{
    *ret_us = 0;
    if (o->until == NULL)
        return true;
    if (hf__read_time(o->until, ret_us) && *ret_us > 0 && *ret_us <= s->for_us)
        return true;
    fprintf(stderr,
            "holdfast-sim: --until: a time above 0 and within that of the scenario's events, "
            "such as %.3fs\n",
            (double)s->for_us / 2e6);
    return false;
}

/* Runs one scenario with everything recorded. again: the command that does it once more. */
static int run(const struct hf__options *o, const struct hf__scenario *s, const char *again)
{
    struct hf__result result;
    running.options = o;
    running.scenario = s;
    struct hf__trial_hooks hooks = {
        .progress = running_progress,
        .finished = finished,
        .record = &running.record,
    };
    if (!read_until(o, s, &hooks.until_us) || !open_files(o, s))
        return EXIT_USAGE;
    hf__interrupted();
    hf__record_init(&running.record, running.timeline);
    running.record.lives = running.lives;
    running.record.debug = o->trace;
    running.record.series = running.series.out != NULL ? &running.series : NULL;
    running.record.messages = o->messages ? &running.messages : NULL;
    printf("seed %llu@%s\n", (unsigned long long)s->world.seed, hf__build_id());
    fflush(stdout);
    hf__memory_end(last_words);
    hf__trial_run(s, &hooks, &result);
    hf__memory_end(NULL);
    account(&result);
    hf__record_done(&running.record);
    if (!result.ok) {
        printf("  holdfast-sim %s", again);
        hf__print_sets(o);
        printf("\n");
        return EXIT_FAILED;
    }
    return result.stopped || running.full ? EXIT_ENDED : EXIT_OK;
}

int hf__command_run(const struct hf__options *o)
{
    struct hf__scenario s;
    char again[4200];
    int code = hf__load(o, &s);
    if (code != 0)
        return code;
    snprintf(again, sizeof again, "run %s", o->scenario);
    return run(o, &s, again);
}

int hf__command_replay(const struct hf__options *o)
{
    struct hf__scenario s;
    char again[64];
    if (!hf__same_build(o->build))
        return EXIT_USAGE;
    snprintf(again, sizeof again, "replay %llu", (unsigned long long)o->seed);
    int code = hf__draw_options(o, o->seed, &s);
    if (code == 0)
        code = run(o, &s, again);
    free(s.actions.items);
    return code;
}

int hf__command_check(const struct hf__options *o)
{
    struct hf__scenario s;
    int code = hf__load(o, &s);
    if (code == 0)
        printf("%s: %u nodes, %zu events, %.1f s\n", o->scenario, s.nodes, s.actions.count,
               (double)s.for_us / 1e6);
    return code;
}

int hf__command_list(void)
{
    printf("What an event of a scenario can do:\n");
    for (int i = 0; i < HF__ACTIONS; i++)
        printf("  %-16s %s\n", hf__action_name(i), hf__action_doc(i));
    printf("\nHostile strategies:\n");
    for (size_t i = 0; hf__strategies[i] != NULL; i++)
        printf("  %-16s %s\n", hf__strategies[i]->name, hf__strategies[i]->doc);
    printf("\nCheckers, and what each promises:\n");
    for (size_t i = 0; hf__checkers[i].name != NULL; i++)
        printf("  %-16s %s\n", hf__checkers[i].name, hf__checkers[i].promise);
    return EXIT_OK;
}
