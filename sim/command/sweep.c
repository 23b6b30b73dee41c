/* sweep: a study's runs over processes and machines, and what they come to. */
#include "command/command.h"
#include "command/pool.h"
#include "command/shard.h"

#include "study/results.h"
#include "suites/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROW_LEN_MAX = 8192, TABLE_ROWS_MAX = 200 };

/* What a process tells of one run. */
struct report {
    bool ok;
    char why[320];
    char row[ROW_LEN_MAX];
};

struct sweep {
    const struct hf__options *options;
    struct hf__study study;
    struct hf__results results;
    size_t *runs;         /* of this round */
    size_t done, least;   /* runs of this call; those that there were before it */
    size_t lost, starved; /* processes that ended: by a signal, for want of memory */
    bool full, asked;     /* a row could not be written; the end was asked for */
    double began_s, shown_s;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- Settings ---- */

/* The options by which `run` runs a setting; they point into text. False: too many. */
static bool options_of(const struct sweep *s, size_t setting, struct hf_buf *text,
                       struct hf__options *ret)
{
    const struct hf__options *o = s->options;
    size_t count = hf__study_assignments(&s->study, setting, text);
    char *at = (char *)text->data;
    *ret = *o;
    ret->scenario = s->study.scenario;
    ret->sets_count = 0;
    if (count + o->sets_count > HF_ARRAY_LEN(ret->sets))
        return false;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
        ret->sets[ret->sets_count++] = at;
    for (size_t i = 0; i < o->sets_count; i++)
        ret->sets[ret->sets_count++] = o->sets[i];
    return true;
}

static int load_setting(const struct sweep *s, size_t setting, struct hf_buf *text,
                        struct hf__options *ret_options, struct hf__scenario *ret)
{
    if (!options_of(s, setting, text, ret_options)) {
        fprintf(stderr, "holdfast-sim: too many fields are set\n");
        return EXIT_USAGE;
    }
    return hf__load(ret_options, ret);
}

/* Looks at every setting before any runs, and makes a hash over all that decides a row. */
static int judge_settings(const struct sweep *s, uint64_t *ret_hash)
{
    struct hf__sponge sponge;
    struct hf_buf text, scenario;
    int code = 0;
    hf_buf_init(&text, 1 << 20);
    hf_buf_init(&scenario, 1 << 24);
    hf__sponge_init(&sponge, "study");
    hf__study_heading(&s->study, &scenario);
    for (size_t i = 0; code == 0 && i < hf__study_settings(&s->study); i++) {
        struct hf__options o;
        struct hf__scenario one;
        code = load_setting(s, i, &text, &o, &one);
        if (code == 0) {
            one.world.seed = 0;
            hf__scenario_print(&one, &scenario);
            hf__sponge_absorb(&sponge, hf_buf_bytes(&scenario));
        } else {
            fprintf(stderr, "holdfast-sim: in setting %zu of %s\n", i, s->options->scenario);
        }
        for (size_t j = 0; code == 0 && j < hf__study_labels(&s->study); j++) {
            const char *label = hf__study_label_of(&s->study, i, j);
            hf__sponge_absorb(&sponge, hf_bytes_of(label, strlen(label)));
        }
        hf_buf_clear(&scenario);
        hf__forget();
    }
    hf_buf_done(&text);
    hf_buf_done(&scenario);
    *ret_hash = sponge.a;
    return code;
}

/* ---- Runs ---- */

static void work(void *ctx, uint64_t item, void *ret_report)
{
    const struct sweep *s = ctx;
    struct report *report = ret_report;
    struct hf__options o;
    struct hf__scenario scenario;
    struct hf__record record;
    struct hf__result result;
    struct hf__run_row row;
    struct hf_buf text, line;
    size_t setting = hf__results_setting(&s->results, s->runs[item]);
    hf_buf_init(&text, 1 << 20);
    hf_buf_init(&line, sizeof report->row - 1);
    if (load_setting(s, setting, &text, &o, &scenario) != 0)
        _exit(EXIT_USAGE);
    scenario.world.seed = hf__results_seed(&s->results, s->runs[item]);
    hf__record_init(&record, NULL);
    struct hf__trial_hooks hooks = {.record = &record};
    hf__trial_run(&scenario, &hooks, &result);
    hf__run_row_init(&row, &scenario, &result, &record, hf__build_id());
    hf__study_row(&s->study, setting, &row, &line);
    hf_assert(line.error == 0);
    memcpy(report->row, line.data, line.len);
    memcpy(report->why, result.why, sizeof report->why);
    report->ok = result.ok;
    hf__run_row_done(&row);
    hf__record_done(&record);
    hf_buf_done(&line);
    hf_buf_done(&text);
    hf__forget();
}

/* What failed, and the command that runs it alone. */
static void failed(const struct sweep *s, size_t run, const char *why)
{
    struct hf__options o;
    struct hf_buf text;
    unsigned long long seed = hf__results_seed(&s->results, run);
    hf_buf_init(&text, 1 << 20);
    hf_assert(options_of(s, hf__results_setting(&s->results, run), &text, &o));
    printf("FAILED setting %zu, seed %llu@%s: %s\n  holdfast-sim run %s --seed %llu",
           hf__results_setting(&s->results, run), seed, hf__build_id(), why, o.scenario, seed);
    hf__print_sets(&o);
    printf("\n");
    fflush(stdout);
    hf_buf_done(&text);
}

static void heard(void *ctx, uint64_t item, const void *what)
{
    struct sweep *s = ctx;
    const struct report *report = what;
    s->done++;
    if (!s->full && !hf__results_add(&s->results, s->runs[item], report->row)) {
        fprintf(stderr, "holdfast-sim: %s\n", s->results.why);
        s->full = true;
    }
    if (!report->ok)
        failed(s, s->runs[item], report->why);
}

static void lost(void *ctx, uint64_t item, bool memory, const char *why)
{
    struct sweep *s = ctx;
    s->lost += !memory;
    s->starved += memory;
    failed(s, s->runs[item], why);
}

static void show(struct sweep *s)
{
    char text[160];
    double now = now_s(), real_s = now - s->began_s;
    size_t all = s->results.settings * s->results.seeds / s->results.shards;
    if (s->options->quiet || now - s->shown_s < (isatty(STDERR_FILENO) == 1 ? 0.25 : 30))
        return;
    size_t left = all > s->least + s->done ? all - s->least - s->done : 0;
    snprintf(text, sizeof text, "%zu of %s%zu runs  real %.0f s  end in %s%.0f s",
             s->least + s->done, s->study.stop == NULL ? "" : "at most ", all, real_s,
             s->study.stop == NULL ? "" : "at most ",
             s->done > 0 ? real_s * (double)left / (double)s->done : 0);
    hf__bar((double)(s->least + s->done) / (double)(all == 0 ? 1 : all), text);
    s->shown_s = now;
}

static bool goes_on(void *ctx)
{
    struct sweep *s = ctx;
    show(s);
    s->asked = s->asked || hf__interrupted();
    return !s->asked && !s->full;
}

/* Rounds of what this shard does next, until that is nothing. False: r->why. */
static bool run_all(struct sweep *s)
{
    for (;;) {
        if (!hf__results_read(&s->results))
            return false;
        size_t count = hf__results_next(&s->results, &s->runs);
        const struct hf__pool pool = {
            .jobs = (unsigned)s->options->jobs,
            .items = count,
            .report_len = sizeof(struct report),
            .ctx = s,
            .work = work,
            .heard = heard,
            .lost = lost,
            .goes_on = goes_on,
        };
        if (count > 0)
            hf__pool_run(&pool);
        free(s->runs);
        if (count == 0 || s->asked || s->full || s->lost > 0 || s->starved > 0)
            return true;
    }
}

/* ---- What came of it ---- */

/* Four digits or all before the point, whichever are more: as a person reads it. */
static void print_number(double value)
{
    if (value >= 10000 || value <= -10000)
        printf("%.0f", value);
    else
        printf("%.4g", value);
}

static void print_cell(const struct hf__results *r, size_t setting, const struct hf__column *c)
{
    struct hf__sample sample;
    hf__results_sample(r, setting, c, &sample);
    struct hf__interval i = hf__results_interval(c, &sample);
    double scale = c->kind == HF__COLUMN_FLAG ? 100 : c->kind == HF__COLUMN_TIME ? 0.001 : 1;
    const char *unit = c->kind == HF__COLUMN_FLAG ? " %" : c->kind == HF__COLUMN_TIME ? " ms" : "";
    printf(" ");
    if (sample.count == 0)
        printf("none");
    else
        print_number(sample.mean * scale);
    printf("%s", sample.count == 0 ? "" : unit);
    if (sample.count > 1 || (sample.count == 1 && c->kind == HF__COLUMN_FLAG)) {
        printf(" (");
        print_number(i.low * scale);
        printf("–");
        print_number(i.high * scale);
        printf(")");
    }
    printf(" |");
}

/* A table as Markdown: a row for each setting, a mean and its interval in each cell. */
static void print_table(const struct sweep *s)
{
    const struct hf__column *columns[HF__STUDY_METRICS_MAX];
    size_t count = hf__study_columns(&s->study, columns), cells = 1;
    printf("\n%s\n\n|", s->study.title);
    for (size_t i = 0; i < hf__study_labels(&s->study); i++, cells++)
        printf(" %s |", hf__study_label(&s->study, i));
    for (size_t i = 0; i < count - 2; i++, cells++)
        if (hf__column_counts(columns[i]))
            printf(" %s |", columns[i]->name);
    printf(" seeds |\n|");
    for (size_t i = 0; i < cells; i++)
        printf("---|");
    printf("\n");
    for (size_t i = 0; i < s->results.settings; i++) {
        printf("|");
        for (size_t j = 0; j < hf__study_labels(&s->study); j++)
            printf(" %s |", hf__study_label_of(&s->study, i, j));
        for (size_t j = 0; j < count - 2; j++)
            if (hf__column_counts(columns[j]))
                print_cell(&s->results, i, columns[j]);
        printf(" %zu |\n", hf__results_seeds(&s->results, i));
    }
}

static int conclude(struct sweep *s)
{
    struct hf__results *r = &s->results;
    size_t all = r->settings * r->seeds, bad = hf__results_failed(r);
    bool whole = hf__results_whole(r);
    if (whole && !hf__results_write(r)) {
        fprintf(stderr, "holdfast-sim: %s\n", r->why);
        s->full = true;
    }
    if (whole && r->settings <= TABLE_ROWS_MAX)
        print_table(s);
    printf("%s%zu runs in %.0f s, %zu of %s%zu there, %zu failed%s\n", whole ? "\n" : "", s->done,
           now_s() - s->began_s, r->count, s->study.stop == NULL ? "" : "at most ", all, bad,
           s->asked || s->full ? " (ended early: the same command goes on)"
           : whole             ? ""
                               : " (the others are not whole yet)");
    if (bad > 0 || s->lost > 0)
        return EXIT_FAILED;
    return s->asked || s->full || s->starved > 0 ? EXIT_ENDED : EXIT_OK;
}

/* ---- The command ---- */

static int read_study(struct sweep *s, struct hf_config_doc **ret_doc)
{
    static struct hf_config_errors errors;
    const struct hf__options *o = s->options;
    if (o->scenario == NULL || o->out == NULL) {
        fprintf(stderr, "holdfast-sim: sweep needs a study, such as those in sim/studies/, and a "
                        "folder: --out DIR\n");
        return EXIT_USAGE;
    }
    int r = hf_config_load_file(o->scenario, &hf__study_schema, &s->study, ret_doc, &errors);
    if (r != 0 && errors.count + errors.dropped == 0) {
        fprintf(stderr, "holdfast-sim: %s: %s\n", o->scenario, hf_error_sentence(r));
        return EXIT_USAGE;
    }
    if (r != 0)
        return hf__refuse(&errors, r);
    if (!o->seeds_given)
        return 0;
    s->study.first_seed = o->seed;
    s->study.seeds = o->seed_last - o->seed + 1;
    if (o->build == NULL && o->seed_last - o->seed < HF__STUDY_RUNS_MAX &&
        hf__study_settings(&s->study) * s->study.seeds <= HF__STUDY_RUNS_MAX)
        return 0;
    fprintf(stderr, "holdfast-sim: sweep: --seeds A..B: at most %d runs in all\n",
            HF__STUDY_RUNS_MAX);
    return EXIT_USAGE;
}

static int choose_shard(const struct hf__options *o, unsigned *ret_shard, unsigned *ret_shards)
{
    const char *who = "--shard";
    *ret_shard = o->shard;
    *ret_shards = o->shards;
    if (o->shard == 0)
        who = hf__shard_environment(ret_shard, ret_shards);
    if (*ret_shard == 0) {
        fprintf(stderr,
                "holdfast-sim: the environment of %s does not say which of how many this is: name "
                "it, as --shard 1/4\n",
                who);
        return EXIT_USAGE;
    }
    if (who != NULL)
        printf("shard %u of %u, by %s\n", *ret_shard, *ret_shards, who);
    return 0;
}

static int sweep(struct sweep *s)
{
    struct hf__results *r = &s->results;
    uint64_t hash;
    unsigned shard, shards;
    int code = choose_shard(s->options, &shard, &shards);
    if (code == 0)
        code = judge_settings(s, &hash);
    if (code != 0)
        return code;
    if (!hf__results_open(r, &s->study, s->options->out, hf__build_id(), hash, shard, shards)) {
        fprintf(stderr, "holdfast-sim: %s\n", r->why);
        hf__results_done(r);
        return EXIT_USAGE;
    }
    if (r->repaired)
        printf("a half-written row of this shard was removed: its run is done again\n");
    printf("%zu settings, %zu seeds, build %s; %zu rows are there\n", r->settings, r->seeds,
           hf__build_id(), r->count);
    fflush(stdout);
    s->least = r->count / shards;
    hf__interrupted();
    s->began_s = now_s();
    bool good = run_all(s);
    hf__progress_end();
    if (!good)
        fprintf(stderr, "holdfast-sim: %s\n", r->why);
    code = good ? conclude(s) : EXIT_ENDED;
    hf__results_done(r);
    return code;
}

int hf__command_sweep(const struct hf__options *o)
{
    struct sweep s = {.options = o};
    struct hf_config_doc *doc = NULL;
    int code = read_study(&s, &doc);
    if (code == 0)
        code = sweep(&s);
    hf_config_doc_free(doc);
    return code;
}
