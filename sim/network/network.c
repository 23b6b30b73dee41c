/* Requests and responses on their way: what they cost, where they arrive, how they fail. */
#include "network/network.h"

#include "attestation/attestation.h"
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t address_node(const struct hf_world *w, const char *address)
{
    unsigned long number = 0;
    if (address[0] != 'n' || address[1] < '0' || address[1] > '9')
        return HF__NOBODY;
    const char *p = address + 1;
    for (; *p >= '0' && *p <= '9' && number < HF__NOBODY; p++)
        number = number * 10 + (unsigned long)(*p - '0');
    return *p == ':' && number < w->nodes_count ? (uint32_t)number : HF__NOBODY;
}

static uint32_t call_new(struct hf_world *w, uint32_t node, uint32_t incarnation)
{
    uint32_t index = hf__slab_take(&w->calls);
    struct hf__call *c = hf__slab_at(&w->calls, index);
    c->mark = (c->mark + 1) & 0xffffff;
    c->node = node;
    c->incarnation = incarnation;
    c->to_incarnation = 0;
    c->ghost = false;
    c->has_account = false;
    return index;
}

/* The call, when it is still under way and its caller is the one that made it. */
static struct hf__call *call_find(struct hf_world *w, uint32_t call, uint32_t mark)
{
    if (call >= w->calls.count)
        return NULL;
    struct hf__call *c = hf__slab_at(&w->calls, call);
    return (c->mark & 1) != 0 && c->mark == mark ? c : NULL;
}

static void call_end(struct hf_world *w, uint32_t call, struct hf__call *c)
{
    c->mark = (c->mark + 1) & 0xffffff;
    hf__slab_give(&w->calls, call);
}

/* ---- Sending ---- */

uint64_t hf__one_way_us(struct hf_world *w, uint32_t from, uint32_t to)
{
    const struct hf_world_network *net = &w->settings.network;
    struct hf_world_duration one_way = net->one_way;
    if (net->latency == HF_LATENCY_REGIONS || net->latency == HF_LATENCY_MATRIX)
        one_way = (struct hf_world_duration){hf__trip_us(w, from, to), net->region_sigma};
    else if (net->latency == HF_LATENCY_LOGNORMAL && one_way.sigma < 0)
        one_way.sigma = 0.2;
    return hf__draw_duration(&w->streams[HF__FOR_LATENCY], one_way);
}

uint64_t hf__wire_len(const struct hf_world *w, struct hf_bytes body)
{
    return w->platforms != NULL ? body.len : body.len + hf__model_padding(body);
}

/* When it arrives; UINT64_MAX: it is lost. */
static uint64_t travel(struct hf_world *w, struct hf__message *m, uint64_t at_us)
{
    const struct hf_world_network *net = &w->settings.network;
    struct hf__stream *r = &w->streams[HF__FOR_REORDER];
    if (m->from == HF__NOBODY || m->to == HF__NOBODY)
        return at_us + net->one_way.median_us;
    struct hf__node *from = hf__node(w, m->from);
    if (net->bandwidth > 0) {
        uint64_t start = at_us > from->line_us ? at_us : from->line_us;
        from->line_us = start + hf__wire_len(w, hf__message_body(m)) * 1000000 / net->bandwidth;
        at_us = from->line_us;
    }
    uint64_t trip_us = hf__one_way_us(w, m->from, m->to), late_us;
    if (hf__loss(w, m, trip_us, &late_us))
        return UINT64_MAX;
    /* Connections are known by those who are to hear of their end, too. */
    bool opens = (net->handshakes || net->ordered || w->settings.timing.probe_ms > 0) &&
                 !m->response && !m->ghost && !m->datagram && hf__conn_opens(w, m);
    if (net->handshakes && opens)
        trip_us = hf__conn_open(w, m, trip_us);
    if (hf__draw_chance(r, net->reorder))
        trip_us += hf__draw_duration(r, net->held_back);
    return hf__conn_order(w, m, at_us + trip_us + late_us);
}

