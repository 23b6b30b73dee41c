/* What was sent over time, by kind: for each node that runs, and second. */
#include "figure/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The most frequent kinds have a colour each, all others one together. */
enum { KINDS_MAX = 64, SHOWN_MAX = 9 };

struct traffic {
    struct hf__report *report;
    struct hf__table table;
    size_t from_at, span_at, kind_at, nodes_at, requests_at, answers_at, bytes_at;
    const char *kinds[KINDS_MAX];
    double all[KINDS_MAX];
    size_t count, order[KINDS_MAX], place[KINDS_MAX]; /* by how much of it there is */
};

static bool number(const struct traffic *t, size_t row, size_t column, double *ret)
{
    if (!hf__table_number(&t->table, "series.csv", row, column, ret, t->report->why))
        return false;
    if (*ret >= 0)
        return true;
    snprintf(t->report->why, HF__WHY_MAX, "series.csv: line %zu: %s is empty, or below 0",
             t->table.lines[row], t->table.cells[column]);
    return false;
}

static size_t kind_of(const struct traffic *t, size_t row)
{
    size_t i = 0;
    while (i < t->count && strcmp(t->kinds[i], hf__table_cell(&t->table, row, t->kind_at)) != 0)
        i++;
    return i;
}

/* Looks at every number, and which kinds there are. */
static bool look(struct traffic *t)
{
    const size_t columns[] = {t->from_at,     t->span_at,    t->nodes_at,
                              t->requests_at, t->answers_at, t->bytes_at};
    for (size_t row = 0; row < t->table.rows; row++) {
        double value, sum = 0;
        for (size_t i = 0; i < HF_ARRAY_LEN(columns); i++) {
            if (!number(t, row, columns[i], &value))
                return false;
            sum += columns[i] == t->requests_at || columns[i] == t->answers_at ? value : 0;
        }
        size_t kind = kind_of(t, row);
        if (kind == KINDS_MAX) {
            snprintf(t->report->why, HF__WHY_MAX, "series.csv: line %zu: more than %d kinds",
                     t->table.lines[row], KINDS_MAX);
            return false;
        }
        t->kinds[kind] = hf__table_cell(&t->table, row, t->kind_at);
        t->count = kind == t->count ? kind + 1 : t->count;
        t->all[kind] += sum;
    }
    for (size_t i = 0; i < t->count; i++) {
        size_t at = i;
        for (; at > 0 && t->all[t->order[at - 1]] < t->all[i]; at--)
            t->order[at] = t->order[at - 1];
        t->order[at] = i;
    }
    for (size_t i = 0; i < t->count; i++)
        t->place[t->order[i]] = i < SHOWN_MAX ? i : SHOWN_MAX;
    return true;
}

static json_t *names(const struct traffic *t)
{
    json_t *all = json_array();
    for (size_t i = 0; i < t->count && i < SHOWN_MAX; i++)
        json_array_append_new(all, json_string(t->kinds[t->order[i]]));
    if (t->count > SHOWN_MAX)
        json_array_append_new(all, json_string("all others"));
    return all;
}

/* A span's values by kind, as points. */
static void add_span(const struct traffic *t, double from_us, double span_us, const double *sums,
                     json_t *points)
{
    for (size_t i = 0; i <= SHOWN_MAX; i++)
        if (sums[i] > 0)
            json_array_append_new(points,
                                  json_pack("{s:f,s:f,s:i,s:f}", "from_us", from_us, "until_us",
                                            from_us + span_us, "kind", (int)i, "value", sums[i]));
    (void)t;
}

/* What one column or two come to, a node and second. */
static json_t *points(const struct traffic *t, size_t column, size_t other)
{
    json_t *all = json_array();
    double sums[SHOWN_MAX + 1] = {0}, last_us = -1, last_span_us = 0;
    for (size_t row = 0; row < t->table.rows; row++) {
        double from, span, nodes, value, more = 0;
        bool good = number(t, row, t->from_at, &from) && number(t, row, t->span_at, &span) &&
                    number(t, row, t->nodes_at, &nodes) && number(t, row, column, &value) &&
                    (other == SIZE_MAX || number(t, row, other, &more));
        hf_assert(good);
        if (from != last_us && last_us >= 0) {
            add_span(t, last_us, last_span_us, sums, all);
            memset(sums, 0, sizeof sums);
        }
        last_us = from;
        last_span_us = span;
        double per = fmax(nodes, 1) * fmax(span, 1) / 1e6;
        sums[t->place[kind_of(t, row)]] += (value + more) / per;
    }
    if (last_us >= 0)
        add_span(t, last_us, last_span_us, sums, all);
    return all;
}

static void figure(const struct traffic *t, const char *id, const char *title, const char *what,
                   json_t *points, json_t *faults, uint64_t end_us)
{
    json_t *f = hf__report_figure(
        t->report, "series", id, title,
        "What is sent, by kind, one kind upon the other; a line where something is done to the "
        "nodes.",
        "From series.csv: requests and answers together, for each node that runs at the end of a "
        "span, and second.");
    json_t *marks = json_array(), *fault;
    size_t i;
    json_array_foreach(faults, i, fault) json_array_append_new(
        marks, json_pack("{s:O}", "at_us", json_object_get(fault, "from_us")));
    json_object_set_new(f, "what", json_string(what));
    json_object_set_new(f, "kinds", names(t));
    json_object_set_new(f, "points", points);
    json_object_set_new(f, "faults", marks);
    json_object_set_new(f, "end_us", json_integer((json_int_t)end_us));
}

bool hf__report_series(struct hf__report *r, json_t *faults, uint64_t end_us)
{
    struct traffic t = {.report = r};
    enum hf__found found = hf__table_read(r->folder, "series.csv", &t.table, r->why);
    bool good = found != HF__FOUND_WRONG;
    if (found == HF__FOUND_NONE)
        hf__report_missing(r, "Messages and bytes over time: there is no series.csv.");
    if (good && t.table.cut)
        hf__report_missing(r, "A half-written last line of series.csv was left out.");
    t.from_at = hf__table_column(&t.table, "from_us");
    t.span_at = hf__table_column(&t.table, "span_us");
    t.kind_at = hf__table_column(&t.table, "kind");
    t.nodes_at = hf__table_column(&t.table, "nodes");
    t.requests_at = hf__table_column(&t.table, "requests");
    t.answers_at = hf__table_column(&t.table, "answers");
    t.bytes_at = hf__table_column(&t.table, "bytes");
    bool has = t.from_at != SIZE_MAX && t.span_at != SIZE_MAX && t.kind_at != SIZE_MAX &&
               t.nodes_at != SIZE_MAX && t.requests_at != SIZE_MAX && t.answers_at != SIZE_MAX &&
               t.bytes_at != SIZE_MAX;
    if (found == HF__FOUND && !has) {
        snprintf(r->why, HF__WHY_MAX,
                 "%.300s/series.csv: its heading is not that of a run's series", r->folder);
        good = false;
    } else if (found == HF__FOUND) {
        good = look(&t);
    }
    if (found == HF__FOUND && good && t.table.rows == 0)
        hf__report_missing(r, "Messages and bytes over time: none was sent.");
    if (found == HF__FOUND && good && t.table.rows > 0) {
        figure(&t, "messages", "Messages a node over time, by kind", "messages a node and second",
               points(&t, t.requests_at, t.answers_at), faults, end_us);
        figure(&t, "bytes", "Bytes a node over time, by kind", "bytes a node and second",
               points(&t, t.bytes_at, SIZE_MAX), faults, end_us);
    }
    hf__table_done(&t.table);
    return good;
}
