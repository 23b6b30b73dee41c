#include "study/study.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define FIELD(type_, c_type, member_, name_, ...)                                                  \
    {                                                                                              \
        .name = name_, .type = type_, HF_CONFIG_AT(c_type, member_), __VA_ARGS__                   \
    }

typedef struct hf__axis axis;
typedef struct hf__listed listed;
typedef struct hf__stopping stopping;
typedef struct hf__study study;

enum { TEXT_LEN_MAX = 200, NAME_LEN_MAX = 64 };

static const struct hf_config_field assignment =
    HF_CONFIG_ITEM("assignment", HF_CONFIG_STRING, const char *, .max = TEXT_LEN_MAX);
static const struct hf_config_field value =
    HF_CONFIG_ITEM("value", HF_CONFIG_STRING, const char *, .max = TEXT_LEN_MAX);
static const struct hf_config_field metric =
    HF_CONFIG_ITEM("metric", HF_CONFIG_STRING, const char *, .max = NAME_LEN_MAX);

static const struct hf_config_field axis_fields[] = {
    FIELD(HF_CONFIG_STRING, axis, field, "field", .required = true, .max = NAME_LEN_MAX,
          .doc = "A field of the scenario, as network.loss or events[0].share."),
    FIELD(HF_CONFIG_STRING, axis, name, "name", .default_text = "", .max = NAME_LEN_MAX,
          .doc = "The heading of its column; without it, the field."),
    FIELD(HF_CONFIG_LIST, axis, values, "values", .required = true, .item = &value, .min = 1,
          .max = HF__SETTINGS_MAX, .doc = "What it is set to, one after the other."),
};
static const struct hf_config_schema axis_schema = HF_CONFIG_SCHEMA(axis, axis_fields, NULL);
static const struct hf_config_field axis_item =
    HF_CONFIG_ITEM("field", HF_CONFIG_MAP, axis, .schema = &axis_schema);

static const struct hf_config_field listed_fields[] = {
    FIELD(HF_CONFIG_STRING, listed, name, "name", .required = true, .max = NAME_LEN_MAX,
          .doc = "How rows call it."),
    FIELD(HF_CONFIG_LIST, listed, set, "set", .required = true, .item = &assignment, .max = 32,
          .doc = "What it changes, as policy.shares=7."),
};
static const struct hf_config_schema listed_schema = HF_CONFIG_SCHEMA(listed, listed_fields, NULL);
static const struct hf_config_field listed_item =
    HF_CONFIG_ITEM("setting", HF_CONFIG_MAP, listed, .schema = &listed_schema);

static const struct hf_config_field stopping_fields[] = {
    FIELD(HF_CONFIG_STRING, stopping, metric, "metric", .required = true, .max = NAME_LEN_MAX,
          .doc = "The metric whose interval is looked at."),
    FIELD(HF_CONFIG_NUMBER, stopping, width, "width", .default_text = "0", .number_max = 1e15,
          .doc = "From the interval's low end to its high one, in the metric's own unit."),
    FIELD(HF_CONFIG_NUMBER, stopping, relative, "relative", .default_text = "0", .number_max = 100,
          .doc = "The same as a share of the mean."),
    FIELD(HF_CONFIG_UINT, stopping, least, "least", .default_text = "20", .min = 2,
          .max = HF__STUDY_RUNS_MAX, .doc = "So many seeds are run in any case."),
    FIELD(HF_CONFIG_UINT, stopping, every, "every", .default_text = "10", .min = 1,
          .max = HF__STUDY_RUNS_MAX, .doc = "Then so many before each further look."),
};

static void check_stopping(const void *at, const struct hf_config_where *where)
{
    const stopping *s = at;
    const struct hf__column *c = hf__column_find(s->metric);
    if ((s->width > 0) == (s->relative > 0))
        hf_config_refuse(where, "width", "a width above 0, or relative instead");
    if (c == NULL || !hf__column_counts(c))
        hf_config_refuse(where, "metric", "a metric that is a number: see holdfast-sim(1)");
}
static const struct hf_config_schema stopping_schema =
    HF_CONFIG_SCHEMA(stopping, stopping_fields, check_stopping);

