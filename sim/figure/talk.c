/* The messages around an event: of one node and of those it talks with, from sent to arrived. */
#include "figure/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OWN_MAX = 40, LANES_MAX = 10, ARROWS_MAX = 150, METHODS_MAX = 10, NAME_MAX_LEN = 40 };
#define OUTSIDE UINT64_MAX

struct arrow {
    uint64_t call, from, to, sent_us, arrived_us; /* 0: it has not arrived */
    bool answer;
    size_t method;
    char outcome[NAME_MAX_LEN];
};

struct talk {
    const struct hf__report *report;
    uint64_t node, at_us;
    bool before; /* what led to it, and not what followed */
    /* The first reading: between when, and who. */
    uint64_t own_us[OWN_MAX];
    size_t own;
    uint64_t lanes[LANES_MAX];
    size_t lanes_count;
    uint64_t from_us, until_us;
    /* The second. */
    struct arrow arrows[ARROWS_MAX];
    size_t count;
    char methods[METHODS_MAX][NAME_MAX_LEN];
    size_t methods_count;
};

static bool is_between(const struct talk *t, const json_t *line, uint64_t *ret_from,
                       uint64_t *ret_to)
{
    *ret_from = hf__line_number(line, "from", 1 << 21, OUTSIDE);
    *ret_to = hf__line_number(line, "to", 1 << 21, OUTSIDE);
    (void)t;
    return json_object_get(line, "method") != NULL &&
           strcmp(hf__line_text(line, "method"), "datagram") != 0;
}

/* Remembers the times of the node's messages: the first from the event on, or the last up to it. */
static bool own_times(void *ctx, const json_t *line, char why[static HF__WHY_MAX])
{
    struct talk *t = ctx;
    uint64_t from, to, now_us = hf__line_number(line, "at_us", INT64_MAX, UINT64_MAX);
    if (now_us == UINT64_MAX) {
        snprintf(why, HF__WHY_MAX, "%.300s/messages.jsonl: a line without its time, at_us",
                 t->report->folder);
        return false;
    }
    if (!is_between(t, line, &from, &to) || (from != t->node && to != t->node) ||
        (t->before ? now_us > t->at_us : now_us < t->at_us))
        return true;
    if (t->own == OWN_MAX && t->before) {
        memmove(t->own_us, t->own_us + 1, (OWN_MAX - 1) * sizeof *t->own_us);
        t->own--;
    }
    if (t->own < OWN_MAX)
        t->own_us[t->own++] = now_us;
    return true;
}

/* Whether a node has a place in the figure, or gets one. */
static bool take_lane(struct talk *t, uint64_t node)
{
    size_t i = 0;
    while (i < t->lanes_count && t->lanes[i] != node)
        i++;
    if (i == LANES_MAX)
        return false;
    t->lanes[i] = node;
    t->lanes_count = i == t->lanes_count ? i + 1 : t->lanes_count;
    return true;
}

static size_t method_number(struct talk *t, const char *name)
{
    size_t i = 0;
    while (i < t->methods_count && strcmp(t->methods[i], name) != 0)
        i++;
    if (i == METHODS_MAX - 1)
        name = "all others";
    if (i >= METHODS_MAX)
        return METHODS_MAX - 1;
    snprintf(t->methods[i], NAME_MAX_LEN, "%.30s", name);
    t->methods_count = i == t->methods_count ? i + 1 : t->methods_count;
    return i;
}

static void arrive(struct talk *t, const json_t *line, uint64_t now_us)
{
    uint64_t call = hf__line_number(line, "call", UINT64_MAX, 0);
    bool answer = strcmp(hf__line_text(line, "arrived"), "answer") == 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->arrows[i].call == call && t->arrows[i].answer == answer &&
            t->arrows[i].arrived_us == 0)
            t->arrows[i].arrived_us = now_us;
}

static bool take_arrow(void *ctx, const json_t *line, char why[static HF__WHY_MAX])
{
    struct talk *t = ctx;
    uint64_t from, to, now_us = hf__line_number(line, "at_us", INT64_MAX, 0);
    (void)why;
    if (json_object_get(line, "arrived") != NULL)
        arrive(t, line, now_us);
    if (!is_between(t, line, &from, &to) || now_us < t->from_us || now_us > t->until_us)
        return true;
    bool own = from == t->node || to == t->node;
    if (t->count == ARROWS_MAX || !own || !take_lane(t, from) || !take_lane(t, to))
        return true;
    struct arrow *a = &t->arrows[t->count++];
    const char *outcome = hf__line_text(line, "outcome");
    *a = (struct arrow){
        .call = hf__line_number(line, "call", UINT64_MAX, 0),
        .from = from,
        .to = to,
        .sent_us = now_us,
        .answer = outcome[0] != '\0',
        .method = method_number(t, hf__line_text(line, "method")),
    };
    snprintf(a->outcome, sizeof a->outcome, "%.30s", outcome);
    return true;
}

