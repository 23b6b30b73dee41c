/* Each metric of a study by what was varied, with the intervals of settings.csv. */
#include "figure/settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DOTS_MAX = 4000 };

static const struct {
    const char *metric, *title;
} titles[] = {
    {"all_open", "Percolation: does every node come back?"},
    {"nodes_open", "Percolation: how many nodes are open at the end"},
    {"any_lost", "The chance that a node is lost"},
    {"any_locked", "The chance that a node stays locked"},
    {"nodes_lost", "How many nodes are lost"},
    {"nodes_locked", "How many nodes stay locked"},
    {"kept_balance", "Balance of shares, beside what chance makes of it"},
};

static json_t *points(const struct hf__settings *s, size_t metric)
{
    json_t *all = json_array();
    struct hf_buf name;
    hf_buf_init(&name, 1 << 16);
    for (size_t i = 0; i < s->settings; i++) {
        hf__settings_name(s, i, &name);
        json_array_append_new(
            all,
            json_pack("{s:f,s:i,s:i,s:o,s:o,s:o,s:f,s:s}", "x", hf__settings_x(s, i), "group",
                      (int)s->group_of[i], "facet", (int)hf__settings_facet(s, i), "mean",
                      hf__report_number(hf__settings_number(s, i, metric, HF__SETTING_MEAN)), "low",
                      hf__report_number(hf__settings_number(s, i, metric, HF__SETTING_LOW)), "high",
                      hf__report_number(hf__settings_number(s, i, metric, HF__SETTING_HIGH)),
                      "count", hf__settings_number(s, i, metric, HF__SETTING_COUNT), "label",
                      (char *)name.data));
    }
    hf_buf_done(&name);
    return all;
}

/* Each run as a dot; of very many every so many-th. */
static json_t *dots(const struct hf__settings *s, const char *metric)
{
    json_t *all = json_array();
    size_t column = hf__table_column(&s->runs, metric);
    for (size_t i = 0; column != SIZE_MAX && i < s->runs.rows; i += s->runs.rows / DOTS_MAX + 1) {
        char why[HF__WHY_MAX];
        double value;
        size_t setting = s->run_of[i];
        if (hf__table_number(&s->runs, "", i, column, &value, why) && isfinite(value))
            json_array_append_new(all,
                                  json_pack("{s:f,s:i,s:i,s:f}", "x", hf__settings_x(s, setting),
                                            "group", (int)s->group_of[setting], "facet",
                                            (int)hf__settings_facet(s, setting), "value", value));
    }
    return all;
}

static json_t *texts(const char *const *items, size_t count)
{
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, json_string(items[i]));
    return all;
}

static json_t *x_axis(const struct hf__settings *s)
{
    if (s->x == HF__NO_LABEL)
        return json_pack("{s:s,s:b,s:s,s:[s]}", "name", "", "number", 0, "unit", "", "values",
                         "all runs");
    const struct hf__label *l = &s->labels[s->x];
    json_t *values = json_array();
    for (size_t i = 0; i < l->count; i++) {
        char unit[16];
        double number;
        bool is = l->number && hf__settings_value(l->values[i], &number, unit);
        json_array_append_new(values, is ? json_real(number) : json_string(l->values[i]));
    }
    return json_pack("{s:s,s:b,s:s,s:o}", "name", l->name, "number", l->number, "unit", l->unit,
                     "values", values);
}

static void figure(struct hf__settings *s, size_t metric)
{
    const char *name = hf__settings_metric(s, metric), *title = name;
    const struct hf__column *c = hf__column_find(name);
    bool chance = c->kind == HF__COLUMN_FLAG, balance = strcmp(name, "kept_balance") == 0;
    const struct hf__label *facet = s->facet == HF__NO_LABEL ? NULL : &s->labels[s->facet];
    char says[800];
    for (size_t i = 0; i < HF_ARRAY_LEN(titles); i++)
        title = strcmp(titles[i].metric, name) == 0 ? titles[i].title : title;
    snprintf(says, sizeof says, "%s: %.700s.", name, c->doc);
    json_t *f = hf__report_figure(
        s->report, "levels", name, title, says,
        chance ? "The part of the runs, with Wilson's interval for the chance (95 %)."
               : "The mean over the runs with Student's interval for it (95 %), and each run as a "
                 "dot.");
    const char *unit = chance ? "chance" : c->kind == HF__COLUMN_TIME ? "us" : "number";
    json_object_set_new(f, "metric", json_string(name));
    json_object_set_new(f, "unit", json_string(unit));
    json_object_set_new(f, "x", x_axis(s));
    json_object_set_new(f, "groups", texts((const char *const *)s->groups, s->groups_count));
    json_object_set_new(f, "facets",
                        facet == NULL ? json_pack("[s]", "") : texts(facet->values, facet->count));
    json_object_set_new(f, "facet_name", json_string(facet == NULL ? "" : facet->name));
    json_object_set_new(f, "points", points(s, metric));
    json_object_set_new(f, "runs", chance ? json_array() : dots(s, name));
    json_object_set_new(f, "zero", json_boolean(!balance));
    if (balance)
        json_object_set_new(f, "reference", json_real(1));
}

void hf__report_levels(struct hf__settings *s)
{
    for (size_t i = 0; i < s->metrics; i++)
        if (strcmp(hf__settings_metric(s, i), "ok") != 0)
            figure(s, i);
}
