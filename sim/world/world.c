/* The world itself: its making, its clock, its end, and what is seen of it from outside. */
#include "world/world.h"

#include "suites/cost.h"

#include "crypto/suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hf_world_settings_init(struct hf_world_settings *ret)
{
    *ret = (struct hf_world_settings){
        .seed = 1,
        .crypto = HF_WORLD_MODEL,
        .zones = 3,
        .wall_s = 1800000000,
        .network = {.latency = HF_LATENCY_CONSTANT,
                    .one_way = {.median_us = 100},
                    .resend_us = 200000,
                    .held_back = {.median_us = 20000, .sigma = 1}},
        .storage = {.write = {.median_us = 500},
                    .create = {.median_us = 5000},
                    .open = {.median_us = 5000}},
        .attestation = {.quote = {.median_us = 5000},
                        .judge = {.median_us = 1000},
                        .collateral_valid_s = 30 * HF__DAY_S},
        .authority = {.threshold = 2,
                      .keys = 3,
                      .issue_us = 100000,
                      .valid_s = 86400 * 90,
                      .registers = true,
                      .renews = true},
        .policy = {.n = 3,
                   .k = 2,
                   .shares_held_max = 1000,
                   .quote_age_max_s = 86400,
                   .holder_grace_s = 600},
        .timing = hf_timing_default,
        .checks = true,
        .traces = true,
    };
    hf_world_processor_init(&ret->processor);
}

static bool chance(double p)
{
    return p >= 0 && p <= 1;
}

static bool valid(const struct hf_world_settings *s)
{
    const struct hf_world_policy *p = &s->policy;
    return p->n >= 1 && p->n <= HF_SHARES_MAX &&
           hf_quorums_ok(p->n, p->k, hf__claim_quorum(p), p->p != 0 ? p->p : p->n) &&
           s->zones >= 1 && s->authority.threshold >= 1 &&
           s->authority.threshold <= s->authority.keys && s->authority.keys <= HF__ROOTS_MAX / 2 &&
           s->wall_s > HF__DAY_S && s->attestation.collateral_valid_s >= HF__DAY_S &&
           chance(s->network.loss) && chance(s->network.duplicate) && chance(s->network.reorder) &&
           chance(s->storage.survives) && chance(s->attestation.quote_fails) &&
           chance(s->attestation.judge_fails);
}

static int platforms_init(struct hf_world *w)
{
    w->evaluated_s = w->settings.wall_s - w->settings.wall_s % HF__DAY_S;
    w->collateral_until_s = UINT64_MAX;
    w->quote_key[0] = hf__mix(w->settings.seed ^ 0x51);
    w->quote_key[1] = hf__mix(w->settings.seed ^ 0x52);
    hf_buf_init(&w->quote, HF_QUOTE_MAX);
    memcpy(w->dev_root, w->quote_key, sizeof(w->quote_key));
    if (w->settings.crypto != HF_WORLD_REAL)
        return 0;
    int r = hf__platforms_new(w, &w->platforms);
    if (r == 0)
        hf__platforms_root(w->platforms, w->dev_root);
    return r;
}

int hf_world_new(const struct hf_world_settings *settings, struct hf_world **ret)
{
    if (!valid(settings))
        return HF_EINVAL;
    struct hf_world *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return HF_ENOMEM;
    w->settings = *settings;
    w->suite = settings->crypto == HF_WORLD_REAL ? &hf__suite_counted : &hf__suite_model;
    hf__queue_init(&w->queue);
    hf__slab_init(&w->calls, sizeof(struct hf__call));
    hf__transit_init(&w->messages);
    hf__slab_init(&w->works, sizeof(struct hf__work));
    hf__map_init(&w->judged, 0);
    for (int i = 0; i < HF__PURPOSES; i++)
        hf__stream_init(&w->streams[i], settings->seed, hf__purpose_name((enum hf__purpose)i), 0);
    int r = platforms_init(w);
    if (r == 0)
        r = hf_pool_new(w->suite, &w->pool);
    if (r == 0)
        r = hf_shared_new(w->pool, &w->shared);
    if (r != 0) {
        hf_pool_free(w->pool);
        hf__platforms_free(w->platforms);
        hf__queue_done(&w->queue);
        free(w);
        return r;
    }
    hf_shared_codec(w->shared, &hf__direct);
    if (w->platforms == NULL)
        hf_shared_outline(w->shared, hf__model_outline);
    hf_pool_document_max(w->pool, HF_WIRE_DOCUMENT_MAX); /* sets of a million validators */
    hf__authority_init(w);
    w->release = hf__image_index(w, "holdfast-1");
    if (settings->checks)
        hf__checkers_add(w);
    *ret = w;
    return 0;
}

