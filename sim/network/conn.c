/* Connections that are open. */
#include "network/network.h"

#include "lib/pages.h"
#include "node/node.h"

#include <stdlib.h>
#include <string.h>

static struct hf__conn *conn_slot(struct hf_world *w, uint32_t from, uint32_t to)
{
    size_t at = hf__mix((uint64_t)from << 32 | to) & (w->conns_cap - 1);
    while (w->conns[at].used && (w->conns[at].from != from || w->conns[at].to != to))
        at = (at + 1) & (w->conns_cap - 1);
    return &w->conns[at];
}

/* When the last request on it arrives, and the last answer. */
static uint64_t *last_of(const struct hf_world *w, const struct hf__conn *c)
{
    return w->conns_last + 2 * (c - w->conns);
}

static void conns_grow(struct hf_world *w)
{
    struct hf__conn *old = w->conns;
    uint64_t *old_last = w->conns_last;
    size_t old_cap = w->conns_cap;
    w->conns_cap = old_cap == 0 ? 1024 : old_cap * 2;
    w->conns = calloc(w->conns_cap, sizeof *w->conns);
    w->conns_last = w->settings.network.ordered ? calloc(w->conns_cap, 2 * sizeof(uint64_t)) : NULL;
    hf_assert(w->conns != NULL && (w->conns_last != NULL || !w->settings.network.ordered));
    hf__pages_grown();
    for (size_t i = 0; i < old_cap; i++) {
        if (!old[i].used)
            continue;
        struct hf__conn *c = conn_slot(w, old[i].from, old[i].to);
        *c = old[i];
        if (w->conns_last != NULL)
            memcpy(last_of(w, c), old_last + 2 * i, 2 * sizeof(uint64_t));
    }
    free(old);
    free(old_last);
}

/* Whether the caller must first open a connection; it counts as open afterwards. */
bool hf__conn_opens(struct hf_world *w, const struct hf__message *m)
{
    if (w->conns_count * 2 >= w->conns_cap)
        conns_grow(w);
    const struct hf__node *from = hf__node(w, m->from), *to = hf__node(w, m->to);
    struct hf__conn *c = conn_slot(w, m->from, m->to);
    if (c->used && c->from_incarnation == from->incarnation &&
        c->to_incarnation == to->incarnation && c->from_proven == from->proven &&
        c->to_proven == to->proven)
        return false;
    w->conns_count += !c->used;
    *c = (struct hf__conn){
        .from = m->from,
        .to = m->to,
        .from_incarnation = from->incarnation,
        .to_incarnation = to->incarnation,
        .from_proven = from->proven,
        .to_proven = to->proven,
        .used = true,
    };
    if (w->conns_last != NULL)
        memset(last_of(w, c), 0, 2 * sizeof(uint64_t));
    return true;
}

uint64_t hf__conn_order(struct hf_world *w, const struct hf__message *m, uint64_t arrives_us)
{
    if (w->conns_last == NULL || m->datagram || m->ghost)
        return arrives_us;
    struct hf__conn *c = m->response ? conn_slot(w, m->to, m->from) : conn_slot(w, m->from, m->to);
    if (!c->used)
        return arrives_us;
    uint64_t *last = &last_of(w, c)[m->response];
    *last = arrives_us > *last ? arrives_us : *last;
    return *last;
}

/*
 * What is left of TLS 1.3 before the request: the caller's first half, the other end's first, the
 * caller's second, the other end's second. A trip lies after each but the last.
 */
enum { CALLED_ENDS = 1, CALLER_ENDS, CALLED_BEGINS, CALLER_BEGINS };

uint64_t hf__conn_open(struct hf_world *w, struct hf__message *m, uint64_t trip_us)
{
    const struct hf_world_processor *p = &w->settings.processor;
    uint64_t ns = m->proven ? p->connect + p->accept : p->connect_locked + p->accept_locked;
    uint64_t tcp_us = 2 * trip_us;
    for (int i = 0; i < 2; i++)
        tcp_us += hf__loss_flight_us(w, trip_us, true);
    if (p->cores == 0 || !w->settings.costs)
        return tcp_us + 3 * trip_us + hf__loss_flight_us(w, trip_us, false) +
               hf__loss_flight_us(w, trip_us, false) + (w->settings.costs ? ns / 1000 : 0);
    m->handshake = CALLER_BEGINS;
    return tcp_us;
}

bool hf__conn_shakes(struct hf_world *w, uint32_t message, struct hf__message *m)
{
    const struct hf_world_processor *p = &w->settings.processor;
    bool called = m->handshake == CALLED_BEGINS || m->handshake == CALLED_ENDS;
    struct hf__node *n = hf__node(w, called ? m->to : m->from);
    if (called && n->engine == NULL)
        return false; /* the request finds no node either */
    if (!called && (n->engine == NULL || n->incarnation != m->from_incarnation)) {
        hf__message_free(w, message); /* its sender is gone */
        return true;
    }
    if (hf__node_postpones(w, n, hf__what(HF__ARRIVAL, 0, message)))
        return true;
    uint64_t caller_ns = m->proven ? p->connect : p->connect_locked;
    uint64_t called_ns = m->proven ? p->accept : p->accept_locked;
    n->busy_us = hf__compute(w, n, (called ? called_ns : caller_ns) / 2);
    uint64_t at_us = n->busy_us;
    if (--m->handshake > 0) {
        uint64_t trip_us = hf__one_way_us(w, m->from, m->to);
        at_us += trip_us + hf__loss_flight_us(w, trip_us, false);
    }
    hf__push(w, at_us, hf__what(HF__ARRIVAL, 0, message));
    return true;
}

/* One end of a connection hears that the other has ended it. */
static void tell_closed(struct hf_world *w, uint32_t from, uint32_t to)
{
    uint32_t message = hf__message_new(w, hf_bytes_of(NULL, 0));
    struct hf__message *m = hf__message(w, message);
    m->from = from;
    m->to = to;
    m->to_incarnation = hf__node(w, to)->incarnation;
    m->closed = true;
    if (hf__cut_between(w, from, to))
        hf__message_free(w, message);
    else
        hf__push(w, w->now_us + hf__trip_us(w, from, to), hf__what(HF__ARRIVAL, 0, message));
}

void hf__network_ended(struct hf_world *w)
{
    for (size_t i = 0; i < w->conns_cap; i++) {
        struct hf__conn *c = &w->conns[i];
        if (!c->used || c->to_incarnation == 0)
            continue;
        const struct hf__node *from = hf__node(w, c->from), *to = hf__node(w, c->to);
        bool from_ended = from->engine == NULL || from->incarnation != c->from_incarnation;
        bool to_ended = to->engine == NULL || to->incarnation != c->to_incarnation;
        if (!from_ended && !to_ended)
            continue;
        if (!from_ended && !to->silent && c->to_proven)
            tell_closed(w, c->to, c->from);
        else if (!to_ended && !from->silent && c->from_proven)
            tell_closed(w, c->from, c->to);
        c->to_incarnation = 0;
    }
}
