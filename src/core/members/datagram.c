/* Datagrams: made and taken under the key of a pair, and handed on between two others
 * (proto/GOSSIP.md, 5). */
#include "base/error.h"
#include "base/secret.h"
#include "members/detect.h"

enum { KIND_PING = 1, KIND_ANSWER, KIND_CARRY, KIND_NOT_YET, EVENTS_MAX = 4, BODY_MAX = 1120 };

/* The datagram to a member; false: no key. */
static bool wrap(struct hf_engine *e, const struct hf_account *to, const struct hf_probe *what,
                 struct hf_bytes *ret)
{
    hf_assert(e->claimed && what->kind >= KIND_PING && what->kind <= KIND_NOT_YET);
    struct hf_datagram m;
    struct hf__contact *c = hf__contact_get(e, to, true);
    const struct hf__pair *pair = c != NULL ? hf__contact_keys(e, c) : NULL;
    if (pair == NULL)
        return false;
    m.body = hf__encode(e, &hf_wire_probe, what);
    hf_assert(m.body.len <= BODY_MAX);
    m.from = e->account;
    if (c->behind)
        pair = hf__contact_before(e, c);
    hf_assert(pair != NULL);
    e->suite->mac(pair->out, m.body, m.mac);
    *ret = hf__encode(e, &hf_wire_datagram, &m);
    return true;
}

/* What says nothing waits for nothing: where the disk does not take what this node has said last,
 * it asks and answers all the same. */
static void leave(struct hf_engine *e, const struct hf_account *to, const struct hf_probe *what,
                  struct hf_bytes bytes)
{
    hf_assert(e->members->detector != NULL);
    hf_assert(bytes.len <= HF_DATAGRAM_MAX);
    bool says = what->events_count > 0 || what->inner.len > 0;
    hf__datagram_put(e, hf__address_of(e, to), bytes, says ? hf__told_after(e) : 0);
    e->members->detector->sent++;
}

bool hf__datagram_send(struct hf_engine *e, const struct hf_account *to,
                       const struct hf_probe *what)
{
    struct hf_bytes bytes;
    hf_assert(!hf_account_equal(to, &e->account));
    if (!wrap(e, to, what, &bytes))
        return false;
    leave(e, to, what, bytes);
    return true;
}

bool hf__datagram_carry(struct hf_engine *e, const struct hf_account *by,
                        const struct hf_account *to, const struct hf_probe *what)
{
    hf_assert(what->kind == KIND_PING && !hf_account_equal(by, to));
    struct hf_probe carry = {.kind = KIND_CARRY, .has_to = true};
    memcpy(carry.nonce, what->nonce, sizeof carry.nonce);
    carry.to = *to;
    return wrap(e, to, what, &carry.inner) && hf__datagram_send(e, by, &carry);
}

static void add(struct hf_engine *e, const struct hf__told *told, size_t *room,
                struct hf_signed_event *events, struct hf_probe *what)
{
    hf_assert(what->events_count <= EVENTS_MAX && what->events == events);
    if (told == NULL || what->events_count == EVENTS_MAX || told->encoded->len > *room ||
        !hf__told_may_leave(e, told))
        return;
    int r = hf__decode(e, &hf_wire_signed_event, hf_blob_bytes(told->encoded),
                       &events[what->events_count]);
    hf_assert(r == 0);
    what->events_count++;
    *room -= told->encoded->len;
}