static void free_messages(struct hf_world *w)
{
    struct hf__entry e;
    while (hf__queue_pop(&w->queue, UINT64_MAX, &e)) {
        if (e.what >> 56 == HF__ARRIVAL)
            hf__message_free(w, (uint32_t)e.what);
        else if (e.what >> 56 == HF__WORK_DONE)
            hf__work_drop(w, e.what);
    }
}

void hf_world_free(struct hf_world *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].done != NULL)
            w->observers[i].done(w->observers[i].ctx, w);
    }
    w->observers_count = 0;
    /* What waits for a process that stands still goes back to the
     * queue, and is freed from there. */
    for (uint32_t i = 0; i < w->nodes_count; i++)
        hf_world_resume(w, i);
    for (uint32_t i = 0; i < w->nodes_count; i++)
        hf__node_release(w, w->nodes[i]);
    free_messages(w);
    hf_blob_unref(w->large);
    hf__people_free(w);
    hf__authority_done(w);
    hf__platforms_free(w->platforms);
    hf_buf_done(&w->quote);
    hf_shared_free(w->shared);
    hf_pool_free(w->pool);
    hf__queue_done(&w->queue);
    hf__slab_done(&w->calls);
    hf__transit_done(&w->messages);
    hf__slab_done(&w->works);
    for (size_t i = 0; i < w->locals_count; i++) {
        hf_blob_unref(w->locals[i]->bytes);
        hf_blob_unref(w->locals[i]->file);
        free(w->locals[i]);
    }
    free(w->locals);
    free(w->nodes);
    free(w->machines);
    free(w->by_account);
    free(w->copies);
    free(w->rules);
    free(w->cuts);
    free(w->conns);
    free(w->cores_ns);
    hf__map_done(&w->judged);
    free(w->traces);
    hf__cost_table = hf__cost_stated; /* it may be this world's, and the next draws keys first */
    free(w);
}

/* ---- Nodes ---- */

static double between(struct hf__stream *r, double bound)
{
    return bound <= 0 ? 0 : (hf__draw_unit(r) * 2 - 1) * bound;
}

uint32_t hf_world_add(struct hf_world *w)
{
    struct hf__stream *r = &w->streams[HF__FOR_CLOCKS];
    struct hf__node *n = calloc(1, sizeof(*n));
    hf_assert(n != NULL);
    if (w->nodes_count == w->nodes_cap) {
        w->nodes_cap = w->nodes_cap == 0 ? 16 : w->nodes_cap * 2;
        w->nodes = realloc(w->nodes, w->nodes_cap * sizeof(struct hf__node *));
        w->machines = realloc(w->machines, w->nodes_cap * sizeof(struct hf__machine));
        hf_assert(w->nodes != NULL && w->machines != NULL);
    }
    n->number = w->nodes_count;
    n->machine_next = n->number;
    n->image_next = w->release;
    n->slowness = 1;
    n->timer_us = UINT64_MAX;
    n->deadline_us = UINT64_MAX;
    n->drift = (float)(between(r, w->settings.clocks.drift_ppm_max) / 1e6);
    n->clock_us = (int64_t)between(r, (double)w->settings.clocks.offset_ms_max * 1000);
    w->machines[n->number].tcb_status = HF_TCB_UP_TO_DATE;
    w->machines_count = n->number + 1;
    w->nodes[w->nodes_count++] = n;
    return n->number;
}

void hf_world_add_many(struct hf_world *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hf_world_add(w);
}

