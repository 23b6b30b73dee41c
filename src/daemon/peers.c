/* Peers: what they ask becomes events of the engine, and what the engine asks becomes calls. */
#include "base/error.h"
#include "clock/clock.h"
#include "daemon.h"
#include "log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LOCKED_BODY_MAX = 4 << 20, /* documents from any peer but a member */
    ATTEST_MAX = 1024,         /* a request for a quote */
    DOCUMENTS_MAX = HF_NET_BODY_CEILING,
    MESSAGE_MAX = 256 << 10, /* any other request or answer */
    NO_PLACE = UINT32_MAX,
    SLOW_MS = 120000, /* by then the net has given up a request that was not answered */
    DOOR_MS = 60000,  /* between two lines about what was turned away */
};

static const char prefix[] = HF_PROTOCOL_PREFIX;

static int method_of(const char *path)
{
    if (strncmp(path, prefix, sizeof prefix - 1) != 0)
        return 0;
    return hf_method_from_name(path + sizeof prefix - 1);
}

static bool for_people(const char *path)
{
    return strcmp(path, "/v1/health") == 0 || strcmp(path, "/v1/status") == 0;
}

/* What a locked node may call, a new release on this machine among them, and the authority's tool
 * (PROTOCOL.md, section 6). */
static bool open_to_all(int method)
{
    return method == HF_METHOD_DOCUMENTS || method == HF_METHOD_NONCE ||
           method == HF_METHOD_RECOVER || method == HF_METHOD_CLAIM || method == HF_METHOD_ATTEST ||
           method == HF_METHOD_CHALLENGE || method == HF_METHOD_PRESENT ||
           method == HF_METHOD_INHERIT;
}

/* What may have something written down. */
static bool writes(int method)
{
    return method == HF_METHOD_OFFER || method == HF_METHOD_DEPOSIT || method == HF_METHOD_RECORD ||
           method == HF_METHOD_DELETE || method == HF_METHOD_CLAIM ||
           method == HF_METHOD_STANDING || method == HF_METHOD_TRANSFER ||
           method == HF_METHOD_HANDOVER || method == HF_METHOD_SUM || method == HF_METHOD_RESTORE ||
           method == HF_METHOD_INHERIT;
}

static int64_t body_max(void *user, enum hf_net_method method, const char *path,
                        const struct hf_net_peer *peer)
{
    (void)user;
    if (for_people(path))
        return method == HF_NET_GET ? 0 : HF_EUNSUPPORTED;
    int m = method_of(path);
    if (m == 0)
        return HF_ENOTFOUND;
    if (method != HF_NET_POST)
        return HF_EUNSUPPORTED;
    if (peer->account == NULL && !open_to_all(m))
        return HF_EPERMISSION;
    if (m == HF_METHOD_DOCUMENTS)
        return peer->kind == HF_NET_MEMBER ? DOCUMENTS_MAX : LOCKED_BODY_MAX;
    return m == HF_METHOD_ATTEST ? ATTEST_MAX : MESSAGE_MAX;
}

/* The HTTP status of a refusal. */
static int http_status(int error)
{
    switch (error) {
    case HF_ERATE:
        return 429;
    case HF_EBUSY:
    case HF_ELOCKED:
    case HF_ENOMEM:
    case HF_ETIMEOUT:
    case HF_ENODOCUMENTS:
    case HF_EEXPIRED:
    case HF_ENOSPACE:
    case HF_EREADONLY:
    case HF_EIO:
    case HF_EDRAINING:
    case HF_EQUOTA:
    case HF_EHANDEDOVER:
    case HF_EHANDOVERUNTIMED:
        return 503;
    case HF_EMALFORMED:
    case HF_EVERSION:
    case HF_EMISSING:
    case HF_EBOUND:
    case HF_ETOOBIG:
    case HF_EINVAL:
        return 400;
    case HF_ENOTFOUND:
    case HF_ENOSHARE:
        return 404;
    case HF_EUNSUPPORTED:
        return 405;
    case HF_ESUPERSEDED:
    case HF_EGENERATION:
    case HF_EINDEX:
    case HF_EBEHIND:
    case HF_EHANDOVERTIME:
    case HF_EHANDOVERBALLOT:
        return 409;
    case HF_EINTERNAL:
        return 500;
    default:
        return 403;
    }
}

