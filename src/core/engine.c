#include "core/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/secret.h"
#include "dispatch.h"
#include "members/detect.h"

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
    .audit_ms = 300000,
    .probe_ms = 1000,
    .gossip_ms = 200,
    .reconcile_ms = 30000,
};

static bool timing_ok(const struct hf_timing *t)
{
    hf_assert(hf_timing_default.retry_ms_max >= hf_timing_default.retry_ms_min);
    return t->call_ms >= 100 && t->nonce_life_ms >= 1000 && t->round_grace_ms >= 1 &&
           t->retry_ms_min >= 10 && t->retry_ms_max >= t->retry_ms_min && t->permanent_ms >= 1000 &&
           t->standing_ms >= 100 && t->watch_ms >= 1000 && t->documents_ms >= 1000 &&
           t->audit_ms >= 1000 && (t->probe_ms == 0 || t->probe_ms >= 100) && t->gossip_ms >= 20 &&
           t->reconcile_ms >= 1000;
}

/* An engine and its parts, in one piece: one is never without the others. */
struct whole {
    struct hf_engine engine;
    struct hf__trust trust;
    struct hf__members members;
    struct hf__owner owner;
    struct hf__provider provider;
    struct hf__quorum_state quorum;
    struct hf__handover handover;
};

/*
 * Memory for secrets. Who holds it beyond a step: the engine itself; the pairs of its contacts,
 * twice while the mesh key changes, and half as many again while they move to where there are twice
 * as many; what a recovery has got back; a dealing's shares; what answers to a black start have
 * given, and those of one that takes its place; the keys of a handover, on either side. Within a
 * step a few pieces more, of which none is longer than a scalar for each holder and one; those of
 * one step are never more than six at a time.
 */
enum {
    STEP_PIECES = 6,
    HELD_PIECES = 1 + 4 + 1 + 1 + 2 + 3,
    CONTACTS_ROOM = 2 * (HF_SECRET_ROOM(HF_CONTACTS_MAX * sizeof(struct hf__pair)) +
                         HF_SECRET_ROOM(HF_CONTACTS_MAX / 2 * sizeof(struct hf__pair))),
    HELD_ROOM = HF_SECRET_ROOM(sizeof(struct hf__secrets)) + CONTACTS_ROOM +
                HF_SECRET_ROOM(sizeof(struct hf__given_roots)) +
                HF_SECRET_ROOM(HF_SHARES_MAX * HF_SCALAR_LEN) +
                2 * HF_SECRET_ROOM(HF__PARTIALS_LEN) + 3 * HF_SECRET_ROOM(HF_KEY_LEN),
    STEP_ROOM = STEP_PIECES * HF_SECRET_ROOM((HF_SHARES_MAX + 1) * HF_SCALAR_LEN),
};
static_assert(HELD_ROOM + STEP_ROOM <= HF_ENGINE_SECRETS_MAX, "what shells have room for");
static_assert(HELD_PIECES + STEP_PIECES <= HF_ENGINE_SECRETS_PIECES, "likewise");
static_assert(HF_SHARES_MAX * HF_SCALAR_LEN <= HF_ENGINE_SECRETS_LONGEST, "a dealing's shares");

int hf_engine_new(const struct hf_engine_config *config, struct hf_engine **ret)
{
    static_assert(offsetof(struct whole, engine) == 0, "freeing the engine frees the whole");
    hf_assert(config->suite != NULL && config->shared != NULL);
    hf_assert(config->secret_alloc != NULL && config->secret_free != NULL);
    if (config->seeds_count > HF_SEEDS_MAX || !timing_ok(&config->timing))
        return HF_EINVAL;
    struct whole *whole = calloc(1, sizeof *whole);
    if (whole == NULL)
        return HF_ENOMEM;
    struct hf_engine *e = &whole->engine;
    e->trust = &whole->trust;
    e->members = &whole->members;
    e->owner = &whole->owner;
    e->provider = &whole->provider;
    e->quorum = &whole->quorum;
    e->handover = &whole->handover;
    e->suite = config->suite;
    e->shared = config->shared;
    e->secret_alloc = config->secret_alloc;
    e->secret_free = config->secret_free;
    e->timing = config->timing;
    e->gcm = config->gcm;
    e->state = HF_STATE_STARTING;
    e->network = config->network;
    e->tls_key = config->tls_key;
    e->told = config->account != NULL;
    e->finding = config->find_account && !e->told;
    hf_assert(!e->finding || config->address != NULL);
    if (e->told)
        e->account = *config->account;
    for (size_t i = 0; i < HF__TIMERS; i++)
        e->timers[i] = HF__NEVER;
    e->secrets = e->secret_alloc(sizeof *e->secrets);
    if (e->secrets == NULL || hf__trust_init(e, config) != 0 || hf__members_init(e, config) != 0 ||
        hf__takeover_init(e, config) != 0) {
        hf_engine_free(e);
        return HF_ENOMEM;
    }
    hf_rng_init(&e->secrets->rng, config->seed);
#ifndef HF_PRODUCTION
    hf_assert(config->fixed == NULL || config->accept_dev);
    if (config->fixed != NULL)
        e->secrets->fixed = *config->fixed;
#endif
    hf__provider_init(e);
    e->suite->random(&e->secrets->rng, e->instance, sizeof e->instance);
    *ret = e;
    return 0;
}

