#include "core/engine.h"

#include <stdlib.h>

#include "base/error.h"
#include "fault.h"
#include "node.h"

const struct hf_timing hf_timing_default = {
    .call_ms = 5000,
    .nonce_life_ms = 30000,
    .round_grace_ms = 15,
    .retry_ms_min = 100,
    .retry_ms_max = 15000,
    .permanent_ms = 30000,
    .standing_ms = 1000,
    .watch_ms = 15000,
    .documents_ms = 60000,
};

static bool timing_ok(const struct hf_timing *t)
{
    return t->call_ms >= 100 && t->nonce_life_ms >= 1000 && t->round_grace_ms >= 1 &&
           t->retry_ms_min >= 10 && t->retry_ms_max >= t->retry_ms_min && t->permanent_ms >= 1000 &&
           t->standing_ms >= 100 && t->watch_ms >= 1000 && t->documents_ms >= 1000;
}

/* One after another in one piece, each terminated. */
static int copy_seeds(struct hf_engine *e, const struct hf_engine_config *c)
{
    for (size_t i = 0; i < c->seeds_count; i++)
        e->seeds_len = (uint16_t)(e->seeds_len + strlen(c->seeds[i]) + 1);
    e->seeds = malloc(e->seeds_len + 1u);
    if (e->seeds == NULL)
        return HF_ENOMEM;
    char *at = e->seeds;
    for (size_t i = 0; i < c->seeds_count; i++) {
        size_t len = strlen(c->seeds[i]) + 1;
        memcpy(at, c->seeds[i], len);
        at += len;
    }
    e->seeds_count = (uint8_t)c->seeds_count;
    return 0;
}

int hf_engine_new(const struct hf_engine_config *config, struct hf_engine **ret)
{
    if (config->seeds_count > HF_SEEDS_MAX || !timing_ok(&config->timing))
        return HF_EINVAL;
    struct hf_engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return HF_ENOMEM;
    e->suite = config->suite;
    e->shared = config->shared;
    e->secret_alloc = config->secret_alloc;
    e->secret_free = config->secret_free;
    e->timing = config->timing;
    e->accept_dev = config->accept_dev;
    e->state = HF_STATE_STARTING;
    memcpy(e->network, config->network, sizeof e->network);
    for (size_t i = 0; i < HF__TIMERS; i++)
        e->timers[i] = HF__NEVER;
    e->s = e->secret_alloc(sizeof *e->s);
    if (e->s == NULL || copy_seeds(e, config) != 0) {
        hf_engine_free(e);
        return HF_ENOMEM;
    }
    hf_rng_init(&e->s->rng, config->seed);
    e->suite->random(&e->s->rng, e->s->nonce_key, sizeof e->s->nonce_key);
    e->suite->random(&e->s->rng, e->instance, sizeof e->instance);
    *ret = e;
    return 0;
}

void hf_engine_free(struct hf_engine *e)
{
    if (e == NULL)
        return;
    if (e->s != NULL)
        hf__lock(e);
    for (size_t i = 0; i < e->roots_count; i++)
        hf_document_unref(e->roots[i]);
    free(e->roots);
    hf_document_unref(e->policy);
    hf_document_unref(e->set);
    hf_document_unref(e->set_previous);
    free(e->seeds);
    free(e->calls);
    if (e->s != NULL)
        hf_wipe(e->s, sizeof *e->s);
    e->secret_free(e->s);
    free(e);
}

uint64_t hf__now_s(const struct hf_engine *e)
{
    uint64_t s = e->wall_ms / 1000;
    s = s > e->floor_s ? s : e->floor_s;
    /* A host's clock may say anything; a date that is signed must still be one. */
    if (s > HF_WIRE_TIME_MAX)
        s = HF_WIRE_TIME_MAX;
    return s > 0 ? s : 1;
}

void hf__timer_set(struct hf_engine *e, enum hf__timer timer, uint64_t after_ms)
{
    e->timers[timer] = e->now_ms + after_ms;
}

void hf__timer_clear(struct hf_engine *e, enum hf__timer timer)
{
    e->timers[timer] = HF__NEVER;
}

uint32_t hf__random_below(struct hf_engine *e, uint32_t bound)
{
    uint32_t v;
    hf_assert(bound > 0);
    e->suite->random(&e->s->rng, &v, sizeof v);
    return v % bound;
}

