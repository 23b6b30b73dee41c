/* The settings of a study as its folder has them: what was varied, and where a figure has it. */
#ifndef HF_SIM_REPORT_SETTINGS_H
#define HF_SIM_REPORT_SETTINGS_H

#include "figure/report.h"

#include "study/study.h"

enum { HF__NO_LABEL = 99 };

/* What tells settings apart: a column of labels, and its values in the order in which they come. */
struct hf__label {
    const char *name;
    const char **values;
    size_t count;
    bool number; /* each value is a number with one and the same unit behind it */
    char unit[16];
};

/* A field of settings.csv behind the metric. */
enum hf__setting_field {
    HF__SETTING_COUNT = 1,
    HF__SETTING_MEAN,
    HF__SETTING_LOW,
    HF__SETTING_HIGH
};

/* settings.csv has a row for each metric of each setting, in one order: row i is of setting
 * i / metrics and metric i % metrics. */
struct hf__settings {
    struct hf__report *report;
    struct hf__table table, runs;
    size_t metrics, settings;
    size_t metric_at; /* the column of a metric's name */
    struct hf__label *labels;
    size_t labels_count;
    size_t x, group, facet; /* labels that stand along, as a colour, as a row; or HF__NO_LABEL */
    char **groups;          /* names of colours; what no other place shows is joined to them */
    size_t groups_count;
    size_t *group_of; /* by setting */
    size_t *run_of;   /* by row of runs.csv: its setting */
};

/* Reads both files. False: report->why. Given back with hf__settings_done all the same. */
bool hf__settings_read(struct hf__settings *s);
void hf__settings_done(struct hf__settings *s);
/* A label of a setting, and where it is among the values. */
const char *hf__settings_label(const struct hf__settings *s, size_t setting, size_t label);
/* A number of a metric of a setting; NAN: there is none. */
double hf__settings_number(const struct hf__settings *s, size_t setting, size_t metric,
                           enum hf__setting_field field);
/* The name of a metric. */
const char *hf__settings_metric(const struct hf__settings *s, size_t metric);
/* Where a setting stands along a figure, by its number or its place among the values. */
double hf__settings_x(const struct hf__settings *s, size_t setting);
/* In which row of one. */
size_t hf__settings_facet(const struct hf__settings *s, size_t setting);
/* What tells it from the others, as "down 20%, name 3, 2". ret: cleared, and a zero at its end. */
void hf__settings_name(const struct hf__settings *s, size_t setting, struct hf_buf *ret);
/* Reads "20%", "1s" or "7" as a number and a unit. */
bool hf__settings_value(const char *text, double *ret, char ret_unit[static 16]);

/* A figure for each metric: its mean by what was varied. */
void hf__report_levels(struct hf__settings *s);

#endif