void hf__datagram_events(struct hf_engine *e, const struct hf_account *to, bool greet, size_t room,
                         struct hf_signed_event *events, struct hf_probe *what)
{
    hf_assert(what->events_count == 0 && room <= HF_EVENTS_LEN);
    struct hf__members *m = e->members;
    /* Without an event that has tellings left, the own one has none either. */
    const struct hf__told *own =
        greet || m->telling ? hf__told_find(e, &e->account, HF__NEWS_ALIVE, NULL) : NULL;
    what->events = events;
    if (greet || (own != NULL && own->budget > 0))
        add(e, own, &room, events, what);
    /* Who is suspected hears it first. */
    for (size_t i = hf__told_suspected(e, to);
         i < m->told_count && hf_account_equal(&m->told[i]->subject, to); i++)
        if (m->told[i]->kind == HF__NEWS_SUSPECT && what->events_count < 2)
            add(e, m->told[i], &room, events, what);
    if (!m->telling)
        return;
    bool any = false;
    for (size_t i = 0; i < m->told_count && what->events_count < EVENTS_MAX; i++) {
        struct hf__told *told = m->told[i];
        any = any || told->budget > 0;
        if (told->budget == 0 || told == own || hf_account_equal(&told->subject, to) ||
            told->encoded->len > room || !hf__told_may_leave(e, told))
            continue;
        add(e, told, &room, events, what);
        told->budget--;
    }
    m->telling = any || what->events_count == EVENTS_MAX;
}

static void answer(struct hf_engine *e, const struct hf_account *to, const struct hf_account *by,
                   const struct hf_probe *ping)
{
    hf_assert(ping->kind == KIND_PING);
    struct hf_signed_event events[EVENTS_MAX];
    struct hf_probe m = {.kind = KIND_ANSWER};
    struct hf_probe carry = {.kind = KIND_CARRY, .has_to = true};
    memcpy(m.nonce, ping->nonce, sizeof m.nonce);
    memcpy(carry.nonce, ping->nonce, sizeof carry.nonce);
    carry.to = *to;
    const struct hf__contact *c = hf__contact_find(e, to);
    hf__datagram_events(e, to, c != NULL && c->behind,
                        by != NULL ? HF_CARRIED_EVENTS_LEN : HF_EVENTS_LEN, events, &m);
    if (by == NULL)
        hf__datagram_send(e, to, &m);
    else if (wrap(e, to, &m, &carry.inner))
        hf__datagram_send(e, by, &carry);
}

/* ---- handing on */

static struct hf__carried *carried_find(struct hf__detector *d, const struct hf_account *asker,
                                        const struct hf_account *target)
{
    hf_assert(asker != NULL && target != NULL);
    for (size_t i = 0; i < d->carried_cap; i++)
        if (d->carried[i].until_ms != 0 && hf_account_equal(&d->carried[i].asker, asker) &&
            hf_account_equal(&d->carried[i].target, target))
            return &d->carried[i];
    return NULL;
}

static size_t carried_for(const struct hf__detector *d, const struct hf_account *asker)
{
    size_t count = 0;
    for (size_t i = 0; i < d->carried_cap; i++)
        count += hf_account_equal(&d->carried[i].asker, asker);
    hf_assert(count <= d->carried_cap);
    return count;
}

/*
 * All places are taken: one of the asker that has the most gives way to an asker that has fewer by
 * two, so that one that asks for everything takes none of another's part. NULL: there is none.
 */
static struct hf__carried *carried_yield(struct hf__detector *d, const struct hf_account *asker)
{
    struct hf__carried *of_most = NULL;
    size_t most = carried_for(d, asker) + 1;
    hf_assert(d->carried_cap == HF_CARRIED_MAX);
    for (size_t i = 0; i < d->carried_cap; i++) {
        size_t count = carried_for(d, &d->carried[i].asker);
        if (count > most) {
            most = count;
            of_most = &d->carried[i];
        }
    }
    return of_most;
}

static struct hf__carried *carried_new(struct hf__detector *d, const struct hf_account *asker,
                                       uint64_t now_ms)
{
    hf_assert(d->carried_cap <= HF_CARRIED_MAX);
    size_t at = 0;
    while (at < d->carried_cap && d->carried[at].until_ms > now_ms)
        at++;
    if (at == HF_CARRIED_MAX)
        return carried_yield(d, asker);
    if (at == d->carried_cap)
        d->carried = hf__places_double(d->carried, &d->carried_cap, sizeof *d->carried);
    return &d->carried[at];
}