void hf__task_retry(struct hf_engine *e, bool permanent)
{
    const struct hf_timing *t = &e->timing;
    if (HF_FAULT(RETRY))
        return;
    e->pause_ms = e->pause_ms < t->retry_ms_min ? t->retry_ms_min : e->pause_ms * 2;
    if (e->pause_ms > t->retry_ms_max)
        e->pause_ms = t->retry_ms_max;
    uint32_t pause = permanent && e->pause_ms < t->permanent_ms ? t->permanent_ms : e->pause_ms;
    /* Three quarters to five quarters of it, so that nodes that failed together do not return
     * together. */
    hf__timer_set(e, HF__TIMER_TASK, pause * 3 / 4 + hf__random_below(e, pause / 2 + 1));
}

void hf__kick(struct hf_engine *e)
{
    e->pause_ms = 0;
    if (e->timers[HF__TIMER_TASK] != HF__NEVER)
        hf__timer_set(e, HF__TIMER_TASK, 0);
    if (e->timers[HF__TIMER_RECORD] != HF__NEVER)
        hf__timer_set(e, HF__TIMER_RECORD, 0);
}

void hf__fill_header(const struct hf_engine *e, const uint8_t provider[static 32],
                     struct hf_owner_header *ret)
{
    memcpy(ret->network, e->network, 32);
    memcpy(ret->owner, e->account, 32);
    memcpy(ret->provider, provider, 32);
    ret->ballot.number = e->claim;
    memcpy(ret->ballot.instance, e->instance, 16);
}

/*
 * What a node does for others before its own claim stands. If it did nothing, nodes that hold each
 * other's shares and restarted together would wait for each other for ever. It takes nothing new
 * into keeping: shares go out by the same checks, and its word on claims is marked as provisional.
 */
static bool serves_unclaimed(uint8_t method)
{
    return method == HF_METHOD_NONCE || method == HF_METHOD_RECOVER || method == HF_METHOD_CLAIM;
}

/* What a peer asks. 0: answered, or will be; HF__PARK; else a refusal. */
static int handle_request(struct hf_engine *e, uint64_t id, uint8_t method, struct hf_bytes body)
{
    if (method == HF_METHOD_DOCUMENTS)
        return hf__recv_documents(e, id, body);
    if (!e->open || (!e->claimed && !serves_unclaimed(method)))
        return HF_ELOCKED;
    switch (method) {
    case HF_METHOD_NONCE:
        return hf__recv_nonce(e, id, body);
    case HF_METHOD_RECOVER:
    case HF_METHOD_DRILL:
        return hf__recv_recover(e, id, method, body);
    case HF_METHOD_CLAIM:
        return hf__recv_claim(e, id, body);
    case HF_METHOD_OFFER:
        return hf__recv_offer(e, id, body);
    case HF_METHOD_DEPOSIT:
        return hf__recv_deposit(e, id, body);
    case HF_METHOD_RECORD:
        return hf__recv_record(e, id, body);
    case HF_METHOD_DELETE:
        return hf__recv_delete(e, id, body);
    case HF_METHOD_STANDING:
        return hf__recv_standing(e, id, body);
    default:
        return HF_EUNSUPPORTED;
    }
}

/* What a peer answered. 0: taken; HF__PARK; else what was wrong with it, for the trace. */
static int handle_response(struct hf_engine *e, const struct hf__pending *call, int error,
                           struct hf_bytes body)
{
    switch (call->method) {
    case HF_METHOD_DOCUMENTS:
        return hf__documents_answered(e, call, error, body);
    case HF_METHOD_NONCE:
        return hf__nonce_answered(e, call, error, body);
    case HF_METHOD_RECOVER:
        return hf__recover_answered(e, call, error, body);
    case HF_METHOD_DRILL:
        return hf__drill_answered(e, call, error, body);
    case HF_METHOD_CLAIM:
        return hf__claim_answered(e, call, error, body);
    case HF_METHOD_OFFER:
        return hf__offer_answered(e, call, error, body);
    case HF_METHOD_DEPOSIT:
        return hf__deposit_answered(e, call, error, body);
    case HF_METHOD_RECORD:
        return hf__record_answered(e, call, error, body);
    case HF_METHOD_DELETE:
        return hf__delete_answered(e, call, error, body);
    default:
        hf_assert(call->method == HF_METHOD_STANDING);
        return hf__standing_answered(e, call, error, body);
    }
}