static json_t *arrows(const struct talk *t, uint64_t *ret_until_us)
{
    json_t *all = json_array();
    for (size_t i = 0; i < t->count; i++) {
        const struct arrow *a = &t->arrows[i];
        uint64_t end = a->arrived_us > 0 ? a->arrived_us : a->sent_us;
        *ret_until_us = end > *ret_until_us ? end : *ret_until_us;
        json_array_append_new(
            all,
            json_pack("{s:I,s:I,s:I,s:o,s:i,s:s}", "from",
                      a->from == OUTSIDE ? (json_int_t)-1 : (json_int_t)a->from, "to",
                      a->to == OUTSIDE ? (json_int_t)-1 : (json_int_t)a->to, "sent_us",
                      (json_int_t)a->sent_us, "arrived_us",
                      a->arrived_us > 0 ? json_integer((json_int_t)a->arrived_us) : json_null(),
                      "method", (int)a->method, "outcome", a->outcome));
    }
    return all;
}

static void figure(struct hf__report *r, const struct talk *t, const char *event)
{
    char title[160], says[300];
    uint64_t until_us = t->until_us + 1;
    json_t *lanes = json_array(), *methods = json_array(), *all = arrows(t, &until_us);
    snprintf(title, sizeof title, "Messages of n%llu %s %s", (unsigned long long)t->node,
             t->before ? "up to" : "from", event);
    snprintf(says, sizeof says,
             "Time runs down; an arrow goes from when a message was sent to when it arrived, a "
             "cross is one that did not arrive. The first %zu of n%llu, with up to %d others.",
             t->count, (unsigned long long)t->node, LANES_MAX - 1);
    for (size_t i = 0; i < t->lanes_count; i++)
        json_array_append_new(lanes,
                              json_integer(t->lanes[i] == OUTSIDE ? -1 : (json_int_t)t->lanes[i]));
    for (size_t i = 0; i < t->methods_count; i++)
        json_array_append_new(methods, json_string(t->methods[i]));
    json_t *f = hf__report_figure(r, "lamport", "talk", title, says,
                                  "From messages.jsonl, without datagrams. Another node or time: "
                                  "--node, --at.");
    json_t *marks = json_array();
    if (t->at_us >= t->from_us && t->at_us <= until_us)
        json_array_append_new(marks, json_pack("{s:I,s:I,s:s}", "node", (json_int_t)t->node,
                                               "at_us", (json_int_t)t->at_us, "text", event));
    json_object_set_new(f, "nodes", lanes);
    json_object_set_new(f, "methods", methods);
    json_object_set_new(f, "arrows", all);
    json_object_set_new(f, "marks", marks);
    json_object_set_new(f, "from_us", json_integer((json_int_t)t->from_us));
    json_object_set_new(f, "until_us", json_integer((json_int_t)until_us));
}

bool hf__report_talk(struct hf__report *r, const struct hf__story *story)
{
    bool cut, event = !r->at_given && (!r->node_given || r->node == story->node);
    struct talk *t = calloc(1, sizeof *t);
    hf_assert(t != NULL);
    t->report = r;
    t->node = r->node_given ? r->node : story->node;
    t->at_us = r->at_given ? r->at_us : story->at_us;
    t->before = event && story->violated;
    enum hf__found found = hf__lines_read(r->folder, "messages.jsonl", own_times, t, &cut, r->why);
    if (found == HF__FOUND_NONE)
        hf__report_missing(r, "A diagram of messages: there is no messages.jsonl, which run writes "
                              "with --messages.");
    else if (found == HF__FOUND && t->own == 0)
        hf__report_missing(r, "A diagram of messages: n%llu has none there.",
                           (unsigned long long)t->node);
    if (found == HF__FOUND && cut)
        hf__report_missing(r, "A half-written last line of messages.jsonl was left out.");
    if (found == HF__FOUND && t->own > 0) {
        t->lanes[t->lanes_count++] = t->node;
        t->from_us = t->before || t->at_us > t->own_us[0] ? t->own_us[0] : t->at_us;
        t->until_us = t->own_us[t->own - 1];
        found = hf__lines_read(r->folder, "messages.jsonl", take_arrow, t, &cut, r->why);
        figure(r, t,
               t->before                   ? "a broken promise"
               : event && story->restarted ? "its restart"
               : r->at_given               ? "--at"
                                           : "the beginning");
    }
    free(t);
    return found != HF__FOUND_WRONG;
}