static void describe(const struct hf_world *w, const struct hf__message *m, struct hf_message *ret)
{
    *ret = (struct hf_message){
        .from = m->from,
        .to = m->to,
        .call = (uint64_t)m->mark << 32 | m->call,
        .method = m->method,
        .response = m->response,
        .datagram = m->datagram,
        .error = m->error,
        .account = m->proven ? &m->account : NULL,
        .body = hf__message_body(m),
        .at_us = w->now_us,
    };
}

/* What watchers make of a message; false: it goes no further. */
static bool watched(struct hf_world *w, uint32_t message, struct hf__message *m,
                    uint64_t *ret_delay_us)
{
    struct hf_message shown;
    struct hf_buf body;
    struct hf_verdict_on verdict = {.body = &body};
    bool goes = true;
    size_t first = 0; /* who looks at messages: most look at other things */
    while (first < w->observers_count && w->observers[first].sent == NULL)
        first++;
    if (w->watch == NULL && first == w->observers_count)
        return true;
    hf_buf_init(&body, UINT32_MAX);
    for (size_t i = first; goes && i <= w->observers_count; i++) {
        if (i < w->observers_count && w->observers[i].sent == NULL)
            continue;
        int fate = HF_FATE_PASS;
        verdict.delay_us = 0;
        describe(w, m, &shown);
        if (i < w->observers_count) {
            fate = w->observers[i].sent(w->observers[i].ctx, w, &shown, &verdict);
        } else if (w->watch != NULL) {
            fate = (int)w->watch(w->watch_ctx, &shown, &verdict);
        }
        if (fate != HF_FATE_PASS || verdict.delay_us > 0)
            w->disturbed_us = w->now_us;
        if (fate == HF_FATE_REPLACE)
            hf__message_replace(m, &body, verdict.error);
        *ret_delay_us += verdict.delay_us;
        if (fate == HF_FATE_RESET)
            hf__network_fail(w, m->call, m->mark, HF_ECONNRESET, w->now_us);
        goes = fate != HF_FATE_DROP && fate != HF_FATE_RESET;
    }
    hf_buf_done(&body);
    if (!goes) {
        w->totals.messages_lost++;
        hf__message_free(w, message);
    }
    return goes;
}

static uint32_t copy(struct hf_world *w, const struct hf__message *m)
{
    uint32_t index = hf__message_new(w, hf__message_body(m));
    struct hf__message *c = hf__message(w, index);
    struct hf_blob *apart = c->apart;
    *c = *m;
    c->apart = apart;
    c->ghost = true;
    return index;
}

/* What has left a process arrives, or is sent again by its host, even when the process is dead. */
static void answered(struct hf_world *w, const struct hf__message *m)
{
    struct hf__call *c = m->response ? call_find(w, m->call, m->mark) : NULL;
    if (c != NULL)
        c->to_incarnation = 0;
}

void hf__network_send(struct hf_world *w, uint32_t message, uint64_t at_us)
{
    struct hf__message *m = hf__message(w, message);
    answered(w, m);
    struct hf__stream *r = &w->streams[HF__FOR_DUPLICATE];
    uint64_t delay_us = 0;
    w->totals.messages_sent++;
    uint64_t len = hf__wire_len(w, hf__message_body(m));
    w->totals.bytes_sent += len;
    w->totals.line_bytes += hf__line_len(m, len);
    if (!watched(w, message, m, &delay_us))
        return;
    enum hf_fate fate = hf__rules_judge(w, m, &delay_us);
    if (fate != HF_FATE_PASS || delay_us > 0)
        w->disturbed_us = w->now_us;
    bool lost = fate == HF_FATE_DROP || hf__cut_between(w, m->from, m->to);
    if (fate == HF_FATE_RESET)
        hf__network_fail(w, m->call, m->mark, HF_ECONNRESET, at_us);
    lost = lost || fate == HF_FATE_RESET;
    uint64_t arrives_us = lost ? UINT64_MAX : travel(w, m, at_us);
    if (arrives_us == UINT64_MAX) {
        w->totals.messages_lost++;
        hf__message_free(w, message);
        return;
    }
    bool twice = fate == HF_FATE_REPLACE; /* of a rule: a duplicate, after delay_us */
    if (!m->response && (twice || hf__draw_chance(r, w->settings.network.duplicate))) {
        uint64_t later_us = arrives_us + (twice ? delay_us : 1 + hf__draw_below(r, 100000));
        hf__push(w, later_us, hf__what(HF__ARRIVAL, 0, copy(w, m)));
        delay_us = twice ? 0 : delay_us;
    }
    hf__push(w, arrives_us + delay_us, hf__what(HF__ARRIVAL, 0, message));
}

