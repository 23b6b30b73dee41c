/*
 * Leave to stop for a while: refused while it would leave any owner with fewer live providers than
 * min(max(k + 1, q), n - 1). Whether another holder is live it says itself: it gives a nonce for
 * the owner's account only while its vault is open, and says with it when its share is lost or it
 * leaves. An owner that is no member gets nothing from any holder, and loses nothing. A drain is a
 * reservation: a holder that drains, or whose question is under way, says so too and counts as
 * gone. Of two that ask at once at least one sees the other.
 */
#include <stdlib.h>

#include "base/error.h"
#include "provider/provider.h"

enum { TELL_ROUNDS = 10 }; /* for so many pairs of pushes leave waits for them */

/* An owner whose newest recorded share is kept here. */
struct watched {
    struct hf_account owner;
    uint8_t generation[16];
    struct hf_record_order order; /* of its record */
    uint8_t needed;
    uint8_t live;
    uint32_t heard; /* bit of each holder of the record that is live */
};

struct hf__drain {
    uint64_t request;
    uint32_t before; /* id of the last call before the question: answers up to it are stale */
    /* Holders are asked in order, as many at once as may be: those that come next. */
    size_t next_owner, next_holder;
    size_t waiting;
    uint8_t rounds; /* in which members may be told yet; 0: it still asks */
    size_t count;
    struct watched owners[];
};

void hf__drain_free(struct hf_engine *e, int error)
{
    hf_assert(error != 0);
    if (e->provider->drain != NULL)
        hf__local_reply(e, e->provider->drain->request, error);
    free(e->provider->drain);
    e->provider->drain = NULL;
}

size_t hf__drain_memory(const struct hf_engine *e)
{
    const struct hf__drain *d = e->provider->drain;
    hf_assert(d == NULL || d->next_owner <= d->count);
    return d == NULL ? 0 : sizeof *d + d->count * sizeof *d->owners;
}

/* Its end is a timer's: one that is not taken back must not go on for ever. */
static void begin(struct hf_engine *e)
{
    hf_assert(!e->claimed || e->open);
    hf__news_draining(e, false);
    e->provider->draining = true;
    e->provider->drain_until_ms = e->now_ms + HF_DRAIN_S_MAX * UINT64_C(1000);
    hf__timer_set(e, HF__TIMER_DRAIN, HF_DRAIN_S_MAX * UINT64_C(1000));
}

void hf__drain_end(struct hf_engine *e)
{
    if (e->provider->draining)
        hf__news_draining(e, true);
    e->provider->draining = false;
}

/*
 * Who asked may end the process at once: leave is given when the news has been pushed. An owner
 * that has not heard it takes the restart for a loss.
 */
static void tell(struct hf_engine *e)
{
    struct hf__drain *d = e->provider->drain;
    uint64_t left_ms = e->provider->drain_until_ms - e->now_ms;
    hf_assert(e->provider->draining && e->now_ms < e->provider->drain_until_ms);
    hf__timer_set(e, HF__TIMER_DRAIN, left_ms);
    if (d == NULL || d->rounds == 0)
        return;
    hf_assert(d->waiting == 0);
    if (e->store_error != 0) {
        /* The news cannot leave. It is taken back, so that a refusal leaves nothing behind. */
        hf__drain_end(e);
        hf__drain_free(e, e->store_error);
        return;
    }
    const struct hf__told *told =
        e->claimed ? hf__told_find(e, &e->account, HF__NEWS_DRAINING, NULL) : NULL;
    d->rounds--;
    if (told != NULL && !told->over && told->budget > 0 && d->rounds > 0) {
        hf__timer_set(e, HF__TIMER_DRAIN, 2 * e->timing.gossip_ms);
        return;
    }
    hf__local_reply(e, d->request, 0)->after = e->members->said_seq;
    free(d);
    e->provider->drain = NULL;
}

/* Its other holders that are not live, by its newest record; none where that went meanwhile. */
static void name_missing(struct hf_engine *e, const struct watched *w, struct hf_drain_report *ret)
{
    struct hf_held_row held;
    struct hf_placement_record record;
    ret->missing_count = 0;
    if (!hf__held_row(e, &w->owner, w->generation, &held) || !held.has_record)
        return;
    int r = hf__decode(e, &hf_wire_placement_record, held.record.record, &record);
    hf_assert(r == 0 && record.holders_count <= HF_SHARES_MAX);
    for (size_t i = 0; i < record.holders_count; i++)
        if ((w->heard >> i & 1) == 0 && !hf_account_equal(&record.holders[i].account, &e->account))
            ret->missing[ret->missing_count++] = record.holders[i].account;
}

static void finish(struct hf_engine *e)
{
    struct hf__drain *d = e->provider->drain;
    hf_assert(d->waiting == 0 && d->next_owner == d->count);
    struct hf_drain_report report = {0};
    const struct watched *worst = NULL;
    for (size_t i = 0; i < d->count; i++) {
        const struct watched *w = &d->owners[i];
        if (w->live >= w->needed)
            continue;
        /* The one that would be left worst is named. */
        if (report.owners++ == 0 || w->live - w->needed < report.live - report.needed) {
            report.owner = w->owner;
            report.live = w->live;
            report.needed = w->needed;
            worst = w;
        }
    }
    hf_assert(report.owners == 0 || report.live < report.needed);
    if (report.owners == 0) {
        begin(e);
        d->rounds = TELL_ROUNDS;
        tell(e);
        return;
    }
    name_missing(e, worst, &report);
    hf__local_reply(e, d->request, HF_EDRAIN)->drain = report;
    free(d);
    e->provider->drain = NULL;
}

