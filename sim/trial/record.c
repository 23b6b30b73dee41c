#include "trial/trial.h"

#include "world/world.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

void hf__record_init(struct hf__record *r, FILE *timeline)
{
    *r = (struct hf__record){.timeline = timeline};
    hf__news_init(&r->news);
}

void hf__record_done(struct hf__record *r)
{
    free(r->nodes);
    hf__times_done(&r->placing);
    hf__times_done(&r->recovering);
    hf__times_done(&r->noticing);
    hf__news_done(&r->news);
}

static struct hf__node_record *of(struct hf__record *r, uint32_t node)
{
    if (node >= r->nodes_cap) {
        size_t cap = node < 16 ? 32 : (size_t)node * 2;
        r->nodes = realloc(r->nodes, cap * sizeof *r->nodes);
        hf_assert(r->nodes != NULL);
        memset(r->nodes + r->nodes_cap, 0, (cap - r->nodes_cap) * sizeof *r->nodes);
        r->nodes_cap = cap;
    }
    return &r->nodes[node];
}

/*
 * A line of the timeline while it is written. Each node has many lines: printf would cost more
 * than the simulator itself does for what they tell.
 */
struct line {
    char bytes[512];
    size_t len;
};

static void text(struct line *l, const char *s)
{
    size_t len = strlen(s);
    hf_assert(len <= sizeof l->bytes - l->len);
    memcpy(l->bytes + l->len, s, len);
    l->len += len;
}

static void number(struct line *l, uint64_t v)
{
    char digits[21], *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    text(l, at);
}

/* A member after others, of a text that needs no escape. */
static void member(struct line *l, const char *name, const char *value)
{
    text(l, ",\"");
    text(l, name);
    text(l, "\":\"");
    text(l, value);
    text(l, "\"");
}

static void member_number(struct line *l, const char *name, uint64_t value)
{
    text(l, ",\"");
    text(l, name);
    text(l, "\":");
    number(l, value);
}

static void begin(struct line *l, const struct hf__record *r, uint32_t node, const char *what)
{
    l->len = 0;
    text(l, "{\"at_us\":");
    number(l, r->world->now_us);
    member_number(l, "node", node);
    member(l, "what", what);
}

static void end(struct line *l, struct hf__record *r)
{
    text(l, "}\n");
    fwrite(l->bytes, 1, l->len, r->timeline);
}

/* A line with nothing more. */
static void simple(struct hf__record *r, uint32_t node, const char *what)
{
    struct line l;
    if (r->timeline == NULL)
        return;
    begin(&l, r, node, what);
    end(&l, r);
}

/* A row of lives.csv; took_us HF__TIME_NONE: it did not come to that. */
static void life(const struct hf__record *r, uint32_t node, const char *what, uint64_t took_us,
                 const char *end)
{
    if (r->lives == NULL)
        return;
    fprintf(r->lives, "%u,%s,%llu,", node, what, (unsigned long long)r->nodes[node].started_us);
    if (took_us != HF__TIME_NONE)
        fprintf(r->lives, "%llu", (unsigned long long)took_us);
    fprintf(r->lives, ",%s\n", end);
}

static void started(void *ctx, struct hf_world *w, uint32_t node)
{
    struct hf__record *r = ctx;
    struct hf__node_record *n = of(r, node);
    n->starts++;
    n->started_us = w->now_us;
    n->ready_us = 0;
    n->unlocked_us = 0;
    r->noticing.cut += n->dead && !n->noticed;
    n->dead = false;
    n->restarted = hf__node(w, node)->disk.vault == HF_VAULT_PLACED;
    simple(r, node, "start");
}

/* What a node was about that runs no more, or whose time is over: placing or recovering. */
static void unfinished(struct hf__record *r, uint32_t node, bool over)
{
    const struct hf__node_record *n = of(r, node);
    struct hf__times *t = n->restarted ? &r->recovering : &r->placing;
    if (n->restarted ? n->unlocked_us != 0 : n->first_ready_us != 0)
        return;
    *(over ? &t->never : &t->cut) += 1;
    life(r, node, n->restarted ? "recovering" : "placing", HF__TIME_NONE, over ? "never" : "cut");
}

static void crashed(void *ctx, struct hf_world *w, uint32_t node)
{
    struct hf__node_record *n = of(ctx, node);
    n->dead = true;
    n->noticed = false;
    n->died_us = w->now_us;
    unfinished(ctx, node, false);
    simple(ctx, node, "crash");
}

static void state(struct hf__record *r, struct hf_world *w, uint32_t node, const struct hf_trace *t)
{
    struct hf__node_record *n = of(r, node);
    enum hf_state now = (enum hf_state)t->b;
    bool open = now == HF_STATE_PLACED || now == HF_STATE_READY || now == HF_STATE_DEGRADED;
    if (t->a == t->b && t->error == 0)
        return;
    if (r->timeline != NULL) {
        struct line l;
        begin(&l, r, node, "state");
        member(&l, "state", hf_state_name(now));
        member(&l, "reason", hf_error_name(t->error));
        end(&l, r);
    }
    if (open && n->restarted && n->unlocked_us == 0) {
        n->unlocked_us = w->now_us;
        n->recoveries++;
        hf__times_add(&r->recovering, w->now_us - n->started_us);
        life(r, node, "recovering", w->now_us - n->started_us, "done");
    }
    if (now != HF_STATE_READY || n->ready_us != 0)
        return;
    n->ready_us = w->now_us;
    if (n->first_ready_us == 0) {
        n->first_ready_us = w->now_us;
        hf__times_add(&r->placing, w->now_us - n->started_us);
        life(r, node, "placing", w->now_us - n->started_us, "done");
    }
}

