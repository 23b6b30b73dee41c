/*
 * The listener for an operator who stands outside the trust domain (proto/OPERATOR.md): a transport
 * of its own, whose peers prove an operator's key instead of an account. Who has no key that the
 * set or the configuration names is told nothing.
 */
#include "ask.h"
#include "base/error.h"
#include "base/hex.h"
#include "client/frame.h"
#include "log.h"

#include <jansson.h>
#include <stdlib.h>

#define OPERATOR_LABEL "holdfast/v1/operator"

enum {
    ASKS_MAX = 32, /* under way at once */
    STRANGERS_MAX = 32,
    STRANGER_HANDSHAKES_MAX = 16,
    STRANGERS_PER_S = 40,
    EACH_MAX = 8, /* connections and handshakes of a source of strangers */
    EACH_PER_S = 20,
    KEY_SHOWN = 4, /* bytes of a key in the log */
};

static const char vsock[] = "vsock:";

/* One request; its answer goes to handle. */
struct operator_ask {
    struct hf__ask ask; /* first: an ask is its request; closing: free for the next */
    struct hf_net_handle handle;
};

struct hf__operators {
    struct hf__daemon *d;
    struct hf_net *net;
    int listen_error;
    char listening[HF_NET_ADDRESS_MAX];
    struct operator_ask asks[ASKS_MAX];
};

/* ---- who may ask */

/* Whether the newest set names the key for this node's account. */
static bool set_names(struct hf__daemon *d, const struct hf_account *key)
{
    struct hf_status s;
    const struct hf_document *set = d->running ? hf_engine_set(d->engine) : NULL;
    if (set == NULL)
        return false;
    hf__watch_status(d, &s);
    long at = s.has_account ? hf_set_find(set, &s.account) : -1;
    const struct hf_validator *v = at >= 0 ? &set->u.set.validators[at] : NULL;
    return v != NULL && v->has_operator_key &&
           memcmp(v->operator_key, key->bytes, sizeof v->operator_key) == 0;
}

/* What a peer may ask for. false: nothing. */
static bool right_of(struct hf__daemon *d, const struct hf_net_peer *peer, enum hf__right *ret)
{
    const struct hf__settings_operator *o = d->settings->operator;
    if (peer->account == NULL || hf_account_zero(peer->account))
        return false;
    if (set_names(d, peer->account)) {
        *ret = HF__RIGHT_ACT;
        return true;
    }
    *ret = HF__RIGHT_READ;
    return hf_account_equal(peer->account, &o->key);
}

static struct hf_net_standing standing(void *user, const struct hf_net_peer *peer)
{
    const struct hf__operators *o = user;
    enum hf__right right;
    return (struct hf_net_standing){.kind = right_of(o->d, peer, &right) ? HF_NET_MEMBER
                                                                         : HF_NET_STRANGER};
}

/* What a stranger did is nothing for an operator to act on. */
static void log_refused(struct hf__operators *o, const struct hf_net_peer *peer)
{
    struct hf__line l;
    if (peer->account == NULL || !hf_net_may_log(o->net, peer->conn) ||
        !hf__log_begin(&l, HF__DEBUG, "operator_refused"))
        return;
    hf__line_hex(&l, "key", hf_bytes_of(peer->account->bytes, KEY_SHOWN));
    hf__line_text(&l, "address", peer->address);
    hf__line_error(&l, HF_EPERMISSION);
    hf__log_write(&l);
}

/* Asked before a body is read; a stranger does not even learn which paths there are. */
static int64_t body_max(void *user, enum hf_net_method method, const char *path,
                        const struct hf_net_peer *peer)
{
    struct hf__operators *o = user;
    enum hf__right right;
    if (!right_of(o->d, peer, &right)) {
        log_refused(o, peer);
        return HF_EPERMISSION;
    }
    if (strcmp(path, "/v1/metrics") == 0)
        return method == HF_NET_GET ? 0 : HF_EUNSUPPORTED;
    if (strcmp(path, "/v1/operator") == 0)
        return method == HF_NET_POST ? HF_FRAME_REQUEST_MAX : HF_EUNSUPPORTED;
    return HF_ENOTFOUND;
}

/* ---- requests */

static void end_ask(struct hf__ask *ask)
{
    ask->closing = true;
    ask->id = 0;
}

static void send_answer(struct hf__ask *ask, const char *text, size_t len)
{
    struct operator_ask *a = (struct operator_ask *)ask;
    if (ask->closing)
        return;
    end_ask(ask);
    if (len > HF_FRAME_MAX)
        hf_net_reply_error(ask->d->operators->net, a->handle, 503, HF_ETOOBIG, NULL);
    else
        hf_net_reply(ask->d->operators->net, a->handle, 200, HF_NET_JSON, hf_bytes_of(text, len));
}

static void send_metrics(struct hf__operators *o, struct hf_net_handle handle)
{
    struct hf_buf text;
    hf__metrics_text(o->d, &text);
    if (text.error != 0)
        hf_net_reply_error(o->net, handle, 503, text.error, NULL);
    else
        hf_net_reply(o->net, handle, 200, HF_NET_TEXT, hf_buf_bytes(&text));
    hf_buf_done(&text);
}