static void do_request(struct hf_engine *e, const struct hf__parked *m, struct hf_bytes body)
{
    e->shared->step.asker = m->has_account ? m->account : NULL;
    e->shared->step.stranger = !m->has_account;
    int r = handle_request(e, m->request, m->method, body);
    if (r == HF__PARK) {
        hf__park(e, m, body);
    } else if (r != 0) {
        hf__trace(e, HF_TRACE_REQUEST_REFUSED, r, e->shared->step.asker, m->method, 0);
        hf__reply(e, m->request, r, (struct hf_bytes){0}, true);
    }
    e->shared->step.asker = NULL;
    e->shared->step.stranger = false;
}

static void do_response(struct hf_engine *e, const struct hf__parked *m, int error,
                        struct hf_bytes body)
{
    if (error == HF_EIDENTITY && m->call.bare && hf__owner_again(e, &m->call))
        return;
    if (error == HF_EBEHIND)
        hf__documents_push(e, m->call.account);
    else if (error == HF_ESUPERSEDED)
        hf__claim_challenge(e, m->call.account);
    int r = handle_response(e, &m->call, error, body);
    if (r == HF__PARK) {
        hf__park(e, m, body);
        return;
    }
    if (r == HF_EIDENTITY && error == 0 && hf__owner_again(e, &m->call))
        return;
    if (r == HF_EBEHIND)
        hf__documents_pull(e, m->call.account);
    if (error != 0)
        hf__trace(e, HF_TRACE_CALL_FAILED, error, m->call.account, m->call.method, 0);
    else if (r != 0)
        hf__trace(e, HF_TRACE_PEER_MISBEHAVED, r, m->call.account, m->call.method, 0);
}

static void on_request(struct hf_engine *e, const struct hf_event *event)
{
    struct hf__parked m = {.is_request = true,
                           .request = event->u.request.id,
                           .method = event->u.request.method,
                           .has_account = event->u.request.account != NULL};
    if (m.has_account)
        memcpy(m.account, event->u.request.account, 32);
    do_request(e, &m, event->u.request.body);
}

static void on_response(struct hf_engine *e, const struct hf_event *event)
{
    for (size_t i = 0; i < e->calls_count; i++) {
        if (e->calls[i].id != event->u.response.call)
            continue;
        struct hf__parked m = {.call = e->calls[i], .method = e->calls[i].method};
        e->calls[i] = e->calls[--e->calls_count];
        if (e->calls_count == 0) {
            free(e->calls);
            e->calls = NULL;
            e->calls_cap = 0;
        }
        do_response(e, &m, event->u.response.error, event->u.response.body);
        return;
    }
}

/* Takes out of the list of waiting messages those that wait for this quote, oldest first. */
static struct hf__parked *take_parked(struct hf_engine *e, const uint8_t quote_hash[static 32])
{
    struct hf__parked *taken = NULL, **last = &taken, **at = &e->parked;
    while (*at != NULL) {
        struct hf__parked *m = *at;
        if (memcmp(m->quote_hash, quote_hash, 32) != 0) {
            at = &m->next;
            continue;
        }
        *at = m->next;
        m->next = NULL;
        *last = m;
        last = &m->next;
        e->parked_count--;
        e->strangers_count = (uint16_t)(e->strangers_count - (m->is_request && !m->has_account));
    }
    return taken;
}

static void on_judged(struct hf_engine *e, const struct hf_event *event)
{
    if (!hf__quote_judged(e, event->u.quote_judged.work, &event->u.quote_judged.verdict))
        return;
    struct hf__parked *m = take_parked(e, e->shared->step.fresh_hash);
    while (m != NULL) {
        struct hf__parked *next = m->next;
        if (m->is_request)
            do_request(e, m, hf_blob_bytes(m->body));
        else
            do_response(e, m, 0, hf_blob_bytes(m->body));
        hf_blob_unref(m->body);
        free(m);
        m = next;
    }
    e->shared->step.fresh = NULL;
}

static void on_made(struct hf_engine *e, const struct hf_event *event)
{
    uint32_t work = event->u.quote_made.work;
    int error = event->u.quote_made.error;
    struct hf_bytes quote = event->u.quote_made.quote;
    if (error == 0 && (quote.len == 0 || quote.len > HF_WIRE_QUOTE_MAX))
        error = HF_ETOOBIG;
    if (error != 0)
        hf__trace(e, HF_TRACE_QUOTE_FAILED, error, NULL, 0, 0);
    if (work == e->identity_work)
        hf__identity_made(e, error, quote);
    else {
        hf__deal_quote(e, work, error, quote);
        hf__recover_quote(e, work, error, quote);
        hf__drill_quote(e, work, error, quote);
    }
}

static void on_store(struct hf_engine *e, int error)
{
    if (e->store_error == error)
        return;
    e->store_error = error;
    e->store_since_ms = e->now_ms;
    hf__trace(e, HF_TRACE_STORE, error, NULL, 0, 0);
}

