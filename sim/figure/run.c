/* A run's folder: what it came to, its times, its shares, and what was sent. */
#include "figure/chance.h"
#include "figure/story.h"

#include "study/interval.h"
#include "trial/columns.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Times ---- */

/* Lives of one kind: sorted times of those that came to an end, and how many never did. */
struct lives {
    double *took;
    size_t count, never, cut;
};

static int by_value(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static bool collect(struct hf__report *r, const struct hf__table *t, const char *what,
                    struct lives *ret)
{
    size_t what_at = hf__table_column(t, "what"), end_at = hf__table_column(t, "end");
    size_t took_at = hf__table_column(t, "took_us");
    *ret = (struct lives){.took = calloc(t->rows + 1, sizeof(double))};
    hf_assert(ret->took != NULL);
    if (what_at == SIZE_MAX || end_at == SIZE_MAX || took_at == SIZE_MAX) {
        snprintf(r->why, HF__WHY_MAX, "%.300s/lives.csv: it has no columns what, took_us and end",
                 r->folder);
        return false;
    }
    for (size_t i = 0; i < t->rows; i++) {
        double took;
        const char *end = hf__table_cell(t, i, end_at);
        if (!hf__table_number(t, "lives.csv", i, took_at, &took, r->why))
            return false;
        if (strcmp(hf__table_cell(t, i, what_at), what) != 0)
            continue;
        if (strcmp(end, "done") == 0 && isfinite(took))
            ret->took[ret->count++] = took;
        ret->never += strcmp(end, "never") == 0;
        ret->cut += strcmp(end, "cut") == 0;
    }
    qsort(ret->took, ret->count, sizeof *ret->took, by_value);
    return true;
}

/* A step of the curve: so many of them have come by then. */
static json_t *step(double us, size_t come, size_t all)
{
    struct hf__sample sample = {.count = all, .mean = (double)come / (double)all};
    struct hf__interval i = hf__interval_chance(&sample);
    return json_pack("{s:f,s:f,s:f,s:f}", "us", us, "part", sample.mean, "low", i.low, "high",
                     i.high);
}

static void add_curve(json_t *curves, const char *name, const struct lives *l)
{
    enum { STEPS_MAX = 400 };
    size_t all = l->count + l->never, every = l->count / STEPS_MAX + 1;
    char text[160];
    if (all == 0)
        return;
    json_t *steps = json_array();
    json_array_append_new(steps, step(0, 0, all));
    for (size_t i = 0; i < l->count; i++)
        if ((i + 1) % every == 0 || i + 1 == l->count)
            json_array_append_new(steps, step(l->took[i], i + 1, all));
    snprintf(text, sizeof text, "%s: %zu", name, l->count);
    if (l->never > 0)
        snprintf(text, sizeof text, "%s: %zu; %zu never", name, l->count, l->never);
    json_array_append_new(curves, json_pack("{s:s,s:o}", "name", text, "steps", steps));
}

static bool lives(struct hf__report *r)
{
    struct hf__table t;
    struct lives placing = {0}, recovering = {0};
    enum hf__found found = hf__table_read(r->folder, "lives.csv", &t, r->why);
    bool good = found != HF__FOUND_WRONG;
    if (found == HF__FOUND_NONE)
        hf__report_missing(r, "Times of recoveries: there is no lives.csv.");
    if (good && t.cut)
        hf__report_missing(r, "A half-written last line of lives.csv was left out.");
    if (found == HF__FOUND) {
        json_t *curves = json_array();
        good = collect(r, &t, "placing", &placing) && collect(r, &t, "recovering", &recovering);
        if (good) {
            add_curve(curves, "recovering", &recovering);
            add_curve(curves, "placing", &placing);
        }
        if (json_array_size(curves) > 0) {
            json_t *f = hf__report_figure(
                r, "curve", "times", "How long a recovery takes, and placing",
                "Which part of the restarts had an open vault and a claim that stood after a time, "
                "and which part of the first starts was ready.",
                "From lives.csv. Who never came to it counts as longer than any, so that a curve "
                "may end below 100 %; who died before is left out. The band is Wilson's interval "
                "(95 %) at each time, as if the lives of one run did not depend on each other.");
            json_object_set(f, "curves", curves);
        } else if (good) {
            hf__report_missing(r, "Times: no node was placed, and none recovered.");
        }
        json_decref(curves);
    }
    free(placing.took);
    free(recovering.took);
    hf__table_done(&t);
    return good;
}

/* ---- Shares ---- */

static void kept_figure(struct hf__report *r, const uint64_t *of_kept, uint64_t most,
                        uint64_t nodes, uint64_t shares)
{
    json_t *bars = json_array();
    double mean = (double)shares / (double)nodes;
    double p = mean / (double)(nodes - 1);
    p = p > 1 ? 1 : p;
    while (hf__binomial(nodes - 1, p, most + 1) * (double)nodes > 0.05 && most < nodes)
        most++;
    for (uint64_t kept = 0; kept <= most; kept++) {
        double chance = hf__binomial(nodes - 1, p, kept);
        json_array_append_new(
            bars, json_pack("{s:I,s:I,s:f,s:I,s:I}", "kept", (json_int_t)kept, "nodes",
                            (json_int_t)of_kept[kept], "expected", chance * (double)nodes, "low",
                            (json_int_t)hf__binomial_quantile(nodes, chance, 0.025), "high",
                            (json_int_t)hf__binomial_quantile(nodes, chance, 0.975)));
    }
    json_t *f = hf__report_figure(
        r, "balance", "balance", "Balance of shares, beside the binomial",
        "How many nodes keep how many shares of others at the end.",
        "Chance: each owner draws its holders from all others, so that what one node keeps is "
        "binomial. The line is where 95 of 100 draws of a number of nodes lie.");
    json_object_set_new(f, "bars", bars);
}

static bool kept(struct hf__report *r, const struct hf__table *nodes)
{
    enum { KEPT_MAX = 4096 };
    size_t kept_at = hf__table_column(nodes, "kept"),
           outcome_at = hf__table_column(nodes, "outcome");
    uint64_t *of_kept = calloc(KEPT_MAX + nodes->rows + 2, sizeof *of_kept);
    uint64_t count = 0, shares = 0, most = 0;
    bool good = true, fits = kept_at != SIZE_MAX && outcome_at != SIZE_MAX;
    hf_assert(of_kept != NULL);
    for (size_t i = 0; good && fits && i < nodes->rows; i++) {
        double keeps;
        good = hf__table_number(nodes, "nodes.csv", i, kept_at, &keeps, r->why);
        if (!good || strcmp(hf__table_cell(nodes, i, outcome_at), "gone") == 0)
            continue;
        fits = keeps >= 0 && keeps < KEPT_MAX;
        if (!fits)
            break;
        of_kept[(size_t)keeps]++;
        count++;
        shares += (uint64_t)keeps;
        most = keeps > (double)most ? (uint64_t)keeps : most;
    }
    if (good && (!fits || count < 3 || shares == 0))
        hf__report_missing(r, "Balance of shares: fewer than three nodes, or no shares kept.");
    else if (good)
        kept_figure(r, of_kept, most, count, shares);
    free(of_kept);
    return good;
}

/* ---- What it came to ---- */

/* What a person looks at first; all of it is in run.csv. */
static const char *const shown[] = {
    "nodes",
    "ready",
    "nodes_open",
    "nodes_locked",
    "nodes_down",
    "nodes_lost",
    "nodes_gone",
    "placing_median_us",
    "recoveries",
    "recovering_never",
    "recovering_median_us",
    "recovering_p99_us",
    "recovering_longest_us",
    "keys",
    "keys_refused",
    "messages",
    "messages_lost",
    "bytes",
    "virtual_us",
};

static bool summary(struct hf__report *r, const struct hf__table *run)
{
    json_t *columns = json_pack("[{s:s,s:b},{s:s,s:b},{s:s,s:b}]", "name", "of the run", "text", 1,
                                "name", "", "text", 1, "name", "what it is", "text", 1);
    json_t *rows = json_array();
    bool good = true;
    for (size_t i = 0; good && i < HF_ARRAY_LEN(shown); i++) {
        const struct hf__column *c = hf__column_find(shown[i]);
        size_t column = hf__table_column(run, shown[i]);
        double value;
        char text[64];
        hf_assert(c != NULL);
        good = hf__table_number(run, "run.csv", 0, column, &value, r->why);
        if (!good || column == SIZE_MAX)
            continue;
        if (!isfinite(value))
            snprintf(text, sizeof text, "none");
        else if (strstr(shown[i], "_us") != NULL)
            snprintf(text, sizeof text, "%.*f %s", value < 1e6 ? 1 : 3,
                     value < 1e6 ? value / 1e3 : value / 1e6, value < 1e6 ? "ms" : "s");
        else
            snprintf(text, sizeof text, "%.0f", value);
        json_array_append_new(rows, json_pack("[s,s,s]", shown[i], text, c->doc));
    }
    json_array_append_new(r->tables, json_pack("{s:o,s:o}", "columns", columns, "rows", rows));
    return good;
}

/* The title that scenario.yaml begins with; without one, the folder's name. */
static void read_title(struct hf__report *r)
{
    static const char begin[] = "title: \"";
    char path[4096];
    struct hf_buf file;
    snprintf(path, sizeof path, "%s/scenario.yaml", r->folder);
    snprintf(r->title, sizeof r->title, "Run in %.200s", r->folder);
    hf_buf_init(&file, 1 << 24);
    int error = hf_file_read_regular(path, &file);
    hf_buf_append_u8(&file, 0);
    const char *at = (const char *)file.data;
    if (error == 0 && strncmp(at, begin, strlen(begin)) == 0) {
        at += strlen(begin);
        snprintf(r->title, sizeof r->title, "%.*s", (int)strcspn(at, "\"\n"), at);
    }
    hf_buf_done(&file);
}

static bool read_run(struct hf__report *r, const struct hf__table *run, double *ret_end_us)
{
    size_t ok = hf__table_column(run, "ok"), build = hf__table_column(run, "build");
    size_t seed = hf__table_column(run, "seed");
    size_t end = hf__table_column(run, "virtual_us");
    if (run->rows != 1 || ok == SIZE_MAX || build == SIZE_MAX || seed == SIZE_MAX ||
        end == SIZE_MAX) {
        snprintf(r->why, HF__WHY_MAX, "%.300s/run.csv: it is not the one row that a run writes",
                 r->folder);
        return false;
    }
    read_title(r);
    snprintf(r->made, sizeof r->made, "Seed %.40s, by holdfast-sim of build %.40s.",
             hf__table_cell(run, 0, seed), hf__table_cell(run, 0, build));
    if (strcmp(hf__table_cell(run, 0, ok), "1") != 0)
        json_array_append_new(
            r->bad, json_string("A promise was broken, or fewer nodes were ready than had to be."));
    return hf__table_number(run, "run.csv", 0, end, ret_end_us, r->why) && summary(r, run);
}

bool hf__report_run(struct hf__report *r)
{
    struct hf__table run, nodes = {0};
    struct hf__story story = {.faults = json_array()};
    double end_us = 0;
    enum hf__found found = hf__table_read(r->folder, "run.csv", &run, r->why);
    if (found == HF__FOUND_NONE)
        snprintf(r->why, HF__WHY_MAX,
                 "%.300s has no results: neither run.csv, which run --out writes, nor sweep.txt, "
                 "which sweep writes",
                 r->folder);
    bool good = found == HF__FOUND && read_run(r, &run, &end_us) &&
                hf__table_read(r->folder, "nodes.csv", &nodes, r->why) == HF__FOUND;
    if (good && r->node_given && r->node >= nodes.rows) {
        snprintf(r->why, HF__WHY_MAX, "--node: there are %zu nodes, from 0", nodes.rows);
        good = false;
    }
    uint64_t until_us = end_us > 0 && end_us < 1e17 ? (uint64_t)end_us : 0;
    good = good && lives(r) && hf__report_story(r, &nodes, until_us, &story) && kept(r, &nodes) &&
           hf__report_series(r, story.faults, until_us) && hf__report_talk(r, &story);
    json_decref(story.faults);
    hf__table_done(&run);
    hf__table_done(&nodes);
    return good;
}