/* ---- requests: a place for each, whose number and age are the engine's id */

/* Whose requests share a part: an IPv4 address, or an IPv6 /64. */
static uint64_t source_of(const uint8_t ip[static HF_NET_IP_LEN])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint64_t source = 0;
    memcpy(&source, ip + (memcmp(ip, mapped, sizeof mapped) == 0 ? 8 : 0), sizeof source);
    return source;
}

/* Who asks, as a number: an account, or an address without one. Neither 0 nor 1. */
static uint64_t asker_of(const struct hf_net_request *request)
{
    uint64_t who = request->peer.account != NULL ? hf_bytes_head(request->peer.account->bytes)
                                                 : source_of(request->peer.ip);
    return who | 2;
}

static bool place_take(struct hf__daemon *d, const struct hf_net_request *request, uint64_t *ret_id)
{
    if (d->requests_free == NO_PLACE) {
        if (d->requests_cap == HF__REQUESTS_MAX)
            return false;
        uint32_t cap = d->requests_cap < 16 ? 16 : d->requests_cap * 2;
        struct hf__request *grown = realloc(d->requests, cap * sizeof *grown);
        if (grown == NULL)
            return false;
        for (uint32_t i = d->requests_cap; i < cap; i++)
            grown[i] = (struct hf__request){.next_free = i + 1 < cap ? i + 1 : NO_PLACE};
        d->requests_free = d->requests_cap;
        d->requests = grown;
        d->requests_cap = cap;
    }
    uint32_t at = d->requests_free;
    struct hf__request *q = &d->requests[at];
    d->requests_free = q->next_free;
    q->handle = request->handle;
    q->who = asker_of(request);
    q->used = true;
    q->age++;
    q->since_ms = hf_clock_monotonic_ms();
    d->requests_count++;
    *ret_id = (uint64_t)q->age << 32 | at;
    return true;
}

static void place_give(struct hf__daemon *d, uint32_t at)
{
    d->requests[at].used = false;
    d->requests[at].next_free = d->requests_free;
    d->requests_free = at;
    d->requests_count--;
}

void hf__peers_say(struct hf__daemon *d)
{
    struct hf__line l;
    uint64_t now_ms = hf_clock_monotonic_ms();
    const struct hf_net_stats *s = d->net != NULL ? hf_net_stats(d->net) : NULL;
    struct hf__door all = {0};
    if (s != NULL) {
        all.connections =
            s->refused_rate + s->evicted_connections + s->evicted_handshakes + s->evicted_memory;
        all.requests = s->refused_requests + s->refused_memory;
    }
    bool more = all.connections > d->door_said.connections || all.requests > d->door_said.requests;
    if (!more || now_ms - d->door_said_ms < DOOR_MS || !hf__log_begin(&l, HF__DEBUG, "turned_away"))
        return;
    hf__line_uint(&l, "connections", all.connections - d->door_said.connections);
    hf__line_uint(&l, "requests", all.requests - d->door_said.requests);
    hf__log_write(&l);
    d->door_said = all;
    d->door_said_ms = now_ms;
}

void hf__peers_sweep(struct hf__daemon *d, uint64_t now_ms)
{
    bool any = false;
    for (uint32_t i = 0; i < d->requests_cap && d->requests_count > 0; i++)
        if (d->requests[i].used && now_ms - d->requests[i].since_ms > SLOW_MS) {
            place_give(d, i);
            any = true;
        }
    if (any)
        hf__daemon_drop_late(d);
}

uint64_t hf__peers_asker(const struct hf__daemon *d, uint64_t id)
{
    uint32_t at = (uint32_t)id;
    bool waits = at < d->requests_cap && d->requests[at].used && d->requests[at].age == id >> 32;
    return waits ? d->requests[at].who : 0;
}

void hf__peers_reply(struct hf__daemon *d, uint64_t id, int error, struct hf_bytes body)
{
    uint32_t at = (uint32_t)id;
    if (hf__peers_asker(d, id) == 0)
        return;
    struct hf_net_handle handle = d->requests[at].handle;
    place_give(d, at);
    if (error == 0)
        hf_net_reply(d->net, handle, 200, HF_NET_MSGPACK, body);
    else
        hf_net_reply_error(d->net, handle, http_status(error), error, NULL);
}