static void on_task(struct hf_engine *e)
{
    if (e->recovery != NULL)
        hf__recover_round(e);
    else if (e->claiming != NULL)
        hf__claim_advance(e);
    else if (e->dealing != NULL)
        hf__deal_advance(e);
    else if (e->state == HF_STATE_PLACING && e->watch_count == 0)
        hf__deal_begin(e);
    else
        hf__fresh_advance(e);
}

static void on_timer(struct hf_engine *e, enum hf__timer timer)
{
    switch (timer) {
    case HF__TIMER_TASK:
        on_task(e);
        break;
    case HF__TIMER_GRACE:
        hf__recover_grace(e);
        break;
    case HF__TIMER_STANDING:
        hf__standing_send(e);
        break;
    case HF__TIMER_DOCUMENTS:
        hf__documents_tick(e);
        break;
    case HF__TIMER_IDENTITY:
        hf__identity_renew(e);
        break;
    case HF__TIMER_RECORD:
        hf__record_send(e);
        hf__seal_send(e);
        hf__retire_send(e);
        break;
    default:
        hf_unreachable();
    }
}

static void run_timers(struct hf_engine *e)
{
    for (int t = 0; t < HF__TIMERS; t++)
        if (e->timers[t] <= e->now_ms) {
            e->timers[t] = HF__NEVER;
            on_timer(e, (enum hf__timer)t);
        }
}

static void on_documents(struct hf_engine *e, const struct hf_event *event)
{
    for (size_t i = 0; i < event->u.documents.count; i++) {
        int r = hf__document_offer(e, event->u.documents.envelopes[i]);
        (void)r; /* traced where it was refused */
    }
}

/* Whether the wall clock has moved by a minute more or less than the other clock since the last
 * step: timers that were set by dates are then wrong. */
static bool wall_jumped(const struct hf_engine *e, const struct hf_event *event)
{
    if (!e->started)
        return false;
    uint64_t expected_ms = e->wall_ms + (event->now_ms - e->now_ms);
    return event->wall_ms + 60000 < expected_ms || event->wall_ms > expected_ms + 60000;
}

/* Whatever the host's clock says, dates stay within what documents and quotes can carry. */
static uint64_t clamp_wall(uint64_t wall_ms)
{
    if (wall_ms < 1000)
        return 1000;
    return wall_ms / 1000 > HF_WIRE_TIME_MAX ? HF_WIRE_TIME_MAX * UINT64_C(1000) : wall_ms;
}

void hf_engine_step(struct hf_engine *e, const struct hf_event *event, struct hf_update *ret)
{
    hf_assert(e->started == (event->type != HF_EVENT_START));
    hf_assert(event->now_ms >= e->now_ms);
    bool jumped = wall_jumped(e, event);
    e->now_ms = event->now_ms;
    e->wall_ms = clamp_wall(event->wall_ms);
    hf__update_begin(e);
    switch (event->type) {
    case HF_EVENT_START:
        e->started = true;
        hf__start(e, event);
        break;
    case HF_EVENT_REQUEST:
        on_request(e, event);
        break;
    case HF_EVENT_RESPONSE:
        on_response(e, event);
        break;
    case HF_EVENT_VAULT:
        hf__vault_event(e, event);
        break;
    case HF_EVENT_QUOTE_MADE:
        on_made(e, event);
        break;
    case HF_EVENT_QUOTE_JUDGED:
        on_judged(e, event);
        break;
    case HF_EVENT_STORE:
        on_store(e, event->u.store.error);
        break;
    case HF_EVENT_LOCAL:
        hf__local(e, event);
        break;
    case HF_EVENT_DOCUMENTS:
        on_documents(e, event);
        break;
    case HF_EVENT_COLLATERAL:
        hf__verdicts_forget(e);
        break;
    case HF_EVENT_TICK:
        break;
    }
    if (jumped)
        hf__identity_renew(e);
    run_timers(e);
    hf__update_end(e, ret);
}

int hf_engine_certify(struct hf_engine *e, struct hf_bytes spki, uint8_t ret_account[static 32],
                      uint8_t ret_signature[static 64])
{
    if (!e->open)
        return HF_ELOCKED;
    memcpy(ret_account, e->account, 32);
    struct hf_bytes what = HF_FAULT(CERTIFICATE) ? hf__key_account(e->account) : spki;
    e->suite->sign(e->s->account, "holdfast/v1/tls", what, ret_signature);
    return 0;
}