/* A node calls a member unreachable. */
static void unreachable(struct hf__record *r, struct hf_world *w, const struct hf_account *member)
{
    long node = hf_world_find(w, member);
    struct hf__node_record *n = node < 0 ? NULL : of(r, (uint32_t)node);
    if (n == NULL || (n->dead && n->noticed))
        return;
    if (!n->dead) {
        r->unreachable_running++;
        return;
    }
    n->noticed = true;
    hf__times_add(&r->noticing, w->now_us - n->died_us);
}

static void traced(void *ctx, struct hf_world *w, uint32_t node, const struct hf_trace *t)
{
    struct hf__record *r = ctx;
    if (t->type == HF_TRACE_STATE) {
        state(r, w, node, t);
        return;
    }
    if (t->type == HF_TRACE_FOUND && t->a == 2)
        unreachable(r, w, &t->account);
    if (t->type == HF_TRACE_EVENT)
        hf__news_taken(&r->news, t, w->now_us);
    if (r->timeline == NULL || (hf_trace_level(t->type) < 1 && !r->debug))
        return;
    struct line l;
    long peer = hf_world_find(w, &t->account);
    begin(&l, r, node, hf_trace_name(t->type));
    member_number(&l, "a", t->a);
    member_number(&l, "b", t->b);
    member(&l, "error", hf_error_name(t->error));
    text(&l, ",\"peer\":");
    if (peer < 0)
        text(&l, "-");
    number(&l, (uint64_t)(peer < 0 ? -peer : peer));
    end(&l, r);
}

static void local(void *ctx, struct hf_world *w, uint32_t node, const struct hf_local_reply *reply)
{
    struct hf__record *r = ctx;
    if (w->locals[reply->id - 1]->type != HF_LOCAL_KEY)
        return;
    if (reply->error != 0) {
        r->keys_refused++;
        return;
    }
    r->keys_released++;
    of(r, node)->keys++;
}

void hf__record_watch(struct hf__record *r, struct hf_world *w)
{
    struct hf__observer observer = {
        .ctx = r,
        .started = started,
        .crashed = crashed,
        .trace = traced,
        .local = local,
    };
    r->world = w;
    hf__observe(w, &observer);
    if (r->messages != NULL)
        hf__messages_watch(r->messages, w);
    if (r->series != NULL)
        hf__series_watch(r->series, w);
}

/* How many shares each node keeps that is not gone. */
static void balance(struct hf__record *r)
{
    struct hf_world *w = r->world;
    uint64_t count = 0, sum = 0, squares = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        const struct hf_disk *d = &w->nodes[i]->disk;
        struct hf__node_record *n = of(r, i);
        n->kept = 0;
        for (uint32_t j = 0; j < d->count; j++)
            n->kept += d->rows[j]->collection == HF_ROW_HELD;
        if (n->outcome == HF__OUTCOME_GONE)
            continue;
        count++;
        sum += n->kept;
        squares += (uint64_t)n->kept * n->kept;
        r->kept_most = n->kept > r->kept_most ? n->kept : r->kept_most;
    }
    if (count < 3 || sum == 0)
        return;
    double mean = (double)sum / (double)count, chance = mean / (double)(count - 1);
    r->kept_mean = mean;
    r->kept_balance = ((double)squares / (double)count - mean * mean) / (mean * (1 - chance));
}

void hf__record_end(struct hf__record *r)
{
    struct hf_world *w = r->world;
    enum hf__outcome *outcomes = calloc(w->nodes_count + 1u, sizeof *outcomes);
    hf_assert(outcomes != NULL);
    hf__outcomes(w, outcomes);
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        of(r, i)->outcome = outcomes[i];
        r->outcomes[outcomes[i]]++;
        if (w->nodes[i]->engine != NULL)
            unfinished(r, i, true);
        r->noticing.never += r->nodes[i].dead && !r->nodes[i].noticed;
    }
    free(outcomes);
    balance(r);
    if (r->series != NULL)
        hf__series_end(r->series, w);
}

void hf__record_violation(struct hf__record *r, const struct hf_violation *v)
{
    if (r->timeline != NULL)
        fprintf(r->timeline,
                "{\"at_us\":%llu,\"node\":%u,\"what\":\"violation\",\"checker\":\"%s\","
                "\"text\":\"%s\"}\n",
                (unsigned long long)v->at_us, v->node, v->checker, v->text);
}

void hf__record_action(void *ctx, struct hf_world *w, const struct hf__action *a, bool begins,
                       const uint32_t *targets, size_t count)
{
    struct hf__record *r = ctx;
    if (r == NULL || r->timeline == NULL)
        return;
    fprintf(r->timeline, "{\"at_us\":%llu,\"what\":\"%s\",\"fault\":\"%s\",\"nodes\":[",
            (unsigned long long)w->now_us, begins ? "begin" : "end", hf__action_name(a->kind));
    for (size_t i = 0; i < count && i < 100; i++)
        fprintf(r->timeline, "%s%u", i == 0 ? "" : ",", targets[i]);
    fprintf(r->timeline, "],\"count\":%zu}\n", count);
}
