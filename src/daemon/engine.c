/* Drives the engine: one event in, one update out, and what the update says is done. */
#include "ask.h"
#include "base/error.h"
#include "base/secret.h"
#include "clock/clock.h"
#include "core/shell.h"
#include "daemon.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>

enum { DATAGRAMS = 1 }; /* as whose output a datagram waits: no asker has this number */

/* An output that waits for a write. */
struct output {
    struct hf__gated gated; /* first */
    enum { OUT_CALL, OUT_DATAGRAM, OUT_REPLY, OUT_LOCAL } kind;
    struct hf_call call;
    struct hf_datagram_out datagram;
    struct hf_reply reply;
    struct hf_local_reply local;
    uint8_t *key;    /* of local, the next one behind it; secret memory */
    uint8_t bytes[]; /* body, then address */
};

static void output_free(struct output *o)
{
    hf_secret_free(o->key);
    free(o);
}

static struct output *output_new(struct hf_bytes body, const char *address)
{
    size_t address_len = address != NULL ? strlen(address) + 1 : 0;
    struct output *o = calloc(1, sizeof *o + body.len + address_len);
    hf_assert(o != NULL);
    o->gated.size = sizeof *o + body.len + address_len;
    if (body.len > 0)
        memcpy(o->bytes, body.data, body.len);
    if (address != NULL)
        memcpy(o->bytes + body.len, address, address_len);
    return o;
}

static void emit(struct hf__daemon *d, const struct output *o)
{
    if (o->kind == OUT_CALL)
        hf__peers_call(d, &o->call);
    else if (o->kind == OUT_DATAGRAM)
        hf__peers_datagram(d, &o->datagram);
    else if (o->kind == OUT_REPLY)
        hf__peers_reply(d, o->reply.id, o->reply.error, o->reply.body);
    else
        hf__local_answer(d, &o->local);
}

static void open_gate(struct hf__daemon *d)
{
    struct hf__gated *next;
    while ((next = hf__gate_pop(&d->gate)) != NULL) {
        struct output *o = (struct output *)next;
        emit(d, o);
        output_free(o);
    }
}

void hf__daemon_drop_outputs(struct hf__daemon *d)
{
    struct hf__gated *next;
    while ((next = hf__gate_drop(&d->gate)) != NULL)
        output_free((struct output *)next);
}

static bool is_late(const struct hf__gated *what, void *daemon)
{
    const struct output *o = (const struct output *)what;
    if (o->kind == OUT_LOCAL)
        return o->key != NULL && !hf__local_waits(daemon, o->local.id);
    return o->kind == OUT_REPLY && hf__peers_asker(daemon, o->reply.id) == 0;
}

void hf__daemon_drop_late(struct hf__daemon *d)
{
    struct hf__gated *next;
    while ((next = hf__gate_pull(&d->gate, is_late, d)) != NULL)
        output_free((struct output *)next);
}

static void on_trace(void *daemon, const struct hf_trace *trace)
{
    hf__trace_log(daemon, trace);
}

static bool do_write(void *daemon, const struct hf_update *u)
{
    struct hf__daemon *d = daemon;
    hf__storage_write(d->storage, u);
    return true;
}

static void do_call(void *daemon, const struct hf_call *c)
{
    struct hf__daemon *d = daemon;
    if (hf__gate_open(&d->gate, c->after)) {
        hf__peers_call(d, c);
        return;
    }
    struct output *o = output_new(c->body, c->address);
    o->kind = OUT_CALL;
    o->call = *c;
    o->call.body = hf_bytes_of(o->bytes, c->body.len);
    o->call.address = (const char *)o->bytes + c->body.len;
    hf__gate_push(&d->gate, &o->gated, c->after);
}