static struct hf_net_standing standing(void *user, const struct hf_net_peer *peer)
{
    return hf__members_standing(user, peer);
}

static void answer_people(struct hf__daemon *d, const struct hf_net_request *request)
{
    bool whole = strcmp(request->path, "/v1/status") == 0;
    char health[64];
    char *text = NULL;
    if (whole)
        text = hf__status_json(d, request->peer.kind == HF_NET_MEMBER ? HF__STATUS_MEMBERS
                                                                      : HF__STATUS_PUBLIC);
    else
        snprintf(health, sizeof health, "{\"state\":\"%s\"}\n", hf_state_name(hf__daemon_state(d)));
    const char *body = whole ? text : health;
    if (body == NULL)
        hf_net_reply_error(d->net, request->handle, 503, HF_ENOMEM, NULL);
    else
        hf_net_reply(d->net, request->handle, 200, HF_NET_JSON, hf_bytes_of(body, strlen(body)));
    free(text);
}

/* Whether anything more may be written for who asks: it has its part of what waits for the disk,
 * and an answer that would find no place there is better not earned. */
static bool has_room(const struct hf__daemon *d, const struct hf_net_request *request)
{
    return !hf__storage_crowded(d->storage) && hf__gate_room(&d->gate, asker_of(request), 0);
}

static void on_request(void *user, const struct hf_net_request *request)
{
    struct hf__daemon *d = user;
    struct hf_event event = {.type = HF_EVENT_REQUEST};
    if (for_people(request->path)) {
        answer_people(d, request);
        return;
    }
    if (!d->running) {
        hf_net_reply_error(d->net, request->handle, 503, HF_ELOCKED, NULL);
        return;
    }
    if (writes(method_of(request->path)) && !has_room(d, request)) {
        hf_net_reply_error(d->net, request->handle, 503, HF_EBUSY, NULL);
        return;
    }
    if (!place_take(d, request, &event.u.request.id)) {
        hf_net_reply_error(d->net, request->handle, 503, HF_EBUSY, NULL);
        return;
    }
    event.u.request.method = (uint8_t)method_of(request->path);
    event.u.request.account = request->peer.account;
    event.u.request.expected = request->peer.kind == HF_NET_EXPECTED;
    event.u.request.source = source_of(request->peer.ip);
    event.u.request.body = request->body;
    if (request->peer.account != NULL)
        d->reached_ms = hf_clock_monotonic_ms();
    d->asker = &request->peer;
    hf__daemon_step(d, &event);
    d->asker = NULL;
}

/* ---- calls */

/* The code in a refusal's body; what cannot be read is judged by the status. */
static int refusal(const struct hf_net_result *result)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)result->body.data, result->body.len, 0, &error);
    const char *name = json_string_value(json_object_get(root, "code"));
    int code = name != NULL ? hf_error_from_name(name) : HF_EINTERNAL;
    json_decref(root);
    if (name == NULL && result->status == 503)
        code = HF_EBUSY;
    return code < 0 ? code : HF_EINTERNAL;
}

static void on_completed(void *user, const struct hf_net_result *result)
{
    struct hf__daemon *d = user;
    struct hf_event event = {.type = HF_EVENT_RESPONSE};
    if (hf__survey_awaits(result->token)) {
        hf__survey_answered(d, result);
        return;
    }
    event.u.response.call = (uint32_t)result->token;
    event.u.response.account = result->peer.account;
    if (result->error != 0)
        event.u.response.error = result->error;
    else if (result->status != 200)
        event.u.response.error = refusal(result);
    else
        event.u.response.body = result->body;
    struct hf__line l;
    if (result->error != 0 && hf__log_begin(&l, HF__DEBUG, "call")) {
        hf__line_text(&l, "peer", result->peer.address);
        hf__line_text(&l, "reason", result->reason);
        hf__line_error(&l, result->error);
        hf__log_write(&l);
    }
    hf__daemon_step(d, &event);
}

