/* A world is made and ended: its settings, its nodes, what it takes. */
#include "run/run.h"

#include "attestation/attestation.h"
#include "authority/authority.h"
#include "checkers/checkers.h"
#include "network/network.h"
#include "network/wan.h"
#include "storage/storage.h"
#include "suites/cost.h"

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
                      .floor_margin = HF_FLOOR_MARGIN,
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

/* Whose the nodes will be, and how far apart. */
static int places_init(struct hf_world *w)
{
    const struct hf_world_settings *s = &w->settings;
    bool drawn = s->dealt_drawn;
    int r = hf__dealing_init(&w->zones, s->zones, &s->zone_sizes, drawn, s->seed, "zones");
    if (r == 0 && s->operators > 0)
        r = hf__dealing_init(&w->operators, s->operators, &s->operator_sizes, drawn, s->seed,
                             "operators");
    if (r == 0 && s->processor.hosts > 0)
        r = hf__dealing_init(&w->hosts, s->processor.hosts, &s->processor.host_sizes, drawn,
                             s->seed, "hosts");
    if (r == 0 && s->network.latency == HF_LATENCY_MATRIX)
        r = hf__matrix_read(&s->network.round_trips, s->zones, &w->trips_us);
    return r;
}

static void places_done(struct hf_world *w)
{
    hf__dealing_done(&w->zones);
    hf__dealing_done(&w->operators);
    hf__dealing_done(&w->hosts);
    free(w->trips_us);
}

/* By the number of its machine. */
static void place(const struct hf_world *w, struct hf__node *n)
{
    const struct hf_world_settings *s = &w->settings;
    bool alone = s->operators == 0 || n->home < s->alone;
    n->owned = alone ? n->home : s->alone + hf__dealt(&w->operators, n->home);
    n->zone = hf__dealt(&w->zones, n->home);
    n->host = s->processor.hosts == 0 ? n->home : hf__dealt(&w->hosts, n->home);
}

static int platforms_init(struct hf_world *w)
{
    w->evaluated_s = w->settings.wall_s - w->settings.wall_s % HF__DAY_S;
    w->collateral_until_s = UINT64_MAX;
    w->quote_key[0] = hf__mix(w->settings.seed ^ 0x51);
    w->quote_key[1] = hf__mix(w->settings.seed ^ 0x52);
    hf_buf_init(&w->quote, HF_QUOTE_MAX);
    memcpy(w->dev_root, w->quote_key, sizeof w->quote_key);
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
    struct hf_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        return HF_ENOMEM;
    w->settings = *settings;
    w->shell = &hf__process_shell;
    w->suite = settings->crypto == HF_WORLD_REAL ? &hf__suite_counted : &hf__suite_model;
    hf__queue_init(&w->queue);
    hf__slab_init(&w->calls, sizeof(struct hf__call));
    hf__transit_init(&w->messages);
    hf__slab_init(&w->works, sizeof(struct hf__work));
    hf__map_init(&w->judged, 0);
    for (int i = 0; i < HF__PURPOSES; i++)
        hf__stream_init(&w->streams[i], settings->seed, hf__purpose_name((enum hf__purpose)i), 0);
    int r = places_init(w);
    if (r == 0)
        r = platforms_init(w);
    if (r == 0)
        r = hf_pool_new(w->suite, &w->pool);
    if (r == 0)
        r = hf_shared_new(w->pool, &w->shared);
    if (r != 0) {
        hf_pool_free(w->pool);
        hf__platforms_free(w->platforms);
        places_done(w);
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
        hf__process_release(w, w->nodes[i]);
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
    places_done(w);
    free(w->nodes);
    free(w->machines);
    free(w->by_account);
    free(w->copies);
    free(w->rules);
    free(w->cuts);
    free(w->conns);
    free(w->conns_last);
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
    struct hf__node *n = calloc(1, sizeof *n);
    hf_assert(n != NULL);
    if (w->nodes_count == w->nodes_cap) {
        w->nodes_cap = w->nodes_cap == 0 ? 16 : w->nodes_cap * 2;
        w->nodes = realloc(w->nodes, w->nodes_cap * sizeof(struct hf__node *));
        w->machines = realloc(w->machines, w->nodes_cap * sizeof(struct hf__machine));
        hf_assert(w->nodes != NULL && w->machines != NULL);
    }
    n->number = w->nodes_count;
    n->machine_next = n->number;
    n->home = n->number;
    place(w, n);
    n->takes_over = -1;
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

uint32_t hf_world_beside(struct hf_world *w, uint32_t node)
{
    uint32_t beside = hf_world_add(w);
    struct hf__node *n = hf__node(w, beside);
    const struct hf__node *old = hf__node(w, node);
    n->machine_next = old->machine_next;
    n->image_next = old->image_next;
    n->home = old->home;
    place(w, n);
    n->takes_over = (long)node;
    n->emptied = old->emptied; /* what the old one has lost it cannot hand over */
    return beside;
}

void hf_world_add_many(struct hf_world *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hf_world_add(w);
}

void hf_world_start_all(struct hf_world *w)
{
    for (uint32_t i = 0; i < w->nodes_count; i++)
        hf_world_start(w, i);
}

static uint64_t world_bytes(const struct hf_world *w)
{
    uint64_t sum = sizeof *w + hf_pool_memory(w->pool) + hf_shared_memory(w->shared) +
                   hf__transit_bytes(&w->messages);
    sum += w->nodes_count * (sizeof(struct hf__node) + sizeof(struct hf__node *));
    sum += w->nodes_count * sizeof(struct hf__machine) + w->by_account_cap * sizeof(uint32_t);
    sum += w->queue.count * sizeof(struct hf__entry);
    sum += (w->calls.count - w->calls.free_count) * w->calls.size;
    sum += (w->works.count - w->works.free_count) * w->works.size;
    sum += w->conns_cap * sizeof *w->conns + w->traces_cap * sizeof *w->traces;
    sum += hf__checks_bytes(w);
    return sum + w->authority.members_cap * sizeof *w->authority.members;
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
