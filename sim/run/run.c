/* The clock of the world: what comes next, until when. */
#include "run/run.h"

#include "authority/authority.h"
#include "network/network.h"
#include "node/node.h"
#include "storage/storage.h"

#include <assert.h>

/* Entries of one node's process; mark: its incarnation. */
static void happen_to(struct hf_world *w, enum hf__entry_type type, uint64_t what)
{
    struct hf__node *n = hf__node(w, (uint32_t)what);
    if (n->engine == NULL || (n->incarnation & 0xffffff) != (what >> 32 & 0xffffff))
        return;
    switch (type) {
    case HF__TIMER:
        hf__node_timer(w, n, what);
        return;
    case HF__DURABLE:
        hf__storage_durable(w, n);
        return;
    case HF__GIVE:
        if (!hf__node_postpones(w, n, what))
            hf__authority_give(w, n);
        return;
    case HF__TIMED:
        if (!hf__node_postpones(w, n, what))
            hf__node_timed(w, n);
        return;
    case HF__COLLATERAL:
        if (!hf__node_postpones(w, n, what))
            hf_world_collateral(w, n->number);
        return;
    case HF__DIES:
        hf_world_crash(w, n->number);
        return;
    default:
        hf_unreachable();
    }
}

static void happen(struct hf_world *w, uint64_t what)
{
    uint32_t index = (uint32_t)what, mark = what >> 32 & 0xffffff;
    enum hf__entry_type type = (enum hf__entry_type)(what >> 56);
    switch (type) {
    case HF__TIMER:
    case HF__DURABLE:
    case HF__GIVE:
    case HF__COLLATERAL:
    case HF__TIMED:
    case HF__DIES:
        happen_to(w, type, what);
        return;
    case HF__ARRIVAL:
        hf__network_arrive(w, index);
        return;
    case HF__CALL_TIMEOUT:
        hf__network_timeout(w, index, mark);
        return;
    case HF__WORK_DONE:
        hf__work_done(w, index, mark);
        return;
    case HF__REGISTER:
        hf__authority_look(w);
        return;
    case HF__RENEW:
        hf__authority_renew(w);
        return;
    case HF__RESETS:
        hf__resets(w);
        return;
    case HF__LOCAL:
        hf__local_ask(w, index);
        return;
    case HF__STARTS:
        if (!hf__node(w, index)->gone)
            hf_world_start(w, index);
        return;
    case HF__BOOTED:
        hf__process_booted(w, index);
        return;
    case HF__WAKE:
        w->observers[index].wake(w->observers[index].ctx, w, mark);
        return;
    case HF__FREE:
        if (hf__node_next(w, hf__node(w, index), &what))
            happen(w, what);
        return;
    }
    hf_unreachable();
}

/*
 * In a large world every event finds its node's memory cold. What comes next is known, so each
 * event is prepared in stages while those before it happen: what the entry names, then the node,
 * then its engine, then what that points to.
 */
enum { AHEAD = HF__COMING, STAGE = AHEAD / 5 };
enum { HEAD = 128, BODY = 1024 }; /* of a message: so much is fetched */
static_assert(sizeof(struct hf__message) <= HEAD, "who it is for is known from its head");

static void fetch(const void *p, size_t len)
{
    const uint8_t *at = p;
    for (size_t i = 0; i < len; i += 64)
        __builtin_prefetch(at + i);
}

/* The node that an entry is for, once what it names was fetched; NULL: it does not matter. */
static const struct hf__node *node_of(const struct hf_world *w, uint64_t what)
{
    uint32_t index = (uint32_t)what;
    switch ((enum hf__entry_type)(what >> 56)) {
    case HF__TIMER:
    case HF__DURABLE:
    case HF__GIVE:
    case HF__FREE:
        return w->nodes[index];
    case HF__ARRIVAL:
        index = hf__message(w, index)->to;
        return index == HF__NOBODY ? NULL : w->nodes[index];
    case HF__WORK_DONE:
        return w->nodes[((const struct hf__work *)hf__slab_at(&w->works, index))->node];
    default:
        return NULL;
    }
}