static void prove(struct hf__message *m, const struct hf__node *n)
{
    m->proven = n->proven;
    if (n->proven)
        m->account = n->account;
}

uint32_t hf__network_call(struct hf_world *w, const struct hf__node *n, const struct hf_call *call,
                          uint64_t at_us)
{
    uint32_t index = call_new(w, n->number, n->incarnation);
    struct hf__call *c = hf__slab_at(&w->calls, index);
    c->id = call->id;
    c->method = call->method;
    c->has_account = call->has_account;
    c->to = address_node(w, call->address);
    if (call->has_account)
        c->account = call->account;
    hf__push(w, at_us + (uint64_t)call->timeout_ms * 1000,
             hf__what(HF__CALL_TIMEOUT, c->mark, index));
    if (c->to == HF__NOBODY) {
        hf__network_fail(w, index, c->mark, HF_ERESOLVE, at_us);
        return HF__NOBODY;
    }
    uint32_t message = hf__message_new(w, call->body);
    struct hf__message *m = hf__message(w, message);
    m->from = n->number;
    m->from_incarnation = n->incarnation;
    m->to = c->to;
    m->to_incarnation = hf__node(w, c->to)->incarnation;
    c->to_incarnation = hf__node(w, c->to)->engine == NULL ? 0 : m->to_incarnation;
    m->call = index;
    m->mark = c->mark;
    m->method = call->method;
    prove(m, n);
    return message;
}

uint32_t hf__network_reply(struct hf_world *w, const struct hf__node *n,
                           const struct hf_reply *reply)
{
    uint32_t index = (uint32_t)reply->id, mark = (uint32_t)(reply->id >> 32);
    struct hf__call *c = call_find(w, index, mark);
    if (c == NULL)
        return HF__NOBODY;
    uint32_t message = hf__message_new(w, reply->error == 0 ? reply->body : hf_bytes_of(NULL, 0));
    struct hf__message *m = hf__message(w, message);
    m->from = n->number;
    m->from_incarnation = n->incarnation;
    m->to = c->node;
    m->to_incarnation = c->incarnation;
    m->call = index;
    m->mark = mark;
    m->method = c->method;
    m->response = true;
    m->error = reply->error;
    prove(m, n);
    return message;
}

uint64_t hf__network_inject(struct hf_world *w, uint32_t from, uint32_t to, uint8_t method,
                            const struct hf_account *account, struct hf_bytes body, uint64_t at_us)
{
    uint32_t index = call_new(w, HF__NOBODY, 0);
    struct hf__call *c = hf__slab_at(&w->calls, index);
    c->to = to;
    c->method = method;
    c->ghost = from != HF__NOBODY;
    uint32_t message = hf__message_new(w, body);
    struct hf__message *m = hf__message(w, message);
    m->from = from;
    m->to = to;
    m->to_incarnation = hf__node(w, to)->incarnation;
    m->call = index;
    m->mark = c->mark;
    m->method = method;
    m->proven = account != NULL;
    if (account != NULL)
        m->account = *account;
    hf__push(w, at_us + 60000000, hf__what(HF__CALL_TIMEOUT, c->mark, index));
    hf__push(w, at_us + w->settings.network.one_way.median_us, hf__what(HF__ARRIVAL, 0, message));
    return (uint64_t)c->mark << 32 | index;
}

