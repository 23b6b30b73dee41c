/* A study's folder: a table, distributions of times by their percentiles, and each metric. */
#include "figure/settings.h"

#include "base/error.h"
#include "base/file.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *end;
    double part;
} percentiles[] = {
    {"_least_us", 0},  {"_median_us", 0.5}, {"_p90_us", 0.9},   {"_p95_us", 0.95},
    {"_p99_us", 0.99}, {"_p999_us", 0.999}, {"_longest_us", 1},
};

/* ---- Distributions of times ---- */

/* Which metric is a percentile of what; SIZE_MAX: none is. */
static size_t percentile(const struct hf__settings *s, const char *what, const char *end)
{
    size_t len = strlen(what);
    for (size_t i = 0; i < s->metrics; i++) {
        const char *name = hf__settings_metric(s, i);
        if (strncmp(name, what, len) == 0 && strcmp(name + len, end) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* A setting's curve, its points by rising part. */
static json_t *one_curve(const struct hf__settings *s, size_t setting, const char *what)
{
    json_t *points = json_array();
    for (size_t i = 0; i < HF_ARRAY_LEN(percentiles); i++) {
        size_t metric = percentile(s, what, percentiles[i].end);
        double mean =
            metric == SIZE_MAX ? NAN : hf__settings_number(s, setting, metric, HF__SETTING_MEAN);
        if (!isfinite(mean))
            continue;
        double low = hf__settings_number(s, setting, metric, HF__SETTING_LOW);
        double high = hf__settings_number(s, setting, metric, HF__SETTING_HIGH);
        json_array_append_new(points, json_pack("{s:f,s:f,s:o,s:o}", "q", percentiles[i].part,
                                                "mean", mean, "low", hf__report_number(low), "high",
                                                hf__report_number(high)));
    }
    return points;
}

/* A curve for each of so many settings with three percentiles or more. */
static void distribution(struct hf__settings *s, const char *what, const char *title)
{
    enum { CURVES_MAX = 10, POINTS_MIN = 3 };
    json_t *curves = json_array();
    struct hf_buf name;
    char id[64];
    hf_buf_init(&name, 1 << 16);
    for (size_t i = 0; i < s->settings && json_array_size(curves) < CURVES_MAX; i++) {
        json_t *points = one_curve(s, i, what);
        hf__settings_name(s, i, &name);
        if (json_array_size(points) >= POINTS_MIN)
            json_array_append_new(
                curves, json_pack("{s:s,s:O}", "name", (char *)name.data, "points", points));
        json_decref(points);
    }
    hf_buf_done(&name);
    if (json_array_size(curves) > 0) {
        snprintf(id, sizeof id, "%s-distribution", what);
        json_t *f = hf__report_figure(
            s->report, "quantiles", id, title,
            "Which part took no longer than a time: the mean over the runs of each percentile.",
            "The band is Student's interval (95 %) for that mean, along the time. In each run who "
            "never ended counts as longer than any; where a percentile is such a one, the run is "
            "left out of its mean.");
        json_object_set(f, "curves", curves);
        json_object_set_new(f, "what", json_string(what));
    }
    json_decref(curves);
}

/* ---- The table ---- */

static const char *unit_of(const char *metric)
{
    enum hf__column_kind kind = hf__column_find(metric)->kind;
    return kind == HF__COLUMN_FLAG ? "chance" : kind == HF__COLUMN_TIME ? "us" : "number";
}

static json_t *heading(const struct hf__settings *s)
{
    json_t *columns = json_array();
    for (size_t i = 0; i < s->labels_count; i++)
        json_array_append_new(columns,
                              json_pack("{s:s,s:b}", "name", s->labels[i].name, "text", 1));
    for (size_t i = 0; i < s->metrics; i++) {
        const char *metric = hf__settings_metric(s, i);
        if (strcmp(metric, "ok") != 0)
            json_array_append_new(columns, json_pack("{s:s,s:b,s:s}", "name", metric, "text", 0,
                                                     "unit", unit_of(metric)));
    }
    json_array_append_new(columns,
                          json_pack("{s:s,s:b,s:s}", "name", "runs", "text", 0, "unit", "number"));
    return columns;
}

static json_t *row(const struct hf__settings *s, size_t setting)
{
    json_t *cells = json_array();
    double runs = 0;
    for (size_t i = 0; i < s->labels_count; i++)
        json_array_append_new(cells, json_string(hf__settings_label(s, setting, i)));
    for (size_t i = 0; i < s->metrics; i++) {
        runs = fmax(runs, hf__settings_number(s, setting, i, HF__SETTING_COUNT));
        if (strcmp(hf__settings_metric(s, i), "ok") == 0)
            continue;
        double mean = hf__settings_number(s, setting, i, HF__SETTING_MEAN);
        double low = hf__settings_number(s, setting, i, HF__SETTING_LOW);
        double high = hf__settings_number(s, setting, i, HF__SETTING_HIGH);
        json_array_append_new(cells,
                              json_pack("{s:o,s:o,s:o}", "mean", hf__report_number(mean), "low",
                                        hf__report_number(low), "high", hf__report_number(high)));
    }
    json_array_append_new(cells, json_real(runs));
    return cells;
}

static void table(struct hf__settings *s)
{
    enum { ROWS_MAX = 500 };
    json_t *rows = json_array();
    for (size_t i = 0; i < s->settings && i < ROWS_MAX; i++)
        json_array_append_new(rows, row(s, i));
    if (s->settings > ROWS_MAX)
        hf__report_missing(s->report,
                           "The table has the first %d of %zu settings; settings.csv has all.",
                           ROWS_MAX, s->settings);
    json_array_append_new(s->report->tables,
                          json_pack("{s:o,s:o}", "columns", heading(s), "rows", rows));
}

/* ---- All of it ---- */

/* A line of sweep.txt that begins with a word; "" when there is none. ret_len: without its end. */
static const char *line_of(const char *text, const char *word, size_t *ret_len)
{
    const char *at = strstr(text, word);
    at = at == NULL ? "" : at + strlen(word);
    *ret_len = strcspn(at, "\n");
    return at;
}

/* What sweep.txt says: of which build and study the rows are. */
static bool read_heading(struct hf__settings *s)
{
    struct hf__report *r = s->report;
    char path[4096];
    struct hf_buf file;
    size_t title_len, build_len;
    snprintf(path, sizeof path, "%s/sweep.txt", r->folder);
    hf_buf_init(&file, 1 << 16);
    int error = hf_file_read_regular(path, &file);
    hf_buf_append_u8(&file, 0);
    const char *text = error == 0 ? (const char *)file.data : "";
    const char *title = line_of(text, "\ntitle ", &title_len);
    const char *build = line_of(text, "\nbuild ", &build_len);
    snprintf(r->title, sizeof r->title, "%.*s", (int)title_len, title);
    if (title_len == 0)
        snprintf(r->title, sizeof r->title, "Study in %.200s", r->folder);
    r->title[0] = (char)toupper((unsigned char)r->title[0]);
    snprintf(r->made, sizeof r->made,
             "%zu runs of %zu settings, by holdfast-sim of build %.*s. An interval holds the truth "
             "in 95 of 100 studies.",
             s->runs.rows, s->settings, (int)build_len, build);
    if (build_len == 0)
        snprintf(r->why, HF__WHY_MAX,
                 "%.300s/sweep.txt does not say of which build the rows are: the sweep that made "
                 "them writes it",
                 r->folder);
    hf_buf_done(&file);
    return build_len > 0;
}

static void say_failures(struct hf__settings *s)
{
    size_t ok = hf__table_column(&s->runs, "ok"), bad = 0;
    char text[160];
    for (size_t i = 0; ok != SIZE_MAX && i < s->runs.rows; i++)
        bad += strcmp(hf__table_cell(&s->runs, i, ok), "0") == 0;
    snprintf(text, sizeof text,
             "In %zu of %zu runs a promise was broken, or fewer nodes were ready than had to be.",
             bad, s->runs.rows);
    if (bad > 0)
        json_array_append_new(s->report->bad, json_string(text));
}

bool hf__report_sweep(struct hf__report *r)
{
    struct hf__settings s = {.report = r};
    bool good = hf__settings_read(&s) && read_heading(&s);
    if (good) {
        say_failures(&s);
        table(&s);
        distribution(&s, "recovering", "How long a recovery takes");
        distribution(&s, "placing", "How long placing takes");
        hf__report_levels(&s);
    }
    hf__settings_done(&s);
    return good;
}