/* Hands a datagram on that is for another: the first way, or the way back. */
static int hand_on(struct hf_engine *e, const struct hf_account *from, const struct hf_probe *m,
                   const struct hf_datagram *inner)
{
    struct hf__detector *d = e->members->detector;
    hf_assert(d != NULL && m->kind == KIND_CARRY);
    if (!hf__is_member(e, &m->to) || !hf_account_equal(&inner->from, from))
        return HF_EPERMISSION;
    struct hf__carried *back = carried_find(d, &m->to, from);
    if (back != NULL && memcmp(back->nonce, m->nonce, sizeof back->nonce) == 0) {
        back->until_ms = 0;
        hf__datagram_send(e, &m->to, m);
        return 0;
    }
    struct hf__carried *c = carried_find(d, from, &m->to);
    if (c == NULL)
        c = carried_new(d, from, e->now_ms);
    if (c == NULL)
        return HF_EBUSY;
    hf_assert(!hf_account_equal(&m->to, &e->account) && !hf_account_equal(from, &e->account));
    c->asker = *from;
    c->target = m->to;
    memcpy(c->nonce, m->nonce, sizeof c->nonce);
    c->due_ms = e->now_ms + e->timing.probe_ms * UINT64_C(6) / 25;
    c->until_ms = e->now_ms + e->timing.probe_ms;
    hf__datagram_send(e, &m->to, m);
    hf__detect_soon(e);
    return 0;
}

uint64_t hf__carried_due(struct hf_engine *e)
{
    struct hf__detector *d = e->members->detector;
    hf_assert(d != NULL && e->claimed);
    uint64_t next = HF__NEVER;
    for (size_t i = 0; i < d->carried_cap; i++) {
        struct hf__carried *c = &d->carried[i];
        if (c->until_ms <= e->now_ms || c->due_ms == 0)
            continue;
        if (c->due_ms <= e->now_ms) {
            struct hf_probe m = {.kind = KIND_NOT_YET};
            memcpy(m.nonce, c->nonce, sizeof m.nonce);
            c->due_ms = 0;
            if (hf__is_member(e, &c->asker))
                hf__datagram_send(e, &c->asker, &m);
        } else if (c->due_ms < next) {
            next = c->due_ms;
        }
    }
    hf_assert(next > e->now_ms);
    return next;
}

/* ---- taking */

static int take(struct hf_engine *e, const struct hf_datagram *m, const struct hf_account *by);

static int do_carry(struct hf_engine *e, const struct hf_account *from, const struct hf_account *by,
                    const struct hf_probe *m)
{
    hf_assert(m->kind == KIND_CARRY && hf__is_member(e, from));
    struct hf_datagram inner;
    if (by != NULL || !m->has_to)
        return HF_EMALFORMED;
    int r = hf__decode(e, &hf_wire_datagram, m->inner, &inner);
    if (r != 0)
        return r;
    return hf_account_equal(&m->to, &e->account) ? take(e, &inner, from)
                                                 : hand_on(e, from, m, &inner);
}

/* A contact is a member by the documents by which contacts were looked through. */
static bool is_member(const struct hf_engine *e, const struct hf_account *account)
{
    hf_assert(e->members->detector != NULL);
    if (e->members->detector->contacts_adopted == e->trust->adopted &&
        hf__contact_find(e, account) != NULL)
        return true;
    return hf__is_member(e, account);
}

/* Whether a datagram of a member is under the pair's keys, of now or of before. */
static bool verify(struct hf_engine *e, struct hf__contact *c, const struct hf__pair *pair,
                   const struct hf_datagram *m)
{
    uint8_t mac[HF_MAC_LEN];
    hf_assert(c->used && c->keyed);
    e->suite->mac(pair->in, m->body, mac);
    if (hf_secret_equal(mac, m->mac, sizeof mac)) {
        c->behind = false;
        return true;
    }
    const struct hf__pair *before = hf__contact_before(e, c);
    if (before == NULL)
        return false;
    e->suite->mac(before->in, m->body, mac);
    return hf_secret_equal(mac, m->mac, sizeof mac);
}