uint32_t hf__network_datagram(struct hf_world *w, const struct hf__node *n,
                              const struct hf_datagram_out *datagram)
{
    uint32_t to = address_node(w, datagram->address);
    if (to == HF__NOBODY)
        return HF__NOBODY;
    uint32_t message = hf__message_new(w, datagram->body);
    struct hf__message *m = hf__message(w, message);
    m->from = n->number;
    m->from_incarnation = n->incarnation;
    m->to = to;
    m->datagram = true;
    return message;
}

/* ---- Arriving ---- */

/* Ends a call at its caller. */
static void conclude(struct hf_world *w, uint32_t call, struct hf__call *c, int error,
                     const struct hf_account *account, struct hf_bytes body)
{
    struct hf__call ended = *c;
    call_end(w, call, c);
    if (ended.ghost)
        return;
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].ended != NULL)
            w->observers[i].ended(w->observers[i].ctx, w, &ended, error, body);
    }
    if (ended.node == HF__NOBODY) {
        w->answer.done = true;
        w->answer.error = error;
        if (w->answer.body != NULL && error == 0)
            hf_buf_append(w->answer.body, body.data, body.len);
        return;
    }
    struct hf__node *n = hf__node(w, ended.node);
    if (n->engine == NULL || n->incarnation != ended.incarnation)
        return;
    struct hf_event event = {.type = HF_EVENT_RESPONSE};
    event.u.response.call = ended.id;
    event.u.response.error = error;
    event.u.response.account = account;
    event.u.response.body = body;
    w->totals.deliveries++;
    hf__step(w, n, &event);
}

void hf__network_fail(struct hf_world *w, uint32_t call, uint32_t mark, int error, uint64_t at_us)
{
    struct hf__call *c = call_find(w, call, mark);
    if (c == NULL)
        return;
    uint32_t message = hf__message_new(w, hf_bytes_of(NULL, 0));
    struct hf__message *m = hf__message(w, message);
    m->from = HF__NOBODY;
    m->to = c->node;
    m->to_incarnation = c->incarnation;
    m->call = call;
    m->mark = mark;
    m->method = c->method;
    m->response = true;
    m->error = error;
    hf__push(w, at_us, hf__what(HF__ARRIVAL, 0, message));
}

static void deliver(struct hf_world *w, const struct hf__message *m)
{
    struct hf_message shown;
    describe(w, m, &shown);
    hf__hash_run(w, (uint64_t)m->from << 32 | m->to,
                 (uint64_t)m->method << 32 | (uint64_t)m->response << 40 | m->len);
    if (m->len >= 8) {
        uint64_t tail;
        memcpy(&tail, shown.body.data + m->len - 8, sizeof tail);
        hf__hash_run(w, tail, (uint64_t)(uint32_t)m->error);
    }
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].delivered != NULL)
            w->observers[i].delivered(w->observers[i].ctx, w, &shown);
    }
}

/* Why the connection to the receiver cannot be had as the call wants it; 0: it can. */
static int refusal(const struct hf__call *c, const struct hf__node *to)
{
    if (to->engine == NULL)
        return HF_ECONNECT;
    if (!c->has_account)
        return 0;
    if (!to->proven)
        return HF_EPEER_LOCKED;
    return hf_account_equal(&c->account, &to->account) ? 0 : HF_EPEER_ACCOUNT;
}

