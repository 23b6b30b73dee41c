/* Files of results as they are read back: tables of CSV, and lines of JSON. */
#ifndef HF_SIM_TABLE_H
#define HF_SIM_TABLE_H

#include "base/check.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HF__WHY_MAX = 512, HF__TABLE_COLUMNS_MAX = 200, HF__RESULTS_LEN_MAX = 1 << 30 };

/* A heading, and rows of as many fields each; all texts point into one. */
struct hf__table {
    char *text;
    const char **cells; /* the heading, then row by row */
    size_t *lines;      /* of each row, at which line of the file it begins */
    size_t columns, rows;
    bool cut; /* a last line without its end was left out */
};

/* What became of a file that was asked for. */
enum hf__found {
    HF__FOUND,
    HF__FOUND_NONE,  /* there is no such file */
    HF__FOUND_WRONG, /* it is not what it should be: why says so by line */
};

/* Reads folder/name. ret: given back with hf__table_done, whatever is returned. */
enum hf__found hf__table_read(const char *folder, const char *name, struct hf__table *ret,
                              char why[static HF__WHY_MAX]);
void hf__table_done(struct hf__table *t);
/* The number of a column; SIZE_MAX: it has none of that name. */
size_t hf__table_column(const struct hf__table *t, const char *name);
/* A field's text; rows are numbered from 0, without the heading. */
const char *hf__table_cell(const struct hf__table *t, size_t row, size_t column);
/*
 * A field as a number, NAN when it is empty or there is no such column. False: it is neither a
 * number nor empty, and why says where.
 */
bool hf__table_number(const struct hf__table *t, const char *name, size_t row, size_t column,
                      double *ret, char why[static HF__WHY_MAX]);

/* Told each line, which is an object; false ends the reading, with why set. */
typedef bool hf__line_fn(void *ctx, const json_t *line, char why[static HF__WHY_MAX]);
/* Reads folder/name line by line. *ret_cut: a last line without its end was left out. */
enum hf__found hf__lines_read(const char *folder, const char *name, hf__line_fn *line, void *ctx,
                              bool *ret_cut, char why[static HF__WHY_MAX]);
/* A member that is a whole number from 0 to max; fallback where it is none. */
uint64_t hf__line_number(const json_t *line, const char *member, uint64_t max, uint64_t fallback);
/* A member that is a text; "" where it is none. */
const char *hf__line_text(const json_t *line, const char *member);

#endif