static void prepare(const struct hf_world *w, uint64_t what, unsigned stage)
{
    if (stage == 0) {
        enum hf__entry_type type = (enum hf__entry_type)(what >> 56);
        if (type == HF__ARRIVAL)
            fetch(hf__message(w, (uint32_t)what), HEAD);
        else if (type == HF__WORK_DONE)
            fetch(hf__slab_at(&w->works, (uint32_t)what), sizeof(struct hf__work));
        else if (type == HF__CALL_TIMEOUT)
            fetch(hf__slab_at(&w->calls, (uint32_t)what), sizeof(struct hf__call));
        return;
    }
    const struct hf__node *n = node_of(w, what);
    if (n == NULL)
        return;
    if (stage == 1) {
        fetch(n, sizeof *n);
        if (what >> 56 == HF__ARRIVAL) {
            const struct hf__message *m = hf__message(w, (uint32_t)what);
            struct hf_bytes body = hf__message_body(m);
            fetch(body.data, body.len < BODY ? body.len : BODY);
            fetch(hf__slab_at(&w->calls, m->call), sizeof(struct hf__call));
        }
        return;
    }
    if (what >> 56 == HF__FREE && n->backlog_at < n->backlog_count) {
        /* It takes what has waited longest, which is long out of the caches. */
        const struct hf__waiting *next = &n->backlog[n->backlog_at];
        if (stage == 2)
            fetch(next, sizeof *next);
        else
            prepare(w, next->what, stage - 3);
    }
    if (what >> 56 == HF__ARRIVAL && (stage == 2 || stage == 3) && w->authority.set != NULL)
        hf_set_prefetch(w->authority.set, &hf__message(w, (uint32_t)what)->account, stage - 2);
    if (n->engine != NULL)
        hf_engine_prefetch(n->engine, stage - 2);
}

static void look_ahead(struct hf_world *w)
{
    struct hf__entry e;
    while (w->queue.ahead.count < AHEAD && hf__queue_show(&w->queue, &e)) {
        w->coming[w->coming_count++ % AHEAD] = e.what;
        for (unsigned stage = 0, back = 0; back < w->queue.ahead.count; stage++, back += STAGE)
            prepare(w, w->coming[(w->coming_count - 1 - back) % AHEAD], stage);
    }
}

bool hf__step_until(struct hf_world *w, uint64_t until_us)
{
    struct hf__entry e;
    if (!hf__queue_pop(&w->queue, until_us, &e))
        return false;
    if (w->nodes_count > HF__COMING_NODES)
        look_ahead(w);
    w->now_us = e.at_us;
    happen(w, e.what);
    return true;
}

bool hf_world_step(struct hf_world *w)
{
    return hf__step_until(w, UINT64_MAX);
}

void hf_world_run_for(struct hf_world *w, uint64_t ms)
{
    uint64_t until_us = w->now_us + ms * 1000;
    while (hf__step_until(w, until_us))
        ;
    w->now_us = until_us;
}

bool hf_world_run_until(struct hf_world *w, hf_world_done_fn *done, void *ctx, uint64_t ms)
{
    uint64_t until_us = w->now_us + ms * 1000;
    for (;;) {
        if (done(w, ctx))
            return true;
        if (!hf__step_until(w, until_us))
            break;
    }
    w->now_us = until_us;
    return done(w, ctx);
}

struct wanted {
    long node;
    enum hf_state state;
    uint32_t first; /* nodes before it were in the state when last looked at */
};

static bool in_state(struct hf_world *w, void *ctx)
{
    struct wanted *want = ctx;
    if (want->node != HF_WORLD_ALL)
        return hf_world_running(w, (uint32_t)want->node) &&
               hf_world_state(w, (uint32_t)want->node) == want->state;
    /* Looks first at the one that was not there the last time: usually it still is not. */
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        uint32_t at = (want->first + i) % w->nodes_count;
        if (w->nodes[at]->engine != NULL && w->nodes[at]->state != want->state) {
            want->first = at;
            return false;
        }
    }
    return true;
}

bool hf_world_run_until_state(struct hf_world *w, long node, enum hf_state state, uint64_t ms)
{
    struct wanted want = {.node = node, .state = state};
    return hf_world_run_until(w, in_state, &want, ms);
}

struct awaited {
    long node;
    enum hf_trace_type type;
    uint64_t count, seen;
    size_t at; /* traces before it have been counted */
};

/* Asked after each event: only what is new is looked at. */
static bool traced(struct hf_world *w, void *ctx)
{
    struct awaited *a = ctx;
    if (a->node == HF_WORLD_ALL)
        return hf_world_trace_count(w, a->node, a->type) >= a->count;
    for (; a->at < w->traces_count; a->at++)
        a->seen +=
            w->traces[a->at].node == (uint32_t)a->node && w->traces[a->at].trace.type == a->type;
    return a->seen >= a->count;
}

bool hf_world_run_until_trace(struct hf_world *w, long node, enum hf_trace_type type,
                              unsigned count, uint64_t ms)
{
    struct awaited a = {
        .node = node,
        .type = type,
        .count = hf_world_trace_count(w, node, type) + count,
    };
    return hf_world_run_until(w, traced, &a, ms);
}

int hf_world_bring_up(struct hf_world *w, uint64_t ms)
{
    hf_world_start_all(w);
    return hf_world_run_until_state(w, HF_WORLD_ALL, HF_STATE_READY, ms) ? 0 : HF_ETIMEOUT;
}