static const struct hf_config_field study_fields[] = {
    FIELD(HF_CONFIG_STRING, study, title, "title", .required = true, .max = TEXT_LEN_MAX,
          .doc = "What is asked, in one line."),
    FIELD(HF_CONFIG_PATH, study, scenario, "scenario", .required = true,
          .doc = "The scenario, from the folder of this file."),
    FIELD(HF_CONFIG_LIST, study, set, "set", .item = &assignment, .max = 32,
          .doc = "What is changed in it for all settings, as crypto=model."),
    FIELD(HF_CONFIG_LIST, study, settings, "settings", .item = &listed_item,
          .max = HF__SETTINGS_MAX, .doc = "Settings one by one, each with a name."),
    FIELD(HF_CONFIG_LIST, study, grid, "grid", .item = &axis_item, .max = HF__STUDY_LABELS_MAX - 1,
          .doc = "Fields of which every combination is run, in each of the settings."),
    FIELD(HF_CONFIG_UINT, study, seeds, "seeds", .required = true, .min = 1,
          .max = HF__STUDY_RUNS_MAX, .doc = "Seeds of each setting; the same ones in all."),
    FIELD(HF_CONFIG_UINT, study, first_seed, "first_seed", .default_text = "1",
          .max = INT64_MAX / 2, .doc = "The first of them."),
    FIELD(HF_CONFIG_LIST, study, metrics, "metrics", .required = true, .item = &metric, .min = 1,
          .max = HF__STUDY_METRICS_MAX - 2,
          .doc = "Columns of run.csv that do not depend on the machine: see holdfast-sim(1)."),
    FIELD(HF_CONFIG_MAP_PTR, study, stop, "stop", .schema = &stopping_schema,
          .doc = "When a setting needs no further seed."),
};

/* ---- What is wrong beyond single fields ---- */

static void check_metrics(const study *s, const struct hf_config_where *where)
{
    char path[48];
    for (size_t i = 0; i < s->metrics.count; i++) {
        const struct hf__column *c = hf__column_find(s->metrics.items[i]);
        snprintf(path, sizeof path, "metrics[%zu]", i);
        if (c == NULL)
            hf_config_refuse(where, path, "a column of run.csv: see holdfast-sim(1)");
        else if (c->machine)
            hf_config_refuse(where, path, "%s depends on the machine, and rows must not", c->name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(s->metrics.items[i], s->metrics.items[j]) == 0)
                hf_config_refuse(where, path, "each metric once");
    }
}

static void check_labels(const study *s, const struct hf_config_where *where)
{
    char path[48];
    const struct hf__column *columns[HF__STUDY_METRICS_MAX];
    size_t columns_count = hf__study_columns(s, columns);
    size_t listed_ones = s->settings.count > 0;
    for (size_t i = listed_ones; i < hf__study_labels(s); i++) {
        const char *name = hf__study_label(s, i);
        snprintf(path, sizeof path, "grid[%zu].name", i - listed_ones);
        bool taken = strcmp(name, "setting") == 0 || strcmp(name, "seed") == 0;
        for (size_t j = 0; j < columns_count; j++)
            taken = taken || (columns[j] != NULL && strcmp(name, columns[j]->name) == 0);
        for (size_t j = 0; j < i; j++)
            taken = taken || strcmp(name, hf__study_label(s, j)) == 0;
        if (taken)
            hf_config_refuse(where, path, "another name than any other column's");
    }
    for (size_t i = 0; i < s->settings.count; i++) {
        snprintf(path, sizeof path, "settings[%zu].name", i);
        for (size_t j = 0; j < i; j++)
            if (strcmp(s->settings.items[i].name, s->settings.items[j].name) == 0)
                hf_config_refuse(where, path, "a name of its own");
    }
}

static void check_study(const void *at, const struct hf_config_where *where)
{
    const study *s = at;
    size_t settings = hf__study_settings(s);
    check_metrics(s, where);
    check_labels(s, where);
    if (settings > HF__SETTINGS_MAX)
        hf_config_refuse(where, "grid", "at most %d settings in all", HF__SETTINGS_MAX);
    else if (settings * s->seeds > HF__STUDY_RUNS_MAX)
        hf_config_refuse(where, "seeds", "at most %d runs in all", HF__STUDY_RUNS_MAX);
}

const struct hf_config_schema hf__study_schema = HF_CONFIG_SCHEMA(study, study_fields, check_study);

/* ---- Settings ---- */

static size_t combinations(const study *s)
{
    size_t count = 1;
    for (size_t i = 0; i < s->grid.count && count <= HF__SETTINGS_MAX; i++)
        count *= s->grid.items[i].values.count;
    return count;
}

size_t hf__study_settings(const struct hf__study *s)
{
    return (s->settings.count == 0 ? 1 : s->settings.count) * combinations(s);
}

