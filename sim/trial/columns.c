#include "trial/columns.h"

#include "storage/storage.h"
#include "world/world.h"

#include "base/check.h"

#include <string.h>

/* A node at the end of a run. */
struct hf__node_row {
    uint32_t number;
    const struct hf__node_record *life;
    const struct hf__node *node;
};

static const char *const outcomes[HF__OUTCOMES] = {
    [HF__OUTCOME_UNKNOWN] = "unknown", [HF__OUTCOME_OPEN] = "open", [HF__OUTCOME_LOCKED] = "locked",
    [HF__OUTCOME_DOWN] = "down",       [HF__OUTCOME_LOST] = "lost", [HF__OUTCOME_GONE] = "gone",
};

static struct hf__value of_count(uint64_t count)
{
    return (struct hf__value){.count = count};
}

static struct hf__value of_real(double real)
{
    return (struct hf__value){.real = real};
}

static struct hf__value of_word(const char *word)
{
    return (struct hf__value){.word = word};
}

#define OF_COUNT of_count
#define OF_TIME  of_count
#define OF_FLAG  of_count
#define OF_HASH  of_count
#define OF_REAL  of_real
#define OF_WORD  of_word

#define HF_RUN_COLUMN(name, kind, whose, value, doc)                                               \
    static struct hf__value run_##name(struct hf__run_row *row)                                    \
    {                                                                                              \
        return OF_##kind(value);                                                                   \
    }
#define HF_NODE_COLUMN(name, kind, value, doc)                                                     \
    static struct hf__value node_##name(const struct hf__node_row *row)                            \
    {                                                                                              \
        return OF_##kind(value);                                                                   \
    }
#define HF_SERIES_COLUMN(name, kind, value, doc)                                                   \
    static struct hf__value series_##name(const struct hf__series_row *row)                        \
    {                                                                                              \
        return OF_##kind(value);                                                                   \
    }
#include "trial/columns.def"
#undef HF_RUN_COLUMN
#undef HF_NODE_COLUMN
#undef HF_SERIES_COLUMN

enum { world, machine };