/* by: who handed it on; NULL: it came alone. */
static int take(struct hf_engine *e, const struct hf_datagram *m, const struct hf_account *by)
{
    struct hf_probe what;
    hf_assert(e->claimed && e->members->detector != NULL);
    if (!is_member(e, &m->from) || hf_account_equal(&m->from, &e->account))
        return HF_ENOTMEMBER;
    /* In the name of a stranger to this node it costs a look-up and a MAC, and takes no other's
     * place; what stands there says nothing of whether this node is cut off. */
    struct hf__contact *c = hf__contact_get(e, &m->from, false);
    const struct hf__pair *pair = c != NULL ? hf__contact_keys(e, c) : NULL;
    hf_assert(pair == NULL || c->keyed);
    if (pair == NULL)
        return HF_EMISSING;
    if (!verify(e, c, pair, m))
        return HF_ESIGNATURE;
    int r = hf__decode(e, &hf_wire_probe, m->body, &what);
    if (r != 0)
        return r;
    if (!hf__teller_may(e, &m->from, what.events_count))
        return HF_EBUSY;
    hf__gossip_hear(e, &m->from, what.events, what.events_count);
    e->members->detector->taken++;
    switch (what.kind) {
    case KIND_PING:
        answer(e, &m->from, by, &what);
        return 0;
    case KIND_ANSWER:
        hf__probe_answered(e, &m->from, what.nonce, true);
        return 0;
    case KIND_CARRY:
        return do_carry(e, &m->from, by, &what);
    default:
        hf__probe_not_yet(e, what.nonce);
        return 0;
    }
}

void hf__recv_datagram(struct hf_engine *e, struct hf_bytes body)
{
    struct hf_datagram m;
    if (e->members->detector == NULL || !e->claimed || hf__documents_ready(e) != 0)
        return;
    int r = body.len <= HF_DATAGRAM_MAX ? hf__decode(e, &hf_wire_datagram, body, &m) : HF_ETOOBIG;
    hf_assert(e->open);
    if (r == 0)
        r = take(e, &m, NULL);
    if (r != 0)
        e->members->detector->refused++;
}

/* ---- the same over the pooled connection */

int hf__recv_probe(struct hf_engine *e, const struct hf__message *from, struct hf_bytes body)
{
    hf_assert(from->is_request && from->method == HF_METHOD_PROBE);
    struct hf_probe m;
    struct hf_signed_event events[EVENTS_MAX];
    struct hf_probe back = {.kind = KIND_ANSWER};
    int r = hf__documents_ready(e);
    if (r == 0)
        r = hf__decode(e, &hf_wire_probe, body, &m);
    if (r != 0)
        return r;
    if (!from->has_account)
        return HF_EPERMISSION;
    if (!hf__is_member(e, &from->account))
        return HF_ENOTMEMBER;
    if (m.kind != KIND_PING)
        return HF_EUNSUPPORTED;
    if (!hf__teller_may(e, &from->account, m.events_count))
        return HF_EBUSY;
    hf__gossip_hear(e, &from->account, m.events, m.events_count);
    memcpy(back.nonce, m.nonce, sizeof back.nonce);
    hf__datagram_events(e, &from->account, true, HF_EVENTS_LEN, events, &back);
    hf__reply_after(e, from->request, hf__encode(e, &hf_wire_probe, &back), hf__told_after(e));
    return 0;
}

int hf__probe_returned(struct hf_engine *e, const struct hf__pending *call, int error,
                       struct hf_bytes body)
{
    hf_assert(call->task == HF__TASK_PROBE);
    struct hf_probe m;
    if (e->members->detector == NULL || !hf__is_member(e, &call->account))
        return 0;
    /* A member that refuses is there: it recovers, or the two do not know the same documents
     * yet. */
    if (error == HF_ELOCKED || error == HF_EPEER_LOCKED || error == HF_EBEHIND ||
        error == HF_ENOTMEMBER || error == HF_EEXPIRED || error == HF_ENODOCUMENTS ||
        error == HF_ERATE)
        hf__members_heard(e, &call->account);
    if (error != 0)
        return 0;
    int r = hf__decode(e, &hf_wire_probe, body, &m);
    if (r != 0)
        return r;
    if (!hf__teller_may(e, &call->account, m.events_count))
        return 0;
    hf__gossip_hear(e, &call->account, m.events, m.events_count);
    if (m.kind == KIND_ANSWER)
        hf__probe_answered(e, &call->account, m.nonce, false);
    return 0;
}