/* What a field of the grid is set to in a setting. */
static const char *value_of(const study *s, size_t setting, size_t field)
{
    size_t at = setting % combinations(s), inner = 1;
    for (size_t i = s->grid.count; i-- > field + 1;)
        inner *= s->grid.items[i].values.count;
    const hf__texts *values = &s->grid.items[field].values;
    return values->items[at / inner % values->count];
}

static const listed *listed_of(const study *s, size_t setting)
{
    return s->settings.count == 0 ? NULL : &s->settings.items[setting / combinations(s)];
}

static size_t put(const hf__texts *texts, struct hf_buf *ret)
{
    for (size_t i = 0; i < texts->count; i++)
        hf_buf_append(ret, texts->items[i], strlen(texts->items[i]) + 1);
    return texts->count;
}

size_t hf__study_assignments(const struct hf__study *s, size_t setting, struct hf_buf *ret)
{
    const listed *l = listed_of(s, setting);
    hf_buf_clear(ret);
    size_t count = put(&s->set, ret);
    if (l != NULL)
        count += put(&l->set, ret);
    for (size_t i = 0; i < s->grid.count; i++, count++) {
        hf_buf_printf(ret, "%s=%s", s->grid.items[i].field, value_of(s, setting, i));
        hf_buf_append_u8(ret, 0);
    }
    return count;
}

size_t hf__study_labels(const struct hf__study *s)
{
    return (s->settings.count > 0) + s->grid.count;
}

const char *hf__study_label(const struct hf__study *s, size_t label)
{
    size_t listed_ones = s->settings.count > 0;
    if (label < listed_ones)
        return "name";
    const axis *a = &s->grid.items[label - listed_ones];
    return a->name[0] != '\0' ? a->name : a->field;
}

const char *hf__study_label_of(const struct hf__study *s, size_t setting, size_t label)
{
    size_t listed_ones = s->settings.count > 0;
    return label < listed_ones ? listed_of(s, setting)->name
                               : value_of(s, setting, label - listed_ones);
}

/* ---- Rows ---- */

size_t hf__study_columns(const struct hf__study *s, const struct hf__column **ret)
{
    static const char *const always[] = {"ok", "trace_hash"};
    size_t count = 0;
    for (size_t i = 0; i < s->metrics.count; i++) {
        bool last = false;
        for (size_t j = 0; j < HF_ARRAY_LEN(always); j++)
            last = last || strcmp(s->metrics.items[i], always[j]) == 0;
        if (!last)
            ret[count++] = hf__column_find(s->metrics.items[i]);
    }
    for (size_t j = 0; j < HF_ARRAY_LEN(always); j++)
        ret[count++] = hf__column_find(always[j]);
    return count;
}

void hf__csv_text(const char *text, struct hf_buf *ret)
{
    bool quotes = strpbrk(text, ",\"\r\n") != NULL;
    hf_buf_printf(ret, "%s", quotes ? "\"" : "");
    for (; *text != '\0'; text++)
        hf_buf_printf(ret, "%s%c", *text == '"' ? "\"" : "", *text);
    hf_buf_printf(ret, "%s", quotes ? "\"" : "");
}

void hf__study_heading(const struct hf__study *s, struct hf_buf *ret)
{
    const struct hf__column *columns[HF__STUDY_METRICS_MAX];
    size_t count = hf__study_columns(s, columns);
    hf_buf_printf(ret, "setting,seed");
    for (size_t i = 0; i < hf__study_labels(s); i++) {
        hf_buf_printf(ret, ",");
        hf__csv_text(hf__study_label(s, i), ret);
    }
    for (size_t i = 0; i < count; i++)
        hf_buf_printf(ret, ",%s", columns[i]->name);
    hf_buf_printf(ret, "\n");
}

void hf__study_row(const struct hf__study *s, size_t setting, struct hf__run_row *row,
                   struct hf_buf *ret)
{
    const struct hf__column *columns[HF__STUDY_METRICS_MAX];
    size_t count = hf__study_columns(s, columns);
    hf_buf_printf(ret, "%zu,%llu", setting, (unsigned long long)row->scenario->world.seed);
    for (size_t i = 0; i < hf__study_labels(s); i++) {
        hf_buf_printf(ret, ",");
        hf__csv_text(hf__study_label_of(s, setting, i), ret);
    }
    for (size_t i = 0; i < count; i++) {
        hf_buf_printf(ret, ",");
        hf__column_print(columns[i], row, ret);
    }
    hf_buf_printf(ret, "\n");
}
