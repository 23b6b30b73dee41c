#include "figure/settings.h"

#include "base/error.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACETS_MAX = 6 };

static const char *const last_columns[] = {"metric", "count", "mean", "low",
                                           "high",   "least", "most"};

const char *hf__settings_label(const struct hf__settings *s, size_t setting, size_t label)
{
    return hf__table_cell(&s->table, setting * s->metrics, 1 + label);
}

const char *hf__settings_metric(const struct hf__settings *s, size_t metric)
{
    return hf__table_cell(&s->table, metric, s->metric_at);
}

double hf__settings_number(const struct hf__settings *s, size_t setting, size_t metric,
                           enum hf__setting_field field)
{
    double value;
    char why[HF__WHY_MAX];
    bool good = hf__table_number(&s->table, "", setting * s->metrics + metric, s->metric_at + field,
                                 &value, why);
    hf_assert(good); /* every one was read before */
    return value;
}

/* ---- What was varied ---- */

static size_t value_number(const struct hf__label *l, const char *text)
{
    size_t i = 0;
    while (i < l->count && strcmp(l->values[i], text) != 0)
        i++;
    return i;
}

bool hf__settings_value(const char *text, double *ret, char ret_unit[static 16])
{
    char *end;
    *ret = strtod(text, &end);
    size_t len = strlen(end);
    bool begins = isdigit((unsigned char)text[0]) != 0 || text[0] == '-' || text[0] == '.';
    if (end == text || !isfinite(*ret) || len >= 16 || !begins)
        return false;
    for (size_t i = 0; i < len; i++)
        if (isalpha((unsigned char)end[i]) == 0 && end[i] != '%')
            return false;
    memcpy(ret_unit, end, len + 1);
    return true;
}

static void read_label(const struct hf__settings *s, size_t label, struct hf__label *ret)
{
    double number;
    ret->name = s->table.cells[1 + label];
    ret->values = calloc(s->settings + 1, sizeof *ret->values);
    hf_assert(ret->values != NULL);
    for (size_t i = 0; i < s->settings; i++) {
        const char *text = hf__settings_label(s, i, label);
        if (value_number(ret, text) == ret->count)
            ret->values[ret->count++] = text;
    }
    ret->number = ret->count > 1;
    for (size_t i = 0; i < ret->count && ret->number; i++) {
        char unit[16];
        ret->number = hf__settings_value(ret->values[i], &number, unit) &&
                      (i == 0 || strcmp(unit, ret->unit) == 0);
        if (ret->number)
            memcpy(ret->unit, unit, sizeof unit);
    }
    if (!ret->number)
        ret->unit[0] = '\0';
}

/* Along the figure the last that is a number, or the last with several values; a colour for the
 * next, a row for a third with few. */
static void lay_out(struct hf__settings *s)
{
    s->x = s->group = s->facet = HF__NO_LABEL;
    for (size_t i = s->labels_count; i-- > 0;)
        if (s->labels[i].number && s->x == HF__NO_LABEL)
            s->x = i;
    for (size_t i = s->labels_count; i-- > 0;)
        if (s->labels[i].count > 1 && s->x == HF__NO_LABEL)
            s->x = i;
    for (size_t i = 0; i < s->labels_count; i++) {
        if (i == s->x || s->labels[i].count < 2)
            continue;
        if (s->group == HF__NO_LABEL)
            s->group = i;
        else if (s->facet == HF__NO_LABEL && s->labels[i].count <= FACETS_MAX)
            s->facet = i;
    }
}

double hf__settings_x(const struct hf__settings *s, size_t setting)
{
    char unit[16];
    double number;
    if (s->x == HF__NO_LABEL)
        return 0;
    const struct hf__label *l = &s->labels[s->x];
    const char *text = hf__settings_label(s, setting, s->x);
    return l->number && hf__settings_value(text, &number, unit) ? number
                                                                : (double)value_number(l, text);
}

size_t hf__settings_facet(const struct hf__settings *s, size_t setting)
{
    return s->facet == HF__NO_LABEL
               ? 0
               : value_number(&s->labels[s->facet], hf__settings_label(s, setting, s->facet));
}

void hf__settings_name(const struct hf__settings *s, size_t setting, struct hf_buf *ret)
{
    hf_buf_clear(ret);
    for (size_t i = 0; i < s->labels_count; i++)
        if (s->labels[i].count > 1)
            hf_buf_printf(ret, "%s%s %s", ret->len == 0 ? "" : ", ", s->labels[i].name,
                          hf__settings_label(s, setting, i));
    hf_buf_append_u8(ret, 0);
}

/* The name of a setting's colour: a bare number says of what it is. */
static void group_name(const struct hf__settings *s, size_t setting, struct hf_buf *ret)
{
    hf_buf_clear(ret);
    for (size_t i = 0; i < s->labels_count; i++) {
        const struct hf__label *l = &s->labels[i];
        if (i == s->x || i == s->facet || l->count < 2)
            continue;
        hf_buf_printf(ret, "%s%s%s%s", ret->len > 0 ? "; " : "", l->number ? l->name : "",
                      l->number ? " " : "", hf__settings_label(s, setting, i));
    }
    hf_buf_append_u8(ret, 0);
}

static void number_groups(struct hf__settings *s)
{
    struct hf_buf name;
    hf_buf_init(&name, 1 << 16);
    for (size_t setting = 0; setting < s->settings; setting++) {
        size_t i = 0;
        group_name(s, setting, &name);
        while (i < s->groups_count && strcmp(s->groups[i], (char *)name.data) != 0)
            i++;
        if (i == s->groups_count) {
            s->groups[i] = strdup((char *)name.data);
            hf_assert(s->groups[i] != NULL);
            s->groups_count++;
        }
        s->group_of[setting] = i;
    }
    hf_buf_done(&name);
}