void hf__peers_call(struct hf__daemon *d, const struct hf_call *call)
{
    char path[HF_NET_PATH_MAX];
    snprintf(path, sizeof path, "%s%s", prefix, hf_method_name(call->method));
    const struct hf_net_call c = {
        .token = call->id,
        .address = call->address,
        .account = call->has_account ? &call->account : NULL,
        .flags = call->has_account ? 0 : HF_NET_LOCKED_OK,
        .method = HF_NET_POST,
        .path = path,
        .body = call->body,
        .deadline_ms = call->timeout_ms,
        .answer_bytes_max = call->method == HF_METHOD_DOCUMENTS ? DOCUMENTS_MAX : MESSAGE_MAX,
    };
    int r = hf_net_call(d->net, &c);
    d->claim_sent = d->claim_sent || call->method == HF_METHOD_CLAIM;
    if (r == 0)
        return;
    if (d->refused_count == d->refused_cap) {
        d->refused_cap = d->refused_cap < 16 ? 16 : d->refused_cap * 2;
        d->refused = realloc(d->refused, d->refused_cap * sizeof *d->refused);
        hf_assert(d->refused != NULL);
    }
    d->refused[d->refused_count++] = (struct hf__refused){.call = call->id, .error = r};
}

/* ---- datagrams, and connections that end */

void hf__peers_datagram(struct hf__daemon *d, const struct hf_datagram_out *datagram)
{
    hf_net_datagram(d->net, datagram->address, datagram->body);
}

static void on_datagram(void *user, struct hf_bytes body)
{
    struct hf_event event = {.type = HF_EVENT_DATAGRAM};
    event.u.datagram.body = body;
    hf__daemon_step(user, &event);
}

static void on_closed(void *user, const struct hf_account *account)
{
    struct hf_event event = {.type = HF_EVENT_CLOSED};
    event.u.closed.account = account;
    hf__daemon_step(user, &event);
}

static void on_excess(void *user, const struct hf_account *account)
{
    struct hf_event event = {.type = HF_EVENT_EXCESS};
    event.u.excess.account = account;
    hf__daemon_step(user, &event);
}

/* ---- identity and listener */

static void certify(struct hf__daemon *d, struct hf_net *net)
{
    struct hf_account account;
    uint8_t signature[64];
    struct hf_bytes spki = hf_net_identity_request(net);
    int r = hf_engine_certify(d->engine, spki, &account, signature);
    bool locked = r == HF_ELOCKED;
    if (r == 0 || locked)
        r = hf_net_set_identity(net, locked ? NULL : &account, locked ? NULL : signature);
    if (r != 0)
        hf__log(HF__ERROR, "certificate", NULL, r);
}

void hf__peers_identity(struct hf__daemon *d)
{
    struct hf_net *operators = hf__operators_net(d);
    certify(d, d->net);
    if (operators != NULL)
        certify(d, operators);
}

void hf__peers_listen(struct hf__daemon *d)
{
    struct hf__line l;
    int r = hf_net_listen(d->net, d->settings->listen);
    if (r != 0 && r != d->listen_error && hf__log_begin(&l, HF__ERROR, "cannot_listen")) {
        hf__line_text(&l, "address", d->settings->listen);
        hf__line_error(&l, r);
        hf__log_write(&l);
    }
    d->listen_error = r;
    if (r != 0)
        return;
    hf_net_listening(d->net, d->listening);
    const char *given = d->settings->address.text;
    snprintf(d->address, sizeof d->address, "%s", given != NULL ? given : d->listening);
    if (hf__log_begin(&l, HF__INFO, "listening")) {
        hf__line_text(&l, "listen", d->listening);
        hf__line_uint(&l, "after_ms", hf_clock_monotonic_ms() - d->started_ms);
        hf__log_write(&l);
    }
}

static int verify(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    return hf_suite_real.verify(account->bytes, label, data, signature);
}

int hf__peers_open(struct hf__daemon *d)
{
    const struct hf_net_hooks hooks = {.user = d,
                                       .verify = verify,
                                       .request = on_request,
                                       .completed = on_completed,
                                       .datagram = on_datagram,
                                       .closed = on_closed,
                                       .excess = on_excess,
                                       .body_max = body_max,
                                       .standing = standing};
    d->requests_free = NO_PLACE;
    return hf_net_new(&d->loop, NULL, &hooks, &d->net);
}