static void do_datagram(void *daemon, const struct hf_datagram_out *out)
{
    struct hf__daemon *d = daemon;
    if (hf__gate_open(&d->gate, out->after)) {
        hf__peers_datagram(d, out);
        return;
    }
    /* Late, it is worth nothing: the probe that it belongs to is over. */
    if (!hf__gate_room(&d->gate, DATAGRAMS, out->body.len))
        return;
    struct output *o = output_new(out->body, out->address);
    o->kind = OUT_DATAGRAM;
    o->gated.who = DATAGRAMS;
    o->datagram.body = hf_bytes_of(o->bytes, out->body.len);
    o->datagram.address = (const char *)o->bytes + out->body.len;
    hf__gate_push(&d->gate, &o->gated, out->after);
}

static void do_reply(void *daemon, const struct hf_reply *r)
{
    struct hf__daemon *d = daemon;
    if (hf__gate_open(&d->gate, r->after)) {
        hf__peers_reply(d, r->id, r->error, r->body);
        return;
    }
    /* A refusal speaks of nothing that must be durable. */
    uint64_t who = hf__peers_asker(d, r->id);
    if (who == 0 || !hf__gate_room(&d->gate, who, r->body.len)) {
        hf__peers_reply(d, r->id, HF_EBUSY, (struct hf_bytes){0});
        return;
    }
    struct output *o = output_new(r->body, NULL);
    o->kind = OUT_REPLY;
    o->gated.who = who;
    o->reply = *r;
    o->reply.body = hf_bytes_of(o->bytes, r->body.len);
    hf__gate_push(&d->gate, &o->gated, r->after);
}

static void do_local(void *daemon, const struct hf_local_reply *r)
{
    struct hf__daemon *d = daemon;
    if (hf__gate_open(&d->gate, r->after)) {
        hf__local_answer(d, r);
        return;
    }
    if (d->store_error != 0 && r->key == NULL) {
        const struct hf_local_reply refusal = {.id = r->id, .error = d->store_error};
        hf__local_answer(d, &refusal);
        return;
    }
    /* The alias that may stand beside it is of a document that the engine holds: it goes with an
     * answer of a share holder, which waits for no write. */
    struct output *o = output_new(r->blackstart.file, NULL);
    o->kind = OUT_LOCAL;
    o->local = *r;
    o->local.blackstart.file = hf_bytes_of(o->bytes, r->blackstart.file.len);
    o->local.blackstart.alias = (struct hf_bytes){0};
    hf_assert(r->quote.len == 0); /* it tells nothing that waits for a write */
    if (r->key != NULL) {
        /* Those for which no asker waits any more go first: there is one for each that does. */
        hf__daemon_drop_late(d);
        int error = hf__ask_key_hold(&o->local, &o->key);
        if (error != 0) {
            const struct hf_local_reply refusal = {.id = r->id, .error = error};
            hf__local_answer(d, &refusal);
            output_free(o);
            return;
        }
    }
    hf__gate_push(&d->gate, &o->gated, r->after);
}

