/*
 * What a folder of results comes to: figures with their numbers, for one page and for files. All
 * that a figure says is computed here; how it is drawn is for the script of contrib/web.
 */
#ifndef HF_SIM_REPORT_H
#define HF_SIM_REPORT_H

#include "figure/table.h"

#include "base/bytes.h"

#include <stdint.h>

struct hf__report {
    const char *folder;
    const char *build; /* of this program, which reads what others wrote */
    bool node_given, at_given;
    uint64_t node, at_us; /* whose neighbours and messages are shown, and from when */
    json_t *tables, *figures, *missing, *bad;
    char title[256], made[512];
    char why[HF__WHY_MAX];
};

/* Reads a folder of a run or of a sweep. False: r->why says which file is not as it should be, or
 * that there is nothing. The caller sets what is above tables. */
bool hf__report_read(struct hf__report *r);
void hf__report_done(struct hf__report *r);
/* All of it as JSON, from malloc. */
char *hf__report_json(struct hf__report *r);

/* Told each file: its name within the folder, and its content. False ends it. */
typedef bool hf__file_fn(void *ctx, const char *name, struct hf_bytes content);
/* Draws a report. False: why; it is not what was read that is wrong. */
bool hf__report_draw(const char *json, hf__file_fn *file, void *ctx, char why[static HF__WHY_MAX]);

/* ---- Between the files of this chamber ---- */

/* A folder of a sweep: its settings, and its runs. */
bool hf__report_sweep(struct hf__report *r);
/* A folder of a run. */
bool hf__report_run(struct hf__report *r);
/* Its parts: each adds figures, or a sentence on what is missing. False: r->why. nodes: how many
 * there were; end_us: when it ended. */
bool hf__report_series(struct hf__report *r, json_t *faults, uint64_t end_us);
struct hf__story;
bool hf__report_story(struct hf__report *r, const struct hf__table *nodes, uint64_t end_us,
                      struct hf__story *ret);
bool hf__report_talk(struct hf__report *r, const struct hf__story *story);

/* A figure; says: what it shows, how: by what rule. It goes into r. */
json_t *hf__report_figure(struct hf__report *r, const char *type, const char *id, const char *title,
                          const char *says, const char *how);
/* Why there is no figure. */
void hf__report_missing(struct hf__report *r, const char *format, ...) HF_PRINTF(2, 3);
/* A number for a script: null when it is not finite. */
json_t *hf__report_number(double value);

#endif