static void arrive_request(struct hf_world *w, struct hf__message *m)
{
    struct hf__node *to = hf__node(w, m->to);
    struct hf__call *c = call_find(w, m->call, m->mark);
    uint32_t call = m->call, mark = m->mark;
    if (m->ghost) {
        call = call_new(w, HF__NOBODY, 0);
        struct hf__call *ghost = hf__slab_at(&w->calls, call);
        ghost->ghost = true;
        ghost->method = m->method;
        mark = ghost->mark;
        c = ghost;
        m->call = call;
        m->mark = mark;
    }
    if (c == NULL)
        return; /* its caller has given up; the stream is closed before the request is read */
    int error = refusal(c, to);
    if (error == 0 && m->to_incarnation != to->incarnation && !m->ghost)
        error = HF_ECONNRESET;
    if (error != 0) {
        if (!to->silent)
            hf__network_fail(w, call, mark, error, w->now_us + hf__trip_us(w, m->to, m->from));
        return;
    }
    deliver(w, m);
    struct hf_event event = {.type = HF_EVENT_REQUEST};
    event.u.request.id = (uint64_t)mark << 32 | call;
    event.u.request.method = m->method;
    event.u.request.account = m->proven ? &m->account : NULL;
    event.u.request.expected = m->from != HF__NOBODY && !w->nodes[m->from]->unlisted;
    event.u.request.source = m->from;
    event.u.request.body = hf__message_body(m);
    w->totals.deliveries++;
    hf__step(w, to, &event);
}

static void arrive_response(struct hf_world *w, struct hf__message *m)
{
    struct hf__call *c = call_find(w, m->call, m->mark);
    if (c == NULL)
        return;
    if (m->from != HF__NOBODY)
        deliver(w, m);
    conclude(w, m->call, c, m->error, m->proven ? &m->account : NULL, hf__message_body(m));
}

static void arrive_datagram(struct hf_world *w, struct hf__message *m)
{
    struct hf__node *to = hf__node(w, m->to);
    struct hf_event event = {.type = HF_EVENT_DATAGRAM};
    if (to->engine == NULL)
        return;
    deliver(w, m);
    event.u.datagram.body = hf__message_body(m);
    w->totals.deliveries++;
    hf__step(w, to, &event);
}

static void arrive_end(struct hf_world *w, const struct hf__message *m)
{
    struct hf__node *to = hf__node(w, m->to);
    const struct hf__node *from = hf__node(w, m->from);
    struct hf_event event = {.type = HF_EVENT_CLOSED};
    if (to->engine == NULL || to->incarnation != m->to_incarnation || !from->has_account)
        return;
    event.u.closed.account = &from->account;
    hf__step(w, to, &event);
}

void hf__network_arrive(struct hf_world *w, uint32_t message)
{
    struct hf__message *m = hf__message(w, message);
    if (m->handshake > 0 && hf__conn_shakes(w, message, m))
        return;
    if (m->to != HF__NOBODY) {
        struct hf__node *to = hf__node(w, m->to);
        if (to->engine != NULL && hf__node_postpones(w, to, hf__what(HF__ARRIVAL, 0, message)))
            return;
    }
    if (m->response)
        arrive_response(w, m);
    else if (m->datagram)
        arrive_datagram(w, m);
    else if (m->closed)
        arrive_end(w, m);
    else
        arrive_request(w, m);
    hf__message_free(w, message);
}

void hf__network_timeout(struct hf_world *w, uint32_t call, uint32_t mark)
{
    struct hf__call *c = call_find(w, call, mark);
    if (c == NULL)
        return;
    if (c->node != HF__NOBODY) {
        struct hf__node *n = hf__node(w, c->node);
        if (n->engine != NULL && n->incarnation == c->incarnation &&
            hf__node_postpones(w, n, hf__what(HF__CALL_TIMEOUT, mark, call)))
            return;
    }
    conclude(w, call, c, HF_ETIMEOUT, NULL, hf_bytes_of(NULL, 0));
}

int hf_world_ask(struct hf_world *w, uint32_t to, uint8_t method, const struct hf_account *account,
                 struct hf_bytes body, struct hf_buf *ret)
{
    w->answer = (struct hf__answer){.body = ret};
    hf__network_inject(w, HF__NOBODY, to, method, account, body, w->now_us);
    while (!w->answer.done && hf_world_step(w))
        ;
    w->answer.body = NULL;
    return w->answer.done ? w->answer.error : HF_ETIMEOUT;
}