uint32_t hf_world_count(const struct hf_world *w)
{
    return w->nodes_count;
}

void hf_world_start_all(struct hf_world *w)
{
    for (uint32_t i = 0; i < w->nodes_count; i++)
        hf_world_start(w, i);
}

bool hf_world_status(struct hf_world *w, uint32_t node, struct hf_status *ret)
{
    struct hf__node *n = hf__node(w, node);
    if (n->engine == NULL)
        return false;
    hf_engine_status(n->engine, n->durable_seq, ret);
    return true;
}

enum hf_state hf_world_state(struct hf_world *w, uint32_t node)
{
    return hf__node(w, node)->engine == NULL ? HF_STATE_STARTING : hf__node(w, node)->state;
}

struct hf_engine *hf_world_engine(struct hf_world *w, uint32_t node)
{
    return hf__node(w, node)->engine;
}

/* ---- Accounts ---- */

static size_t account_slot(const struct hf_world *w, const struct hf_account *account)
{
    uint64_t word;
    memcpy(&word, account->bytes, sizeof(word));
    size_t at = hf__mix(word) & (w->by_account_cap - 1);
    while (w->by_account[at] != HF__NOBODY &&
           !hf_account_equal(&w->nodes[w->by_account[at]]->account, account))
        at = (at + 1) & (w->by_account_cap - 1);
    return at;
}

static void accounts_grow(struct hf_world *w)
{
    free(w->by_account);
    w->by_account_cap = w->by_account_cap == 0 ? 64 : w->by_account_cap * 2;
    w->by_account = malloc(w->by_account_cap * sizeof(uint32_t));
    hf_assert(w->by_account != NULL);
    memset(w->by_account, 0xff, w->by_account_cap * sizeof(uint32_t));
    w->by_account_count = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        if (!w->nodes[i]->has_account || w->nodes[i]->copy)
            continue;
        w->by_account[account_slot(w, &w->nodes[i]->account)] = i;
        w->by_account_count++;
    }
}

void hf__account_set(struct hf_world *w, struct hf__node *n, const struct hf_account *account)
{
    if (n->has_account && hf_account_equal(&n->account, account))
        return;
    /* A vault that was made anew has another account: the table is then made anew as well. */
    bool other = n->has_account;
    n->copy = hf_world_find(w, account) >= 0;
    if (n->copy) {
        other = false;
        w->copies = hf__grow(w->copies, w->copies_count, &w->copies_cap, sizeof(uint32_t));
        w->copies[w->copies_count++] = n->number;
    }
    n->has_account = true;
    n->registered = n->registered && !other;
    n->account = *account;
    if (other)
        w->by_account_cap /= 2;
    if (other || (w->by_account_count + 1) * 2 > w->by_account_cap) {
        accounts_grow(w);
        return;
    }
    if (n->copy)
        return;
    w->by_account[account_slot(w, account)] = n->number;
    w->by_account_count++;
}

const struct hf_account *hf_world_account(const struct hf_world *w, uint32_t node)
{
    const struct hf__node *n = hf__node(w, node);
    return n->has_account ? &n->account : NULL;
}

long hf_world_find(const struct hf_world *w, const struct hf_account *account)
{
    if (w->by_account_cap == 0)
        return -1;
    uint32_t node = w->by_account[account_slot(w, account)];
    return node == HF__NOBODY ? -1 : (long)node;
}

/* ---- What happened ---- */

void hf__hash_run(struct hf_world *w, uint64_t a, uint64_t b)
{
    uint64_t h = w->totals.trace_hash ^ w->now_us;
    h = (h ^ a) * 0x9fb21c651e98df25u;
    h = (hf__rotl(h, 29) ^ b) * 0xd6e8feb86659fd93u;
    w->totals.trace_hash = h ^ (h >> 32);
}