static void log_act(const struct hf_net_peer *peer, enum hf__local_request_type type)
{
    struct hf__line l;
    if (!hf__log_begin(&l, HF__INFO, "operator_acts"))
        return;
    hf__line_text(&l, "request", hf__local_request_name(type));
    hf__line_hex(&l, "key", hf_bytes_of(peer->account->bytes, KEY_SHOWN));
    hf__line_text(&l, "address", peer->address);
    hf__log_write(&l);
}

static struct operator_ask *free_ask(struct hf__operators *o)
{
    for (size_t i = 0; i < ASKS_MAX; i++)
        if (o->asks[i].ask.closing)
            return &o->asks[i];
    return NULL;
}

static void on_request(void *user, const struct hf_net_request *request)
{
    struct hf__operators *o = user;
    enum hf__right right;
    struct operator_ask *a = free_ask(o);
    /* The documents may have changed while the body came. */
    if (!right_of(o->d, &request->peer, &right)) {
        hf_net_reply_error(o->net, request->handle, 403, HF_EPERMISSION, NULL);
        return;
    }
    if (request->method == HF_NET_GET) {
        send_metrics(o, request->handle);
        return;
    }
    if (a == NULL) {
        hf_net_reply_error(o->net, request->handle, 503, HF_EBUSY, NULL);
        return;
    }
    struct hf__ask *next = a->ask.next;
    *a = (struct operator_ask){
        .ask = {.d = o->d, .next = next, .right = right, .send = send_answer, .end = end_ask},
        .handle = request->handle};
    hf__ask_serve(&a->ask, request->body);
    if (a->ask.type != 0 && hf__ask_acts(a->ask.type))
        log_act(&request->peer, a->ask.type);
}

/* ---- the listener */

void hf__operators_listen(struct hf__daemon *d)
{
    struct hf__operators *o = d->operators;
    struct hf__line l;
    if (o == NULL || o->listening[0] != '\0')
        return;
    const char *address = d->settings->operator->listen;
    /* Once the process has given up what it has no use for, it makes no socket to the host. */
    if (o->listen_error != 0 && strncmp(address, vsock, sizeof vsock - 1) == 0)
        return;
    int r = hf_net_listen(o->net, address);
    if (r == 0)
        hf_net_listening(o->net, o->listening);
    if (r != o->listen_error || r == 0) {
        if (hf__log_begin(&l, r == 0 ? HF__INFO : HF__ERROR,
                          r == 0 ? "operator_listener" : "no_operator_listener")) {
            hf__line_text(&l, "listen", r == 0 ? o->listening : address);
            hf__line_error(&l, r);
            hf__log_write(&l);
        }
    }
    o->listen_error = r;
}

static int verify(const struct hf_account *key, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    return hf_suite_real.verify(key->bytes, label, data, signature);
}

int hf__operators_open(struct hf__daemon *d)
{
    struct hf_net_limits limits = hf_net_limits_default;
    struct hf_net_share *s = &limits.share[HF_NET_STRANGER];
    if (d->settings->operator== NULL)
        return 0;
    struct hf__operators *o = calloc(1, sizeof *o);
    if (o == NULL)
        return HF_ENOMEM;
    s->connections_max = STRANGERS_MAX;
    s->handshakes_max = STRANGER_HANDSHAKES_MAX;
    s->connections_each = s->handshakes_each = EACH_MAX;
    s->accepts_all_burst = s->accepts_all_per_s = STRANGERS_PER_S;
    s->accepts_burst = s->accepts_per_s = EACH_PER_S;
    const struct hf_net_hooks hooks = {.user = o,
                                       .verify = verify,
                                       .peer_label = OPERATOR_LABEL,
                                       .request = on_request,
                                       .body_max = body_max,
                                       .standing = standing};
    o->d = d;
    int r = hf_net_new(&d->loop, &limits, &hooks, &o->net);
    if (r != 0) {
        free(o);
        return r;
    }
    for (size_t i = 0; i < ASKS_MAX; i++) {
        o->asks[i].ask.closing = true;
        hf__ask_join(d, &o->asks[i].ask);
    }
    d->operators = o;
    hf__operators_listen(d);
    return 0;
}

struct hf_net *hf__operators_net(const struct hf__daemon *d)
{
    return d->operators != NULL ? d->operators->net : NULL;
}

static void on_stopped(void *user)
{
    struct hf__operators *o = user;
    for (size_t i = 0; i < ASKS_MAX; i++)
        hf__ask_leave(&o->asks[i].ask);
    hf_net_free(o->net);
    o->d->operators = NULL;
    free(o);
}

void hf__operators_close(struct hf__daemon *d)
{
    if (d->operators != NULL)
        hf_net_stop(d->operators->net, on_stopped);
}

json_t *hf__operators_json(const struct hf__daemon *d)
{
    const struct hf__operators *o = d->operators;
    if (o == NULL)
        return json_null();
    bool listens = o->listening[0] != '\0';
    return json_pack("{s:s,s:s?}", "listen", listens ? o->listening : d->settings->operator->listen,
                     "error", listens ? NULL : hf_error_name(o->listen_error));
}