void hf_engine_free(struct hf_engine *e)
{
    if (e == NULL)
        return;
    if (e->secrets != NULL)
        hf__life_lock(e);
    hf_assert(!e->open && e->rows.count == 0);
    hf__quorum_done(e);
    hf__takeover_done(e);
    hf__members_done(e);
    hf__trust_done(e);
    free(e->calls);
    hf__quotes_forget(e);
    if (e->secrets != NULL)
        hf_wipe(e->secrets, sizeof *e->secrets);
    e->secret_free(e->secrets);
    free(e); /* the first member of the whole */
}

static void on_store(struct hf_engine *e, int error)
{
    hf_assert(e->store_since_ms <= e->now_ms);
    if (e->store_error == error)
        return;
    e->store_error = error;
    e->store_since_ms = e->now_ms;
    hf__trace(e, HF_TRACE_STORE, error, NULL, 0, 0);
}

static void documents_due(struct hf_engine *e)
{
    hf_assert(e->timers[HF__TIMER_DOCUMENTS] == HF__NEVER); /* it sets itself again */
    hf__answers_expire(e);                                  /* with a timer that runs anyway */
    hf__rates_expire(e);
    hf__documents_tick(e);
}

static void (*const due[HF__TIMERS])(struct hf_engine *e) = {
    [HF__TIMER_FRESH] = hf__life_fresh,
    [HF__TIMER_RECOVER] = hf__life_recover,
    [HF__TIMER_CLAIM] = hf__claim_advance,
    [HF__TIMER_DEAL] = hf__deal_due,
    [HF__TIMER_GRACE] = hf__recover_grace,
    [HF__TIMER_STANDING] = hf__standing_send,
    [HF__TIMER_DOCUMENTS] = documents_due,
    [HF__TIMER_IDENTITY] = hf__identity_renew,
    [HF__TIMER_RECORD] = hf__record_send,
    [HF__TIMER_RETIRE] = hf__retire_send,
    [HF__TIMER_SEAL] = hf__seal_send,
    [HF__TIMER_GOSSIP] = hf__gossip_push,
    [HF__TIMER_RECONCILE] = hf__gossip_reconcile,
    [HF__TIMER_LEAVE] = hf__leave_advance,
    [HF__TIMER_DRAIN] = hf__drain_due,
    [HF__TIMER_QUORUM] = hf__quorum_due,
    [HF__TIMER_KEYS] = hf__life_keys,
    [HF__TIMER_PROBE] = hf__detect_due,
    [HF__TIMER_REPAIR] = hf__mending_due,
    [HF__TIMER_HANDOVER] = hf__takeover_due,
};

static void run_timers(struct hf_engine *e)
{
    for (int t = 0; t < HF__TIMERS; t++)
        if (e->timers[t] <= e->now_ms) {
            e->timers[t] = HF__NEVER;
            hf_assert(due[t] != NULL);
            due[t](e);
            hf__life_settle(e);
        }
}

/* For how long the timer that was due first has waited: a machine that was paused ran none. */
static uint64_t waited_ms(const struct hf_engine *e)
{
    uint64_t first_ms = e->now_ms;
    for (int t = 0; t < HF__TIMERS; t++)
        if (e->timers[t] < first_ms)
            first_ms = e->timers[t];
    hf_assert(first_ms <= e->now_ms);
    return e->now_ms - first_ms;
}

static void on_documents(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(event->type == HF_EVENT_DOCUMENTS);
    for (size_t i = 0; i < event->u.documents.count; i++) {
        int r = hf__document_offer(e, event->u.documents.envelopes[i]);
        (void)r; /* traced where it was refused */
    }
    hf__life_settle(e);
}

