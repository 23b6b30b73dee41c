/*
 * Who is there: no node calls a member unreachable that it could reach, and what an account says of
 * itself has one place for each word: incarnations only rise.
 */
#include "checkers/checkers.h"

#include "network/network.h"

#include <string.h>

/* What disturbed the world before is over for a node that probes now. */
enum { QUIET_S = 90, CLOCK_S = 60 };

/* ---- unreachable */

bool hf__check_works(const struct hf_world *w, const struct hf__node *n)
{
    return n->engine != NULL && !n->paused && !n->isolated && n->slowness <= 1 && !n->corrupt &&
           !n->silent && w->now_us - n->boot_us >= QUIET_S * UINT64_C(1000000) &&
           n->stall_us <= w->now_us && n->pending == NULL && n->write_error == 0 &&
           n->clock_us <= CLOCK_S * INT64_C(1000000) && n->clock_us >= -CLOCK_S * INT64_C(1000000);
}

/* The node that the set names for an account, if that account is still its own; NULL: none. */
static const struct hf__node *member_of(const struct hf_world *w, const struct hf_account *account)
{
    const struct hf__authority *a = &w->authority;
    for (size_t i = 0; i < a->members_count; i++) {
        const struct hf__node *n = hf__node(w, a->members[i].node);
        if (hf_account_equal(&a->members[i].account, account) && n->has_account && n->proven &&
            hf_account_equal(&n->account, account))
            return n;
    }
    return NULL;
}

void hf__check_unreachable(struct hf__checks *c, uint32_t node, const struct hf_trace *t)
{
    const struct hf_world *w = c->world;
    const struct hf__node *whom = member_of(w, &t->account), *by = hf__node(w, node);
    if (whom == NULL || by == whom || w->settings.processor.cores > 0 ||
        w->settings.network.loss > 0.01 ||
        w->now_us - w->disturbed_us < QUIET_S * UINT64_C(1000000) || !hf__check_works(w, whom) ||
        !hf__check_works(w, by) || hf__cut_between(w, node, whom->number) ||
        hf__cut_between(w, whom->number, node))
        return;
    hf__violate(c->world, node, "present", "n%u calls n%u unreachable, which it could reach", node,
                whom->number);
}

/* ---- incarnations */

static void check_event(struct hf__checks *c, uint32_t from, const struct hf_signed_event *e)
{
    struct hf_event_statement s;
    struct hf_hash hash;
    const struct hf_account *own = hf__check_account(c, from);
    if (!hf__check_decode(c, &hf_wire_event_statement, e->statement, &s) || own == NULL ||
        !hf_account_equal(own, &s.author) || !hf_account_equal(&s.author, &s.subject))
        return;
    if (!hf__node(c->world, from)->copy)
        hf__check_leave_said(c, from, &s);
    uint64_t place[2] = {s.ballot.number, s.incarnation};
    c->world->suite->hash("sim/event", e->statement, &hash);
    uint8_t *said =
        hf__map_at(&c->said, hf__key_of(hf__b32(s.author.bytes), hf_bytes_of(place, sizeof place),
                                        hf_bytes_of(NULL, 0)));
    static const uint8_t nothing[HF_ID_LEN];
    if (memcmp(said, nothing, sizeof nothing) == 0)
        memcpy(said, hash.bytes, sizeof hash.bytes);
    else if (memcmp(said, hash.bytes, sizeof hash.bytes) != 0)
        hf__violate(c->world, from, "incarnation", "n%u has signed two words for one incarnation",
                    from);
}

static void check_events(struct hf__checks *c, uint32_t from, const struct hf_signed_event *events,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_event(c, from, &events[i]);
}

void hf__check_events_sent(struct hf__checks *c, const struct hf_message *m)
{
    struct hf_gossip_request request;
    struct hf_datagram datagram;
    struct hf_probe probe;
    if (hf__node(c->world, m->from)->corrupt)
        return;
    if (m->datagram) {
        if (hf__check_decode(c, &hf_wire_datagram, m->body, &datagram) &&
            hf__check_decode(c, &hf_wire_probe, datagram.body, &probe))
            check_events(c, m->from, probe.events, probe.events_count);
    } else if (m->method == HF_METHOD_PROBE && m->error == 0) {
        if (hf__check_decode(c, &hf_wire_probe, m->body, &probe))
            check_events(c, m->from, probe.events, probe.events_count);
    } else if (m->method == HF_METHOD_GOSSIP && !m->response) {
        if (hf__check_decode(c, &hf_wire_gossip_request, m->body, &request))
            check_events(c, m->from, request.events, request.events_count);
    }
}
