/* The timeline of a run: which node was in which state when, what was done to them, and who keeps
 * whose shares at the end. */
#include "figure/story.h"

#include "scenario/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPANS = 300, LANES_MAX = 40, BARS_MAX = 6000, FAULTS_MAX = 12, NODES_MAX = 1 << 21 };

static const char *const states[] = {
#define HF_STATE(constant, name, ...) name,
#include "core/states.def"
#undef HF_STATE
    "down",
};
enum { STATES = HF_ARRAY_LEN(states), DOWN = STATES - 1, STARTING = 0 };

struct node {
    uint8_t state;
    bool started, there;
    uint64_t since_us;
};

struct telling {
    struct hf__report *report;
    struct hf__story *story;
    struct node *nodes;
    size_t count;
    uint64_t end_us;
    double (*spent)[STATES]; /* by span: nodes times microseconds */
    json_t *bars;            /* NULL: too many nodes for a bar each */
};

/* A node was in its state from when it came to it until now. */
static void spend(struct telling *t, size_t node, uint64_t until_us)
{
    struct node *n = &t->nodes[node];
    uint64_t span = t->end_us / SPANS + 1;
    if (until_us > t->end_us)
        until_us = t->end_us;
    for (uint64_t at = n->since_us; at < until_us;) {
        size_t i = (size_t)(at / span);
        uint64_t next = (i + 1) * span < until_us ? (i + 1) * span : until_us;
        t->spent[i][n->state] += (double)(next - at);
        at = next;
    }
    if (t->bars != NULL && until_us > n->since_us && json_array_size(t->bars) < BARS_MAX)
        json_array_append_new(t->bars, json_pack("{s:I,s:I,s:I,s:i}", "node", (json_int_t)node,
                                                 "from_us", (json_int_t)n->since_us, "until_us",
                                                 (json_int_t)until_us, "state", n->state));
    n->since_us = until_us;
}

static void enter(struct telling *t, size_t node, size_t state, uint64_t now_us)
{
    spend(t, node, now_us);
    t->nodes[node].state = (uint8_t)state;
}

static size_t state_number(const char *name)
{
    size_t i = 0;
    while (i < STATES && strcmp(states[i], name) != 0)
        i++;
    return i;
}

/* ---- Faults ---- */

static void fault_begins(struct telling *t, const json_t *line, uint64_t now_us)
{
    char label[120];
    const char *name = hf__line_text(line, "fault");
    uint64_t count = hf__line_number(line, "count", NODES_MAX, 0);
    if (json_array_size(t->story->faults) >= FAULTS_MAX)
        return;
    const json_t *first = json_array_get(json_object_get(line, "nodes"), 0);
    if (count == 1)
        snprintf(label, sizeof label, "%.80s: n%lld", name, (long long)json_integer_value(first));
    else if (count > 1)
        snprintf(label, sizeof label, "%.80s: %llu nodes", name, (unsigned long long)count);
    else
        snprintf(label, sizeof label, "%.80s", name);
    json_array_append_new(t->story->faults, json_pack("{s:s,s:s,s:I,s:I,s:b}", "label", label,
                                                      "fault", name, "from_us", (json_int_t)now_us,
                                                      "until_us", (json_int_t)now_us, "open", 1));
}

static bool lasts(const char *name)
{
    int kind = 0;
    while (kind < HF__ACTIONS && strcmp(hf__action_name(kind), name) != 0)
        kind++;
    return hf__action_lasts(kind);
}

/* Ends the first of its name that has not ended. */
static void fault_ends(struct telling *t, const json_t *line, uint64_t now_us)
{
    size_t i;
    json_t *fault;
    json_array_foreach(t->story->faults, i, fault)
    {
        if (!json_is_true(json_object_get(fault, "open")) ||
            strcmp(hf__line_text(fault, "fault"), hf__line_text(line, "fault")) != 0)
            continue;
        /* What happens at one moment has its end with the run's. */
        if (lasts(hf__line_text(line, "fault")))
            json_object_set_new(fault, "until_us", json_integer((json_int_t)now_us));
        json_object_set_new(fault, "open", json_false());
        return;
    }
}

/* ---- Lines ---- */

static void node_line(struct telling *t, const json_t *line, size_t node, uint64_t now_us)
{
    struct node *n = &t->nodes[node];
    const char *what = hf__line_text(line, "what");
    if (strcmp(what, "start") == 0) {
        if (n->started && !t->story->restarted && !t->story->violated) {
            t->story->restarted = true;
            t->story->at_us = now_us;
            t->story->node = (uint32_t)node;
        }
        n->started = true;
        enter(t, node, STARTING, now_us);
    } else if (strcmp(what, "crash") == 0) {
        enter(t, node, DOWN, now_us);
    } else if (strcmp(what, "state") == 0) {
        size_t state = state_number(hf__line_text(line, "state"));
        if (state < STATES)
            enter(t, node, state, now_us);
    } else if (strcmp(what, "violation") == 0) {
        t->story->violated = true;
        t->story->at_us = now_us;
        t->story->node = (uint32_t)node;
    }
}

