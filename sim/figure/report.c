#include "figure/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool hf__report_read(struct hf__report *r)
{
    char path[4096];
    struct stat st;
    r->tables = json_array();
    r->figures = json_array();
    r->missing = json_array();
    r->bad = json_array();
    snprintf(path, sizeof path, "%s/settings.csv", r->folder);
    bool sweep = stat(path, &st) == 0;
    snprintf(path, sizeof path, "%s/sweep.txt", r->folder);
    sweep = sweep || stat(path, &st) == 0;
    return sweep ? hf__report_sweep(r) : hf__report_run(r);
}

void hf__report_done(struct hf__report *r)
{
    json_decref(r->tables);
    json_decref(r->figures);
    json_decref(r->missing);
    json_decref(r->bad);
    r->tables = r->figures = r->missing = r->bad = NULL;
}

/* A text that was cut, or is a name of a file: without what is no UTF-8 at its end. */
static void trim(char *text)
{
    json_t *whole;
    while ((whole = json_string(text)) == NULL)
        text[strlen(text) - 1] = '\0';
    json_decref(whole);
}

char *hf__report_json(struct hf__report *r)
{
    trim(r->title);
    trim(r->made);
    json_t *all =
        json_pack("{s:s,s:s,s:O,s:O,s:O,s:O}", "title", r->title, "made", r->made, "tables",
                  r->tables, "figures", r->figures, "missing", r->missing, "bad", r->bad);
    hf_assert(all != NULL);
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(10));
    hf_assert(text != NULL);
    json_decref(all);
    return text;
}

json_t *hf__report_figure(struct hf__report *r, const char *type, const char *id, const char *title,
                          const char *says, const char *how)
{
    json_t *figure = json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", type, "id", id, "title", title,
                               "says", says, "how", how);
    hf_assert(figure != NULL && json_array_append_new(r->figures, figure) == 0);
    return figure;
}

void hf__report_missing(struct hf__report *r, const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    hf_assert(json_array_append_new(r->missing, json_string(text)) == 0);
}

json_t *hf__report_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}