void hf__drain_due(struct hf_engine *e)
{
    const struct hf__provider *p = e->provider;
    if (p->draining && e->now_ms >= p->drain_until_ms)
        hf__drain_end(e);
    else if (p->draining)
        tell(e);
}

int hf__stop_announce(struct hf_engine *e)
{
    hf_assert(e->provider->drain == NULL || e->open);
    if (!e->claimed)
        return HF_ENOTREADY;
    if (!e->provider->draining)
        begin(e);
    hf_assert(e->provider->draining);
    hf__timer_set(e, HF__TIMER_GOSSIP, 0);
    return 0;
}

/*
 * The newest record of each owner, by the order of its owner's records: of two forks the one whose
 * claim is higher, whatever their dealings are numbered. Rows stand by owner: an owner's
 * generations are neighbours.
 */
static void collect(struct hf_engine *e)
{
    struct hf__drain *d = e->provider->drain;
    hf_assert(e->open && d->count == 0);
    struct hf_held_row held;
    for (size_t at = 0; hf__held_next(e, NULL, &at, &held);) {
        struct hf_placement_record record;
        struct hf_record_order order;
        if (!held.has_record || !hf__is_member(e, &held.header.owner) ||
            hf__decode(e, &hf_wire_placement_record, held.record.record, &record) != 0)
            continue;
        struct watched *w = d->count > 0 ? &d->owners[d->count - 1] : NULL;
        hf__record_order(&record, &order);
        if (w == NULL || !hf_account_equal(&w->owner, &record.owner))
            w = &d->owners[d->count++];
        else if (hf__order_compare(e, &w->owner, &order, &w->order) < 0)
            continue;
        size_t k = record.threshold, n = record.holders_count, q = record.quorum;
        size_t want = k + 1 > q ? k + 1 : q;
        hf_assert(n > 0 && k > 0);
        w->owner = record.owner;
        memcpy(w->generation, record.generation.id, 16);
        w->order = order;
        w->needed = (uint8_t)(want < n - 1 ? want : n - 1);
    }
}

/*
 * Asks the others that have an owner's shares: its record's holders, and to whom they have moved.
 * False: too many calls are out, the rest waits.
 */
static bool ask_owner(struct hf_engine *e)
{
    hf_assert(e->open);
    struct hf__drain *d = e->provider->drain;
    const struct watched *w = &d->owners[d->next_owner];
    struct hf__ask ask = {.task = HF__TASK_DRAIN,
                          .method = HF_METHOD_NONCE,
                          .arg = (uint32_t)d->next_owner,
                          .at_once = true};
    struct hf_nonce_request m = {0};
    struct hf_held_row held;
    struct hf_placement_record record;
    struct hf__electorate g;
    /* Its owner may have had the share deleted since, and dealt another by the same id. */
    if (!hf__held_row(e, &w->owner, w->generation, &held) || !held.has_record)
        return true;
    int r = hf__decode(e, &hf_wire_placement_record, held.record.record, &record);
    hf_assert(r == 0);
    hf__acceptors(e, &record, &g);
    hf__versions(e, &m.versions);
    m.account = w->owner;
    struct hf_bytes body = hf__encode(e, &hf_wire_nonce_request, &m);
    for (; d->next_holder < g.n; d->next_holder++) {
        const struct hf_account *holder = &g.acceptors[d->next_holder];
        if (hf_account_equal(holder, &e->account))
            continue;
        ask.slot = (uint8_t)d->next_holder;
        r = hf__call(e, &ask, holder, body);
        if (r == HF_EBUSY)
            return false;
        d->waiting += r == 0;
    }
    return true;
}

static void advance(struct hf_engine *e)
{
    hf_assert(e->provider->drain != NULL);
    struct hf__drain *d = e->provider->drain;
    if (d->rounds > 0) /* the answer was to an older question */
        return;
    while (d->next_owner < d->count && ask_owner(e)) {
        d->next_owner++;
        d->next_holder = 0;
    }
    hf_assert(d->next_owner <= d->count);
    if (d->waiting == 0 && d->next_owner == d->count)
        finish(e);
}

void hf__drain_begin(struct hf_engine *e, uint64_t request)
{
    size_t held = hf__rows_count(&e->rows, HF_ROW_HELD);
    struct hf__drain *d = calloc(1, sizeof *d + held * sizeof *d->owners);
    hf_assert(e->provider->drain == NULL && d != NULL);
    d->request = request;
    d->before = e->next_id;
    e->provider->drain = d;
    hf_assert(d->count == 0 && d->waiting == 0);
    if (e->open)
        collect(e);
    hf_assert(d->count <= held);
    advance(e);
}

int hf__drain_answered(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_DRAIN && call->method == HF_METHOD_NONCE);
    struct hf__drain *d = e->provider->drain;
    struct hf_nonce_response m;
    int r = error != 0 ? error : hf__nonce_answer(e, call, body, &m);
    if (d == NULL)
        return 0;
    /* An answer to a question before this one only makes room for another call. */
    if (hf__id_after(call->id, d->before)) {
        struct watched *w = &d->owners[call->arg];
        hf_assert(call->arg < d->count && d->waiting > 0);
        if (r == 0 && !m.draining && w->live < UINT8_MAX) {
            w->live++;
            w->heard |= UINT32_C(1) << call->slot;
        }
        d->waiting--;
    }
    advance(e);
    return error == 0 ? r : 0;
}