static bool told(void *ctx, const json_t *line, char why[static HF__WHY_MAX])
{
    struct telling *t = ctx;
    uint64_t now_us = hf__line_number(line, "at_us", INT64_MAX, UINT64_MAX);
    uint64_t node = hf__line_number(line, "node", NODES_MAX, UINT64_MAX);
    const char *what = hf__line_text(line, "what");
    if (now_us == UINT64_MAX) {
        snprintf(why, HF__WHY_MAX, "%.300s/timeline.jsonl: a line without its time, at_us",
                 t->report->folder);
        return false;
    }
    if (node < t->count)
        node_line(t, line, (size_t)node, now_us);
    else if (strcmp(what, "begin") == 0)
        fault_begins(t, line, now_us);
    else if (strcmp(what, "end") == 0)
        fault_ends(t, line, now_us);
    return true;
}

/* ---- Figures ---- */

/* The states that there were, in the order of their table, and each one's number among them. */
static json_t *states_there(const struct telling *t, int ret_number[static STATES])
{
    json_t *names = json_array();
    for (size_t state = 0; state < STATES; state++) {
        double all = 0;
        for (size_t i = 0; i < SPANS; i++)
            all += t->spent[i][state];
        ret_number[state] = (int)json_array_size(names);
        if (all > 0)
            json_array_append_new(names, json_string(states[state]));
    }
    return names;
}

static void states_figure(struct telling *t)
{
    int number[STATES];
    json_t *names = states_there(t, number), *points = json_array();
    uint64_t span = t->end_us / SPANS + 1;
    for (size_t i = 0; i < SPANS; i++) {
        uint64_t from = i * span, until = from + span < t->end_us ? from + span : t->end_us;
        for (size_t state = 0; state < STATES && from < until; state++)
            if (t->spent[i][state] > 0)
                json_array_append_new(
                    points, json_pack("{s:I,s:I,s:i,s:f}", "from_us", (json_int_t)from, "until_us",
                                      (json_int_t)until, "state", number[state], "nodes",
                                      t->spent[i][state] / (double)(until - from)));
    }
    json_t *f = hf__report_figure(
        t->report, "states", "states", "States of the nodes over time",
        "How many nodes are in which state, and above it what is done to them.",
        "From timeline.jsonl; within a span of a three-hundredth of the run, the mean over time.");
    json_object_set(f, "states", names);
    json_object_set_new(f, "points", points);
    json_object_set(f, "faults", t->story->faults);
    json_object_set_new(f, "nodes", json_integer((json_int_t)t->count));
    json_object_set_new(f, "end_us", json_integer((json_int_t)t->end_us));
    json_t *bar;
    size_t i;
    if (t->bars != NULL && json_array_size(t->bars) < BARS_MAX) {
        json_array_foreach(t->bars, i, bar) json_object_set_new(
            bar, "state", json_integer(number[json_integer_value(json_object_get(bar, "state"))]));
        f = hf__report_figure(t->report, "lanes", "lanes", "Each node over time",
                              "A line for each node, coloured by its state; a line down where "
                              "something is done to the nodes.",
                              "From timeline.jsonl.");
        json_object_set(f, "states", names);
        json_object_set(f, "bars", t->bars);
        json_object_set(f, "faults", t->story->faults);
        json_object_set_new(f, "nodes", json_integer((json_int_t)t->count));
        json_object_set_new(f, "end_us", json_integer((json_int_t)t->end_us));
    }
    json_decref(names);
}

/* ---- Whose shares a node keeps, and who keeps its own ---- */

struct pair {
    uint64_t other, generation;
    bool holds; /* the other keeps a share of the node; otherwise the node one of the other */
};

struct meshing {
    struct hf__report *report;
    uint64_t node;
    struct pair *pairs;
    size_t count, cap;
};

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list != NULL && strcmp(text, *list) != 0)
        list++;
    return *list != NULL;
}