/* ---- Reading ---- */

static bool heading_is_right(struct hf__settings *s)
{
    const struct hf__table *t = &s->table;
    size_t others = 1 + HF_ARRAY_LEN(last_columns);
    bool right = t->columns >= others && t->columns - others <= HF__STUDY_LABELS_MAX &&
                 strcmp(t->cells[0], "setting") == 0 && t->rows > 0;
    for (size_t i = 0; right && i < HF_ARRAY_LEN(last_columns); i++)
        right = strcmp(t->cells[t->columns - HF_ARRAY_LEN(last_columns) + i], last_columns[i]) == 0;
    s->metric_at = t->columns - HF_ARRAY_LEN(last_columns);
    s->labels_count = right ? t->columns - others : 0;
    if (!right)
        snprintf(
            s->report->why, HF__WHY_MAX,
            "%.300s/settings.csv: it is not what a sweep writes: the same sweep writes it anew",
            s->report->folder);
    return right;
}

static bool refuse(const struct hf__settings *s, size_t row, const char *text)
{
    snprintf(s->report->why, HF__WHY_MAX, "%.300s/settings.csv: line %zu: %s", s->report->folder,
             s->table.lines[row], text);
    return false;
}

/* A row is where it should be, of a metric that there is, and its numbers are numbers. */
static bool row_is_right(const struct hf__settings *s, size_t row)
{
    const struct hf__table *t = &s->table;
    size_t first = row - row % s->metrics;
    double number;
    char *end;
    if (hf__column_find(hf__table_cell(t, row, s->metric_at)) == NULL)
        return refuse(s, row, "a metric that this program does not have: it is of another build");
    if (strtoul(hf__table_cell(t, row, 0), &end, 10) != row / s->metrics || *end != '\0' ||
        strcmp(hf__table_cell(t, row, s->metric_at),
               hf__table_cell(t, row % s->metrics, s->metric_at)) != 0)
        return refuse(s, row, "not the setting or metric that comes here");
    for (size_t i = 0; i < s->labels_count; i++)
        if (strcmp(hf__table_cell(t, row, 1 + i), hf__table_cell(t, first, 1 + i)) != 0)
            return refuse(s, row, "not the labels of this setting");
    for (size_t i = 1; i < HF_ARRAY_LEN(last_columns); i++)
        if (!hf__table_number(t, "settings.csv", row, s->metric_at + i, &number, s->report->why))
            return false;
    return true;
}

static bool settings_are_right(struct hf__settings *s)
{
    const struct hf__table *t = &s->table;
    while (s->metrics < t->rows &&
           strcmp(hf__table_cell(t, s->metrics, 0), hf__table_cell(t, 0, 0)) == 0)
        s->metrics++;
    if (t->rows % s->metrics != 0)
        return refuse(s, t->rows - 1, "the last setting has not all metrics");
    s->settings = t->rows / s->metrics;
    for (size_t row = 0; row < t->rows; row++)
        if (!row_is_right(s, row))
            return false;
    return true;
}

/* Every metric of every run is a number or empty, and of a setting that there is. */
static bool runs_are_right(struct hf__settings *s)
{
    const struct hf__table *t = &s->runs;
    size_t setting_at = hf__table_column(t, "setting");
    double number = NAN;
    s->run_of = calloc(t->rows + 1, sizeof *s->run_of);
    hf_assert(s->run_of != NULL);
    for (size_t row = 0; row < t->rows; row++) {
        if (!hf__table_number(t, "runs.csv", row, setting_at, &number, s->report->why))
            return false;
        if (!(number >= 0 && number < (double)s->settings)) {
            snprintf(s->report->why, HF__WHY_MAX,
                     "%.300s/runs.csv: line %zu is of a setting that settings.csv has not",
                     s->report->folder, t->lines[row]);
            return false;
        }
        s->run_of[row] = (size_t)number;
        for (size_t i = 0; i < s->metrics; i++)
            if (!hf__table_number(t, "runs.csv", row,
                                  hf__table_column(t, hf__settings_metric(s, i)), &number,
                                  s->report->why))
                return false;
    }
    return true;
}

bool hf__settings_read(struct hf__settings *s)
{
    struct hf__report *r = s->report;
    enum hf__found found = hf__table_read(r->folder, "settings.csv", &s->table, r->why);
    if (found == HF__FOUND_NONE)
        snprintf(r->why, HF__WHY_MAX,
                 "%.300s: the study is not whole yet: the same sweep goes on, and writes "
                 "settings.csv at its end",
                 r->folder);
    if (found != HF__FOUND || !heading_is_right(s) || !settings_are_right(s) ||
        hf__table_read(r->folder, "runs.csv", &s->runs, r->why) != HF__FOUND || !runs_are_right(s))
        return false;
    s->labels = calloc(s->labels_count + 1, sizeof *s->labels);
    s->groups = calloc(s->settings + 1, sizeof *s->groups);
    s->group_of = calloc(s->settings + 1, sizeof *s->group_of);
    hf_assert(s->labels != NULL && s->groups != NULL && s->group_of != NULL);
    for (size_t i = 0; i < s->labels_count; i++)
        read_label(s, i, &s->labels[i]);
    lay_out(s);
    number_groups(s);
    return true;
}

void hf__settings_done(struct hf__settings *s)
{
    for (size_t i = 0; i < s->groups_count; i++)
        free(s->groups[i]);
    for (size_t i = 0; s->labels != NULL && i < s->labels_count; i++)
        free(s->labels[i].values);
    free(s->groups);
    free(s->group_of);
    free(s->run_of);
    free(s->labels);
    hf__table_done(&s->table);
    hf__table_done(&s->runs);
}