/* Whether the wall clock has moved by a minute more or less than the other clock since the last
 * step: timers that were set by dates are then wrong. */
static bool wall_jumped(const struct hf_engine *e, const struct hf_event *event)
{
    if (!e->started)
        return false;
    hf_assert(e->wall_ms >= 1000 && event->now_ms >= e->now_ms);
    uint64_t expected_ms = e->wall_ms + (event->now_ms - e->now_ms);
    return event->wall_ms + 60000 < expected_ms || event->wall_ms > expected_ms + 60000;
}

/* Whatever the host's clock says, dates stay within what documents and quotes can carry. */
static uint64_t clamp_wall(uint64_t wall_ms)
{
    static_assert(HF_WIRE_TIME_MAX < UINT64_MAX / 1000, "in milliseconds it must fit too");
    if (wall_ms < 1000)
        return 1000;
    return wall_ms / 1000 > HF_WIRE_TIME_MAX ? HF_WIRE_TIME_MAX * UINT64_C(1000) : wall_ms;
}

static void handle(struct hf_engine *e, const struct hf_event *event)
{
    hf_assert(e->now_ms == event->now_ms);
    switch (event->type) {
    case HF_EVENT_START:
        e->started = true;
        hf__life_start(e, event);
        break;
    case HF_EVENT_REQUEST:
        hf__on_request(e, event);
        break;
    case HF_EVENT_RESPONSE:
        hf__on_response(e, event);
        break;
    case HF_EVENT_VAULT:
        hf__life_vault(e, event);
        break;
    case HF_EVENT_QUOTE_MADE:
        hf__on_made(e, event);
        break;
    case HF_EVENT_QUOTE_JUDGED:
        hf__on_judged(e, event);
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
    case HF_EVENT_MARKS:
        hf__marks_seen(e, event->u.marks.marks);
        break;
    case HF_EVENT_TIME:
        hf__time_told(e, event);
        hf__taking_soon(e);
        break;
    case HF_EVENT_DATAGRAM:
        hf__recv_datagram(e, event->u.datagram.body);
        hf__life_settle(e);
        break;
    case HF_EVENT_CLOSED:
        hf__members_closed(e, event->u.closed.account);
        break;
    case HF_EVENT_EXCESS:
        /* Who is no member can have as many accounts as it likes. */
        if (hf__is_member(e, event->u.excess.account))
            hf__excess(e, event->u.excess.account);
        break;
    case HF_EVENT_TICK:
        break;
    }
}

void hf_engine_step(struct hf_engine *e, const struct hf_event *event, struct hf_update *ret)
{
    hf_assert(e->started == (event->type != HF_EVENT_START));
    hf_assert(event->now_ms >= e->now_ms);
    bool jumped = wall_jumped(e, event);
    e->now_ms = event->now_ms;
    e->wall_ms = clamp_wall(event->wall_ms);
    e->crowded = event->crowded;
    hf__update_begin(e);
    /* What a busy node is late by is no matter; the detector is stricter with itself. */
    e->late_ms = waited_ms(e);
    if (e->late_ms > e->timing.watch_ms)
        hf__holders_slept(e);
    handle(e, event);
    if (jumped) {
        hf__identity_renew(e);
        hf__timer_set(e, HF__TIMER_KEYS, 0);
    }
    run_timers(e);
    if (!hf__quorum_settled(e))
        hf__quorum_advance(e);
    hf__update_end(e, ret);
    hf_assert(ret->state == (enum hf_state)e->state && e->started);
    hf_assert(!e->fenced || !e->open);
    ret->marks = e->new_identity && e->open ? e->trust->marks : NULL;
}

int hf_engine_certify(struct hf_engine *e, struct hf_bytes spki, struct hf_account *ret_account,
                      uint8_t ret_signature[static 64])
{
    hf_assert(e->has_account || !e->open);
    if (!e->open)
        return HF_ELOCKED;
    *ret_account = e->account;
    e->suite->sign(e->secrets->account, "holdfast/v1/tls", spki, ret_signature);
    return 0;
}

int hf_engine_identity(const struct hf_engine *e, struct hf_bytes *ret)
{
    if (!e->open)
        return HF_ELOCKED;
    if (e->trust->identity == NULL)
        return HF_EIDENTITY;
    hf_assert(e->trust->identity_number > 0);
    *ret = hf_blob_bytes(e->trust->identity);
    return 0;
}

const struct hf_document *hf_engine_set(const struct hf_engine *e)
{
    hf_assert(e->trust->set == NULL || e->trust->set->kind == HF_DOCUMENT_SET);
    return e->trust->set;
}
