/* What rows come to: which seeds count, what is still to be run, and intervals. */
#include "study/results.h"

#include "base/error.h"
#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text of a field of a row, by its place. */
static const char *field_at(const char *row, size_t place)
{
    bool quoted = false;
    for (; place > 0; row++) {
        quoted = quoted != (*row == '"');
        place -= *row == ',' && !quoted;
    }
    return row;
}

static size_t place_of(const struct hf__results *r, const struct hf__column *metric)
{
    const struct hf__column *columns[HF__STUDY_METRICS_MAX];
    size_t count = hf__study_columns(r->study, columns);
    for (size_t i = 0; i < count; i++)
        if (columns[i] == metric)
            return 2 + hf__study_labels(r->study) + i;
    hf_unreachable();
}

static void add(const struct hf__results *r, size_t run, size_t place, struct hf__sample *ret)
{
    const char *text = field_at(r->rows[run], place);
    if (*text != ',' && *text != '\n')
        hf__sample_add(ret, strtod(text, NULL));
}

struct hf__interval hf__results_interval(const struct hf__column *metric,
                                         const struct hf__sample *sample)
{
    return metric->kind == HF__COLUMN_FLAG ? hf__interval_chance(sample)
                                           : hf__interval_mean(sample);
}

static bool narrow(const struct hf__stopping *stop, const struct hf__sample *sample)
{
    struct hf__interval i = hf__results_interval(hf__column_find(stop->metric), sample);
    double wanted = stop->width > 0 ? stop->width : stop->relative * fabs(sample->mean);
    return i.high - i.low <= wanted;
}

/* Whether the study may stop after so many seeds, if its interval allows. */
static bool is_look(const struct hf__stopping *stop, size_t seeds)
{
    return seeds >= stop->least && (seeds - stop->least) % stop->every == 0;
}

size_t hf__results_seeds(const struct hf__results *r, size_t setting)
{
    const struct hf__stopping *stop = r->study->stop;
    struct hf__sample sample = {0};
    size_t first = setting * r->seeds;
    size_t place = stop == NULL ? 0 : place_of(r, hf__column_find(stop->metric));
    for (size_t i = 0; i < r->seeds; i++) {
        if (r->rows[first + i] == NULL)
            return 0;
        if (stop == NULL)
            continue;
        add(r, first + i, place, &sample);
        if (is_look(stop, i + 1) && narrow(stop, &sample))
            return i + 1;
    }
    return r->seeds;
}

bool hf__results_whole(const struct hf__results *r)
{
    for (size_t i = 0; i < r->settings; i++)
        if (hf__results_seeds(r, i) == 0)
            return false;
    return true;
}

/* Before which seed this shard stops to look at what there is: after the first that it has to run,
 * the next look; all, where the study never stops before. */
static size_t horizon(const struct hf__results *r, size_t setting)
{
    size_t first = setting * r->seeds, at = 0;
    if (r->study->stop == NULL)
        return r->seeds;
    while (at < r->seeds &&
           (r->rows[first + at] != NULL || (first + at) % r->shards != r->shard - 1))
        at++;
    do
        at++;
    while (at < r->seeds && !is_look(r->study->stop, at));
    return at < r->seeds ? at : r->seeds;
}

size_t hf__results_next(const struct hf__results *r, size_t **ret)
{
    size_t count = 0;
    size_t *runs = malloc((r->settings * r->seeds - r->count + 1) * sizeof *runs);
    size_t *until = calloc(r->settings, sizeof *until);
    hf_assert(runs != NULL && until != NULL);
    for (size_t i = 0; i < r->settings; i++)
        until[i] = hf__results_seeds(r, i) == 0 ? horizon(r, i) : 0;
    /* By seed: what is there early says something of every setting. */
    for (size_t seed = 0; seed < r->seeds; seed++) {
        for (size_t i = 0; i < r->settings; i++) {
            size_t run = i * r->seeds + seed;
            if (seed < until[i] && r->rows[run] == NULL && run % r->shards == r->shard - 1)
                runs[count++] = run;
        }
    }
    free(until);
    *ret = runs;
    return count;
}

void hf__results_sample(const struct hf__results *r, size_t setting,
                        const struct hf__column *metric, struct hf__sample *ret)
{
    size_t place = place_of(r, metric), seeds = hf__results_seeds(r, setting);
    *ret = (struct hf__sample){0};
    for (size_t i = 0; i < seeds; i++)
        add(r, setting * r->seeds + i, place, ret);
}

size_t hf__results_failed(const struct hf__results *r)
{
    size_t place = place_of(r, hf__column_find("ok")), count = 0;
    for (size_t i = 0; i < r->settings * r->seeds; i++)
        count += r->rows[i] != NULL && *field_at(r->rows[i], place) == '0';
    return count;
}

/* ---- Files ---- */

static void put_number(double value, struct hf_buf *out)
{
    if (isfinite(value))
        hf_buf_printf(out, ",%.9g", value);
    else
        hf_buf_printf(out, ",");
}

static void put_setting(const struct hf__results *r, size_t setting, struct hf_buf *out)
{
    const struct hf__column *columns[HF__STUDY_METRICS_MAX];
    size_t count = hf__study_columns(r->study, columns);
    for (size_t i = 0; i < count; i++) {
        struct hf__sample sample;
        if (!hf__column_counts(columns[i]))
            continue;
        hf__results_sample(r, setting, columns[i], &sample);
        struct hf__interval interval = hf__results_interval(columns[i], &sample);
        hf_buf_printf(out, "%zu", setting);
        for (size_t j = 0; j < hf__study_labels(r->study); j++) {
            hf_buf_printf(out, ",");
            hf__csv_text(hf__study_label_of(r->study, setting, j), out);
        }
        hf_buf_printf(out, ",%s,%llu", columns[i]->name, (unsigned long long)sample.count);
        put_number(sample.count > 0 ? sample.mean : INFINITY, out);
        put_number(interval.low, out);
        put_number(interval.high, out);
        put_number(sample.count > 0 ? sample.least : INFINITY, out);
        put_number(sample.count > 0 ? sample.most : INFINITY, out);
        hf_buf_printf(out, "\n");
    }
}

static bool replace(struct hf__results *r, const char *name, const struct hf_buf *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", r->folder, name);
    int error = text->error != 0 ? text->error : hf_file_replace(path, hf_buf_bytes(text), 0666);
    if (error != 0)
        snprintf(r->why, sizeof r->why, "%.300s/%s: %s", r->folder, name, hf_error_sentence(error));
    return error == 0;
}

bool hf__results_write(struct hf__results *r)
{
    struct hf_buf runs, settings;
    hf_buf_init(&runs, (size_t)1 << 34);
    hf_buf_init(&settings, (size_t)1 << 30);
    hf_buf_append(&runs, r->heading.data, r->heading.len);
    hf_buf_printf(&settings, "setting");
    for (size_t i = 0; i < hf__study_labels(r->study); i++) {
        hf_buf_printf(&settings, ",");
        hf__csv_text(hf__study_label(r->study, i), &settings);
    }
    hf_buf_printf(&settings, ",metric,count,mean,low,high,least,most\n");
    for (size_t i = 0; i < r->settings; i++) {
        size_t seeds = hf__results_seeds(r, i);
        for (size_t j = 0; j < seeds; j++)
            hf_buf_append(&runs, r->rows[i * r->seeds + j], strlen(r->rows[i * r->seeds + j]));
        put_setting(r, i, &settings);
    }
    bool good = replace(r, "runs.csv", &runs) && replace(r, "settings.csv", &settings);
    hf_buf_done(&runs);
    hf_buf_done(&settings);
    return good;
}