const struct hf__column hf__run_columns[] = {
#define HF_RUN_COLUMN(name, kind, whose, value, doc)                                               \
    {#name, HF__COLUMN_##kind, whose == machine, run_##name, doc},
#define HF_NODE_COLUMN(name, kind, value, doc)
#define HF_SERIES_COLUMN(name, kind, value, doc)
#include "trial/columns.def"
#undef HF_RUN_COLUMN
#undef HF_NODE_COLUMN
#undef HF_SERIES_COLUMN
    {NULL, HF__COLUMN_COUNT, false, NULL, NULL},
};

static const struct {
    const char *name;
    enum hf__column_kind kind;
    struct hf__value (*of)(const struct hf__node_row *row);
} node_columns[] = {
#define HF_RUN_COLUMN(name, kind, whose, value, doc)
#define HF_NODE_COLUMN(name, kind, value, doc) {#name, HF__COLUMN_##kind, node_##name},
#define HF_SERIES_COLUMN(name, kind, value, doc)
#include "trial/columns.def"
#undef HF_RUN_COLUMN
#undef HF_NODE_COLUMN
#undef HF_SERIES_COLUMN
};

static const struct {
    const char *name;
    enum hf__column_kind kind;
    struct hf__value (*of)(const struct hf__series_row *row);
} series_columns[] = {
#define HF_RUN_COLUMN(name, kind, whose, value, doc)
#define HF_NODE_COLUMN(name, kind, value, doc)
#define HF_SERIES_COLUMN(name, kind, value, doc) {#name, HF__COLUMN_##kind, series_##name},
#include "trial/columns.def"
#undef HF_RUN_COLUMN
#undef HF_NODE_COLUMN
#undef HF_SERIES_COLUMN
};

void hf__run_row_init(struct hf__run_row *ret, const struct hf__scenario *s,
                      const struct hf__result *r, struct hf__record *record, const char *build)
{
    *ret = (struct hf__run_row){.scenario = s, .result = r, .record = record, .build = build};
    hf__news_sum(&record->news, &ret->news);
}

void hf__run_row_done(struct hf__run_row *row)
{
    hf__times_done(&row->news.times);
}

const struct hf__column *hf__column_find(const char *name)
{
    for (const struct hf__column *c = hf__run_columns; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

bool hf__column_counts(const struct hf__column *column)
{
    return !column->machine && column->kind != HF__COLUMN_WORD && column->kind != HF__COLUMN_HASH;
}

static void print(enum hf__column_kind kind, struct hf__value value, struct hf_buf *out)
{
    switch (kind) {
    case HF__COLUMN_COUNT:
    case HF__COLUMN_FLAG:
        hf_buf_printf(out, "%llu", (unsigned long long)value.count);
        return;
    case HF__COLUMN_TIME:
        if (value.count != HF__TIME_NONE)
            hf_buf_printf(out, "%llu", (unsigned long long)value.count);
        return;
    case HF__COLUMN_REAL:
        hf_buf_printf(out, "%.3f", value.real);
        return;
    case HF__COLUMN_HASH:
        hf_buf_printf(out, "%016llx", (unsigned long long)value.count);
        return;
    case HF__COLUMN_WORD:
        hf_buf_printf(out, "%s", value.word);
        return;
    }
    hf_unreachable();
}

void hf__column_print(const struct hf__column *column, struct hf__run_row *row, struct hf_buf *out)
{
    print(column->kind, column->of(row), out);
}

enum { LINE_LEN_MAX = 1 << 16 };

void hf__run_row_print(struct hf__run_row *row, FILE *out)
{
    struct hf_buf line;
    hf_buf_init(&line, LINE_LEN_MAX);
    for (const struct hf__column *c = hf__run_columns; c->name != NULL; c++)
        hf_buf_printf(&line, "%s%s", c == hf__run_columns ? "" : ",", c->name);
    hf_buf_printf(&line, "\n");
    for (const struct hf__column *c = hf__run_columns; c->name != NULL; c++) {
        hf_buf_printf(&line, "%s", c == hf__run_columns ? "" : ",");
        hf__column_print(c, row, &line);
    }
    hf_buf_printf(&line, "\n");
    fwrite(line.data, 1, line.len, out);
    hf_buf_done(&line);
}

void hf__nodes_print(const struct hf__record *r, struct hf_world *w, FILE *out)
{
    /* Where memory ended, it may have been for want of a place for the last of them. */
    static const struct hf__node_record nothing;
    struct hf_buf line;
    hf_buf_init(&line, LINE_LEN_MAX);
    for (size_t i = 0; i < HF_ARRAY_LEN(node_columns); i++)
        hf_buf_printf(&line, "%s%s", i == 0 ? "" : ",", node_columns[i].name);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct hf__node_row row = {
            .number = i,
            .life = i < r->nodes_cap ? &r->nodes[i] : &nothing,
            .node = w->nodes[i],
        };
        for (size_t j = 0; j < HF_ARRAY_LEN(node_columns); j++) {
            hf_buf_printf(&line, "%s", j == 0 ? "\n" : ",");
            print(node_columns[j].kind, node_columns[j].of(&row), &line);
        }
        fwrite(line.data, 1, line.len, out);
        hf_buf_clear(&line);
    }
    fputs("\n", out);
    hf_buf_done(&line);
}

void hf__series_heading_print(FILE *out)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(series_columns); i++)
        fprintf(out, "%s%s", i == 0 ? "" : ",", series_columns[i].name);
    fputs("\n", out);
}

void hf__series_row_print(const struct hf__series_row *row, FILE *out)
{
    struct hf_buf line;
    hf_buf_init(&line, LINE_LEN_MAX);
    for (size_t i = 0; i < HF_ARRAY_LEN(series_columns); i++) {
        hf_buf_printf(&line, "%s", i == 0 ? "" : ",");
        print(series_columns[i].kind, series_columns[i].of(row), &line);
    }
    hf_buf_printf(&line, "\n");
    fwrite(line.data, 1, line.len, out);
    hf_buf_done(&line);
}