static void do_work(void *daemon, const struct hf_work *w)
{
    struct hf__daemon *d = daemon;
    switch (w->type) {
    case HF_WORK_VAULT_CREATE:
    case HF_WORK_VAULT_OPEN:
        hf__storage_vault(d->storage, w->type == HF_WORK_VAULT_CREATE, w->key, &w->account,
                          w->version);
        return;
    case HF_WORK_QUOTE:
        hf__quotes_make(d->quotes, w->id, w->label, &w->hash, w->report_data);
        return;
    case HF_WORK_JUDGE:
        hf__quotes_judge(d->quotes, w);
        return;
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct hf_event event = {.type = HF_EVENT_TICK};
    hf__daemon_step(timer->data, &event);
}

static void set_deadline(void *daemon, uint64_t deadline_ms)
{
    struct hf__daemon *d = daemon;
    uv_timer_stop(&d->tick);
    if (deadline_ms == UINT64_MAX)
        return;
    uint64_t now = hf_clock_monotonic_ms();
    uv_update_time(&d->loop);
    int r = uv_timer_start(&d->tick, on_tick, deadline_ms > now ? deadline_ms - now : 0, 0);
    hf_assert(r == 0);
}

void hf__identity_settle(struct hf__daemon *d, bool at_once)
{
    if (!d->identity_due || !(d->claim_sent || at_once))
        return;
    d->identity_due = false;
    hf__peers_identity(d);
}

/*
 * A new identity ends every connection made under the old one. After a recovery the claim still
 * goes out on those that the recovery made, as a locked node may (PROTOCOL.md, section 6): new
 * handshakes with every provider would keep the application waiting.
 */
static void new_identity(void *daemon, const struct hf_update *u)
{
    struct hf__daemon *d = daemon;
    d->identity_due = true;
    d->claim_sent = false;
    hf__identity_settle(d, !u->claim_follows);
    /* It has locked itself for good, and forgot all that it knew. */
    if (u->state == HF_STATE_BLOCKED || u->state == HF_STATE_HANDED_OVER)
        hf__storage_lock(d->storage);
}

static void step(struct hf__daemon *d, struct hf_event *event)
{
    static const struct hf_shell shell = {.trace = on_trace,
                                          .write = do_write,
                                          .identity = new_identity,
                                          .call = do_call,
                                          .datagram = do_datagram,
                                          .reply = do_reply,
                                          .work = do_work,
                                          .local = do_local,
                                          .deadline = set_deadline};
    struct hf_update u;
    event->now_ms = hf_clock_monotonic_ms();
    event->wall_ms = hf_clock_wall_ms();
    event->crowded = d->storage != NULL && hf__storage_crowded(d->storage);
    hf_engine_step(d->engine, event, &u);
    d->state_changed = d->state_changed || u.state_changed;
    hf_shell_carry_out(&shell, d, &u);
    if (u.marks != NULL)
        hf__quotes_marks(d->quotes, u.marks);
    hf__identity_settle(d, false);
}

void hf__daemon_step(struct hf__daemon *d, struct hf_event *event)
{
    if (!d->running)
        return;
    step(d, event);
    /* Calls that the transport refused at once are answers too; the engine hears of them only now,
     * when it has let go of what its update pointed to. */
    while (d->refused_count > 0) {
        const struct hf__refused last = d->refused[--d->refused_count];
        struct hf_event failed = {.type = HF_EVENT_RESPONSE};
        failed.u.response.call = last.call;
        failed.u.response.error = last.error;
        step(d, &failed);
    }
    if (d->state_changed) {
        d->state_changed = false;
        hf__local_again(d);
    }
}

static void on_made(void *user, uint32_t work, int error, struct hf_bytes quote)
{
    struct hf_event event = {.type = HF_EVENT_QUOTE_MADE};
    event.u.quote_made.work = work;
    event.u.quote_made.error = error;
    event.u.quote_made.quote = quote;
    hf__daemon_step(user, &event);
}

static void on_judged(void *user, uint32_t work, const struct hf_verdict *verdict)
{
    struct hf_event event = {.type = HF_EVENT_QUOTE_JUDGED};
    event.u.quote_judged.work = work;
    event.u.quote_judged.verdict = *verdict;
    hf__daemon_step(user, &event);
}

static void on_reloaded(void *user, int error)
{
    struct hf__daemon *d = user;
    struct hf_event event = {.type = HF_EVENT_COLLATERAL};
    if (error == 0 || error == HF_ECOLLROLLBACK)
        hf__daemon_step(d, &event);
    hf__collateral_reloaded(d, error);
}

static void on_looked_ahead(void *user, const struct hf_verdict *now,
                            const struct hf_verdict *early)
{
    struct hf__daemon *d = user;
    d->own.known = now != NULL;
    d->own.announced = early != NULL;
    if (now != NULL)
        d->own.now = *now;
    if (early != NULL)
        d->own.early = *early;
}

static void on_marked(void *user, const struct hf_marks *marks)
{
    struct hf_event event = {.type = HF_EVENT_MARKS};
    event.u.marks.marks = marks;
    hf__daemon_step(user, &event);
}

static uint64_t now_s(void *user)
{
    const struct hf__daemon *d = user;
    uint64_t now_ms = hf_clock_monotonic_ms(), wall_ms = hf_clock_wall_ms();
    return d->running ? hf_engine_now_s(d->engine, now_ms, wall_ms) : wall_ms / 1000;
}

/* ---- what the store tells */

static void on_wake(void *user)
{
    struct hf__daemon *d = user;
    uv_async_send(&d->wake);
}

static void on_durable(void *user, uint64_t seq)
{
    struct hf__daemon *d = user;
    hf__gate_advance(&d->gate, seq);
}

static void on_vault(void *user, int error, const struct hf__storage_rows *rows)
{
    struct hf_event event = {.type = HF_EVENT_VAULT};
    event.u.vault.error = error;
    event.u.vault.rows = rows->rows;
    event.u.vault.rows_count = rows->count;
    hf__daemon_step(user, &event);
}

static bool is_command(const struct hf__gated *what, void *user)
{
    const struct output *o = (const struct output *)what;
    (void)user;
    return o->kind == OUT_LOCAL && o->key == NULL;
}

/* The disk takes nothing: who has asked for what must be durable is told why it is not done yet. */
static void refuse_commands(struct hf__daemon *d, int error)
{
    struct hf__gated *next;
    while ((next = hf__gate_pull(&d->gate, is_command, d)) != NULL) {
        struct output *o = (struct output *)next;
        const struct hf_local_reply reply = {.id = o->local.id, .error = error};
        hf__local_answer(d, &reply);
        output_free(o);
    }
}

static void on_health(void *user, int error, const char *text)
{
    struct hf__daemon *d = user;
    struct hf_event event = {.type = HF_EVENT_STORE};
    d->store_error = error;
    snprintf(d->store_text, sizeof d->store_text, "%s", error != 0 ? text : "");
    hf__log(error != 0 ? HF__ERROR : HF__INFO, error != 0 ? "store_failing" : "store_works",
            error != 0 ? text : NULL, error);
    event.u.store.error = error;
    hf__daemon_step(d, &event);
    if (error != 0)
        refuse_commands(d, error);
}

static void on_store(uv_async_t *wake)
{
    struct hf__daemon *d = wake->data;
    if (d->storage == NULL)
        return;
    hf__storage_poll(d->storage);
    open_gate(d);
    hf__identity_settle(d, false);
    /* What left may have been refused at once. */
    if (d->refused_count > 0) {
        struct hf_event event = {.type = HF_EVENT_TICK};
        hf__daemon_step(d, &event);
    }
}

void hf__daemon_hooks(struct hf__daemon *d, struct hf__storage_hooks *ret_storage,
                      struct hf__quotes_hooks *ret_quotes)
{
    *ret_storage = (struct hf__storage_hooks){.user = d,
                                              .wake = on_wake,
                                              .durable = on_durable,
                                              .vault = on_vault,
                                              .health = on_health,
                                              .format = hf__formats_changed};
    *ret_quotes = (struct hf__quotes_hooks){.user = d,
                                            .made = on_made,
                                            .judged = on_judged,
                                            .reloaded = on_reloaded,
                                            .looked_ahead = on_looked_ahead,
                                            .marked = on_marked,
                                            .now_s = now_s};
}

int hf__daemon_handles(struct hf__daemon *d)
{
    int r = uv_timer_init(&d->loop, &d->tick);
    if (r == 0)
        r = uv_async_init(&d->loop, &d->wake, on_store);
    d->tick.data = d;
    d->wake.data = d;
    return r == 0 ? 0 : HF_ENOMEM;
}
