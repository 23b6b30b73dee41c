/* The columns of run.csv, nodes.csv and series.csv: one table of what each is, from columns.def. */
#ifndef HF_SIM_COLUMNS_H
#define HF_SIM_COLUMNS_H

#include "trial/series.h"
#include "trial/trial.h"

#include "base/buf.h"

/* What a run came to, for its row. */
struct hf__run_row {
    const struct hf__scenario *scenario;
    const struct hf__result *result;
    struct hf__record *record; /* its times are sorted when they are asked */
    const char *build;
    struct hf__news_sum news;
};

/* ret->news: given back with hf__run_row_done. The rest is borrowed. */
void hf__run_row_init(struct hf__run_row *ret, const struct hf__scenario *s,
                      const struct hf__result *r, struct hf__record *record, const char *build);
void hf__run_row_done(struct hf__run_row *row);

enum hf__column_kind {
    HF__COLUMN_COUNT,
    HF__COLUMN_TIME,
    HF__COLUMN_REAL,
    HF__COLUMN_FLAG,
    HF__COLUMN_HASH,
    HF__COLUMN_WORD,
};

/* By kind: count, real or word. */
struct hf__value {
    uint64_t count; /* HF__TIME_NONE: there is no such time */
    double real;
    const char *word;
};

struct hf__column {
    const char *name;
    enum hf__column_kind kind;
    bool machine; /* not decided by scenario, seed and build alone */
    struct hf__value (*of)(struct hf__run_row *row);
    const char *doc; /* what it is */
};
extern const struct hf__column hf__run_columns[]; /* a NULL name after the last */

/* NULL: there is none of that name. */
const struct hf__column *hf__column_find(const char *name);
/* Whether its values are numbers, of which a mean says something. */
bool hf__column_counts(const struct hf__column *column);
/* Appends a column's value, as it stands in a CSV file. */
void hf__column_print(const struct hf__column *column, struct hf__run_row *row, struct hf_buf *out);

/* run.csv: a heading and a row. */
void hf__run_row_print(struct hf__run_row *row, FILE *out);
/* nodes.csv: a heading and a row a node. */
void hf__nodes_print(const struct hf__record *r, struct hf_world *w, FILE *out);
/* series.csv: its heading. */
void hf__series_heading_print(FILE *out);
/* And a row of it. */
void hf__series_row_print(const struct hf__series_row *row, FILE *out);

#endif
