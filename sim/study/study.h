/*
 * A study: a scenario, settings in which it runs, seeds, and what is asked of each run. Settings
 * are numbered from 0: of those that are listed the first comes first, and for each of them every
 * combination of the grid, whose first field changes slowest. A row is a setting with a seed.
 */
#ifndef HF_SIM_STUDY_H
#define HF_SIM_STUDY_H

#include "study/interval.h"
#include "trial/columns.h"

enum {
    HF__SETTINGS_MAX = 10000,
    HF__STUDY_RUNS_MAX = 1 << 24,
    HF__STUDY_SETS_MAX = 48, /* assignments of one setting */
    HF__STUDY_LABELS_MAX = 9,
    HF__STUDY_METRICS_MAX = 64,
};

typedef HF_CONFIG_LIST_OF(const char *) hf__texts;

/* A field of the scenario, and what it is set to. */
struct hf__axis {
    const char *field, *name; /* name "": the field's */
    hf__texts values;
};

struct hf__listed {
    const char *name;
    hf__texts set; /* "field=value" */
};

/* When no further seeds of a setting are run. */
struct hf__stopping {
    const char *metric;
    double width, relative; /* of the interval: as it is, or as a share of the mean; 0: not asked */
    uint64_t least, every;  /* seeds before it is looked at, and between looks */
};

struct hf__study {
    const char *title, *scenario;
    hf__texts set, metrics;
    HF_CONFIG_LIST_OF(struct hf__listed) settings;
    HF_CONFIG_LIST_OF(struct hf__axis) grid;
    uint64_t seeds, first_seed;
    struct hf__stopping *stop; /* NULL: all seeds are run */
};

extern const struct hf_config_schema hf__study_schema;

/* How many settings there are. */
size_t hf__study_settings(const struct hf__study *s);
/* The assignments of a setting, in the order in which they are made: those of all settings, those
 * of the listed one, the grid's. Each is written into ret, which is cleared, with a zero between;
 * returns how many there are. */
size_t hf__study_assignments(const struct hf__study *s, size_t setting, struct hf_buf *ret);
/* What tells settings apart in a row: how many, the name of each, and its value in a setting. */
size_t hf__study_labels(const struct hf__study *s);
const char *hf__study_label(const struct hf__study *s, size_t label);
const char *hf__study_label_of(const struct hf__study *s, size_t setting, size_t label);
/* The columns of a run that a row has, in order: those asked for, then `ok` and `trace_hash`. */
size_t hf__study_columns(const struct hf__study *s, const struct hf__column **ret);

/* The heading of rows, with its end of line; and a row. ret: appended to. */
void hf__study_heading(const struct hf__study *s, struct hf_buf *ret);
void hf__study_row(const struct hf__study *s, size_t setting, struct hf__run_row *row,
                   struct hf_buf *ret);
/* Appends a field of CSV, in quotes where it needs them. */
void hf__csv_text(const char *text, struct hf_buf *ret);

#endif