void hf__traced(struct hf_world *w, struct hf__node *n, const struct hf_trace *t)
{
    hf_assert((size_t)t->type < HF_ARRAY_LEN(w->trace_counts));
    w->trace_counts[t->type]++;
    hf__hash_run(w, (uint64_t)t->type << 32 | (uint32_t)t->error, t->a ^ hf__rotl(t->b, 32));
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].trace != NULL)
            w->observers[i].trace(w->observers[i].ctx, w, n->number, t);
    }
    if (!w->settings.traces)
        return;
    w->traces = hf__grow(w->traces, w->traces_count, &w->traces_cap, sizeof(*w->traces));
    w->traces[w->traces_count++] = (struct hf_world_trace){
        .at_us = w->now_us,
        .node = n->number,
        .incarnation = n->incarnation,
        .trace = *t,
    };
}

const struct hf_world_trace *hf_world_traces(const struct hf_world *w, size_t *ret_count)
{
    *ret_count = w->traces_count;
    return w->traces;
}

uint64_t hf_world_trace_count(const struct hf_world *w, long node, enum hf_trace_type type)
{
    uint64_t count = 0;
    if (node == HF_WORLD_ALL)
        return w->trace_counts[type];
    for (size_t i = 0; i < w->traces_count; i++)
        count += w->traces[i].node == (uint32_t)node && w->traces[i].trace.type == type;
    return count;
}

const struct hf__checker hf__checkers[] = {
#define HF_CHECKER(name_, promise_) {name_, promise_},
#include "checkers/checkers.def"
#undef HF_CHECKER
    {NULL, NULL},
};

static bool is_checker(const char *name)
{
    size_t i = 0;
    while (hf__checkers[i].name != NULL && strcmp(hf__checkers[i].name, name) != 0)
        i++;
    return hf__checkers[i].name != NULL;
}

void hf__violate(struct hf_world *w, uint32_t node, const char *checker, const char *fmt, ...)
{
    va_list args;
    hf_assert(is_checker(checker));
    if (w->violated)
        return;
    w->violated = true;
    w->violation.at_us = w->now_us;
    w->violation.node = node;
    w->violation.checker = checker;
    va_start(args, fmt);
    vsnprintf(w->violation.text, sizeof(w->violation.text), fmt, args);
    va_end(args);
}

const struct hf_violation *hf_world_violation(const struct hf_world *w)
{
    return w->violated ? &w->violation : NULL;
}

static uint64_t world_bytes(const struct hf_world *w)
{
    uint64_t sum = sizeof(*w) + hf_pool_memory(w->pool) + hf_shared_memory(w->shared) +
                   hf__transit_bytes(&w->messages);
    sum += w->nodes_count * (sizeof(struct hf__node) + sizeof(struct hf__node *));
    sum += w->nodes_count * sizeof(struct hf__machine) + w->by_account_cap * sizeof(uint32_t);
    sum += w->queue.count * sizeof(struct hf__entry);
    sum += (w->calls.count - w->calls.free_count) * w->calls.size;
    sum += (w->works.count - w->works.free_count) * w->works.size;
    sum += w->conns_cap * sizeof(*w->conns) + w->traces_cap * sizeof(*w->traces);
    sum += hf__checks_bytes(w);
    return sum + w->authority.members_cap * sizeof(*w->authority.members);
}

void hf_world_totals(struct hf_world *w, struct hf_world_totals *ret)
{
    *ret = w->totals;
    ret->world_bytes = world_bytes(w);
    ret->engine_bytes = 0;
    ret->disk_bytes = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        if (w->nodes[i]->engine != NULL)
            ret->engine_bytes += hf_engine_memory(w->nodes[i]->engine);
        ret->disk_bytes += hf__disk_bytes(&w->nodes[i]->disk);
    }
}

uint32_t hf__observe(struct hf_world *w, const struct hf__observer *observer)
{
    hf_assert(w->observers_count < HF__OBSERVERS_MAX);
    w->observers[w->observers_count] = *observer;
    return (uint32_t)w->observers_count++;
}

void hf__wake(struct hf_world *w, uint32_t observer, uint32_t mark, uint64_t at_us)
{
    hf__push(w, at_us, hf__what(HF__WAKE, mark, observer));
}

const struct hf_suite *hf_world_suite(const struct hf_world *w)
{
    return w->suite;
}