static bool shared(void *ctx, const json_t *line, char why[static HF__WHY_MAX])
{
    static const char *const gives[] = {"share_stored", "share_taken", "share_restored", NULL};
    struct meshing *m = ctx;
    uint64_t holder = hf__line_number(line, "node", NODES_MAX, UINT64_MAX);
    uint64_t owner = hf__line_number(line, "peer", NODES_MAX, UINT64_MAX);
    uint64_t generation = hf__line_number(line, "a", UINT64_MAX, 0);
    const char *what = hf__line_text(line, "what");
    bool given = is_one_of(what, gives), taken = strcmp(what, "share_deleted") == 0;
    (void)why;
    if ((!given && !taken) || owner == UINT64_MAX || (holder != m->node && owner != m->node))
        return true;
    bool holds = owner == m->node;
    uint64_t other = holds ? holder : owner;
    size_t i = 0;
    while (i < m->count && (m->pairs[i].other != other || m->pairs[i].holds != holds))
        i++;
    if (i == m->count && given) {
        if (m->count == m->cap) {
            m->cap = m->cap == 0 ? 64 : 2 * m->cap;
            m->pairs = realloc(m->pairs, m->cap * sizeof *m->pairs);
            hf_assert(m->pairs != NULL);
        }
        m->pairs[m->count++] = (struct pair){other, generation, holds};
    } else if (i < m->count && given && generation > m->pairs[i].generation) {
        m->pairs[i].generation = generation;
    } else if (i < m->count && taken && generation >= m->pairs[i].generation) {
        m->pairs[i] = m->pairs[--m->count];
    }
    return true;
}

static int by_other(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->other < y->other ? -1 : x->other > y->other;
}

static const char *state_at(const struct hf__table *nodes, uint64_t node)
{
    size_t column = hf__table_column(nodes, "state");
    return column == SIZE_MAX || node >= nodes->rows ? "down"
                                                     : hf__table_cell(nodes, (size_t)node, column);
}

static bool mesh(struct hf__report *r, const struct hf__table *nodes, uint64_t node)
{
    enum { SIDE_MAX = 30 };
    char title[80];
    bool cut;
    struct meshing m = {.report = r, .node = node};
    bool good = hf__lines_read(r->folder, "timeline.jsonl", shared, &m, &cut, r->why) == HF__FOUND;
    if (m.count > 0)
        qsort(m.pairs, m.count, sizeof *m.pairs, by_other);
    json_t *sides[2] = {json_array(), json_array()};
    for (size_t i = 0; i < m.count; i++)
        if (json_array_size(sides[m.pairs[i].holds]) < SIDE_MAX)
            json_array_append_new(sides[m.pairs[i].holds],
                                  json_pack("{s:I,s:s}", "node", (json_int_t)m.pairs[i].other,
                                            "state", state_at(nodes, m.pairs[i].other)));
    if (good && m.count == 0)
        hf__report_missing(r, "The mesh around n%llu: it has no share placed, and keeps none.",
                           (unsigned long long)node);
    if (good && m.count > 0) {
        snprintf(title, sizeof title, "The mesh around n%llu", (unsigned long long)node);
        json_t *f = hf__report_figure(
            r, "mesh", "mesh", title,
            "At the right who keeps its shares at the end of the run, at the left whose shares it "
            "keeps; an arrow goes the way of a share, and a colour is a node's state.",
            "From timeline.jsonl; at most 30 on a side. Another node: --node.");
        json_object_set_new(f, "node", json_integer((json_int_t)node));
        json_object_set_new(f, "state", json_string(state_at(nodes, node)));
        json_object_set(f, "owners", sides[0]);
        json_object_set(f, "holders", sides[1]);
    }
    json_decref(sides[0]);
    json_decref(sides[1]);
    free(m.pairs);
    return good;
}

bool hf__report_story(struct hf__report *r, const struct hf__table *nodes, uint64_t end_us,
                      struct hf__story *ret)
{
    bool cut;
    struct telling t = {.report = r, .story = ret, .count = nodes->rows, .end_us = end_us};
    t.nodes = calloc(t.count + 1, sizeof *t.nodes);
    t.spent = calloc(SPANS, sizeof *t.spent);
    t.bars = t.count <= LANES_MAX ? json_array() : NULL;
    hf_assert(t.nodes != NULL && t.spent != NULL);
    for (size_t i = 0; i < t.count; i++)
        t.nodes[i].state = DOWN;
    enum hf__found found = hf__lines_read(r->folder, "timeline.jsonl", told, &t, &cut, r->why);
    bool good = found != HF__FOUND_WRONG;
    if (found == HF__FOUND_NONE)
        hf__report_missing(r, "States, faults and the mesh: there is no timeline.jsonl.");
    if (good && cut)
        hf__report_missing(r, "A half-written last line of timeline.jsonl was left out.");
    for (size_t i = 0; i < t.count; i++)
        spend(&t, i, end_us);
    if (found == HF__FOUND && end_us > 0)
        states_figure(&t);
    free(t.nodes);
    free(t.spent);
    json_decref(t.bars);
    return good && (found == HF__FOUND_NONE || mesh(r, nodes, r->node_given ? r->node : ret->node));
}
