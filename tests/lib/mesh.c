#include "mesh.h"

#include "base/error.h"
#include "base/secret.h"
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { GUARD_MS = 30000, BIG_LEN = 1 << 20 };

/* Criterion's assertions belong to a test's own file; a broken fixture just ends the program. */
static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "mesh: %s\n", what);
    abort();
}

unsigned mesh_verified;

static int verify(const struct hf_account *account, const char *label, struct hf_bytes data,
                  const uint8_t signature[static HF_NET_SIGNATURE_LEN])
{
    mesh_verified++;
    return hf_suite_real.verify(account->bytes, label, data, signature);
}

static void answer_big(struct mesh_node *n, struct hf_net_handle handle)
{
    uint8_t *big = malloc(BIG_LEN);
    need(big != NULL, "memory");
    for (size_t i = 0; i < BIG_LEN; i++)
        big[i] = (uint8_t)(i * 7);
    hf_net_reply(n->net, handle, 200, HF_NET_MSGPACK, hf_bytes_of(big, BIG_LEN));
    free(big);
}

static void on_request(void *user, const struct hf_net_request *request)
{
    struct mesh_node *n = user;
    n->requests++;
    n->last = *request;
    n->last_has_account = request->peer.account != NULL;
    if (n->last_has_account)
        n->last_account = *request->peer.account;
    snprintf(n->last_path, sizeof(n->last_path), "%s", request->path);
    n->last_body_len = request->body.len;
    if (strcmp(request->path, "/v1/echo") == 0) {
        hf_net_reply(n->net, request->handle, 200, HF_NET_MSGPACK, request->body);
    } else if (strcmp(request->path, "/v1/big") == 0) {
        answer_big(n, request->handle);
    } else if (strcmp(request->path, "/v1/health") == 0) {
        hf_net_reply(n->net, request->handle, 200, HF_NET_JSON, hf_bytes_of("{}", 2));
    } else if (strcmp(request->path, "/v1/hold") == 0) {
        n->held[n->held_count++ % HF_ARRAY_LEN(n->held)] = request->handle;
    } else {
        hf_net_reply_error(n->net, request->handle, 404, HF_ENOTFOUND, "no \"such\" thing\n");
    }
}

static int64_t on_body_max(void *user, enum hf_net_method method, const char *path,
                           const struct hf_net_peer *peer)
{
    (void)user;
    (void)method;
    if (strcmp(path, "/v1/small") == 0)
        return 16;
    if (strcmp(path, "/v1/unlocked") == 0 && peer->account == NULL)
        return HF_EPERMISSION;
    if (strcmp(path, "/v1/busy") == 0)
        return HF_EBUSY;
    return 1 << 20;
}

static struct hf_net_standing on_standing(void *user, const struct hf_net_peer *peer)
{
    const struct mesh_node *n = user;
    if (n->standing != NULL)
        return n->standing(peer);
    return (struct hf_net_standing){.kind = HF_NET_EXPECTED, .places = 1000};
}

static void on_excess(void *user, const struct hf_account *account)
{
    struct mesh_node *n = user;
    n->excess++;
    n->last_excess = *account;
}

static void on_completed(void *user, const struct hf_net_result *r)
{
    struct mesh_node *n = user;
    need(n->results < MESH_RESULTS, "too many results");
    struct mesh_result *to = &n->result[n->results++];
    *to = (struct mesh_result){
        .token = r->token,
        .error = r->error,
        .status = r->status,
        .type = r->type,
        .conn = r->peer.conn,
        .has_account = r->peer.account != NULL,
        .body_len = r->body.len,
    };
    if (to->has_account)
        to->account = *r->peer.account;
    if (r->body.len > 0)
        memcpy(to->body, r->body.data, r->body.len < MESH_BODY ? r->body.len : MESH_BODY - 1);
    snprintf(to->reason, sizeof(to->reason), "%s", r->reason);
}

static void on_guard(uv_timer_t *timer)
{
    ((struct mesh *)timer->data)->guarded = true;
}

static void node_init(struct mesh_node *n, const struct hf_net_limits *limits, struct hf_rng *rng)
{
    struct hf_net_hooks hooks = {
        .user = n,
        .verify = verify,
        .request = on_request,
        .completed = on_completed,
        .excess = on_excess,
        .body_max = on_body_max,
        .standing = on_standing,
    };
    hf_suite_real.sign_keypair(rng, n->account.bytes, n->secret);
    n->result = calloc(MESH_RESULTS, sizeof(*n->result));
    need(n->result != NULL, "memory");
    need(hf_net_new(&n->mesh->loop, limits, &hooks, &n->net) == 0, "a node");
    need(hf_net_listen(n->net, "127.0.0.1:0") == 0, "a listener");
    hf_net_listening(n->net, n->address);
}

void mesh_init(struct mesh *m, const struct hf_net_limits *limits)
{
    const uint8_t seed[32] = {7};
    struct hf_rng rng;
    *m = (struct mesh){0};
    need(hf_secret_init(4096, false) == 0, "memory for secrets");
    hf_rng_init(&rng, seed);
    need(uv_loop_init(&m->loop) == 0, "a loop");
    need(uv_timer_init(&m->loop, &m->guard) == 0, "a timer");
    m->guard.data = m;
    for (int i = 0; i < MESH_NODES; i++) {
        m->nodes[i].mesh = m;
        node_init(&m->nodes[i], limits, &rng);
    }
}

void mesh_until(struct mesh *m, bool (*done)(void *arg), void *arg)
{
    uv_timer_start(&m->guard, on_guard, GUARD_MS, 0);
    while (!done(arg)) {
        uv_run(&m->loop, UV_RUN_ONCE);
        need(!m->guarded, "nothing comes");
    }
    uv_timer_stop(&m->guard);
}

struct count {
    const uint64_t *counter;
    const unsigned *number;
    uint64_t value;
};

static bool counted(void *arg)
{
    const struct count *c = arg;
    return *c->counter >= c->value;
}

static bool numbered(void *arg)
{
    const struct count *c = arg;
    return *c->number == c->value;
}

static bool has_results(void *arg)
{
    const struct count *c = arg;
    return *c->number >= c->value;
}

void mesh_until_count(struct mesh *m, const uint64_t *counter, uint64_t value)
{
    mesh_until(m, counted, &(struct count){.counter = counter, .value = value});
}

void mesh_until_number(struct mesh *m, const unsigned *number, unsigned value)
{
    mesh_until(m, numbered, &(struct count){.number = number, .value = value});
}

void mesh_until_results(struct mesh_node *n, unsigned results)
{
    mesh_until(n->mesh, has_results, &(struct count){.number = &n->results, .value = results});
}

void mesh_turn(struct mesh *m, unsigned turns)
{
    while (turns-- > 0)
        uv_run(&m->loop, UV_RUN_NOWAIT);
}

void mesh_unlock(struct mesh_node *n)
{
    uint8_t signature[HF_SIGNATURE_LEN];
    hf_suite_real.sign(n->secret, HF_NET_TLS_LABEL, hf_net_identity_request(n->net), signature);
    need(hf_net_set_identity(n->net, &n->account, signature) == 0, "an identity");
}

void mesh_close(struct mesh_node *n, uint64_t id)
{
    struct hf__conn *conn = hf__conn_find(n->net, id);
    if (conn != NULL)
        hf__conn_close(conn, HF_ECONNRESET, "closed by the test", "");
}

int mesh_call(struct mesh_node *from, const char *address, uint64_t token, const char *path,
              struct hf_bytes body)
{
    struct hf_net_call call = {
        .token = token,
        .address = address,
        .flags = HF_NET_LOCKED_OK,
        .method = HF_NET_POST,
        .path = path,
        .body = body,
        .deadline_ms = GUARD_MS,
    };
    return hf_net_call(from->net, &call);
}

const struct mesh_result *mesh_ask(struct mesh_node *from, const struct hf_net_call *call)
{
    unsigned index = from->results;
    need(hf_net_call(from->net, call) == 0, "a call");
    mesh_until_results(from, index + 1);
    return &from->result[index];
}

void mesh_stopped(void *user)
{
    struct mesh_node *n = user;
    n->stopped = true;
}

bool mesh_all_stopped(void *mesh)
{
    const struct mesh *m = mesh;
    for (int i = 0; i < MESH_NODES; i++)
        if (!m->nodes[i].stopped)
            return false;
    return true;
}

void mesh_done(struct mesh *m)
{
    for (int i = 0; i < MESH_NODES; i++)
        hf_net_stop(m->nodes[i].net, mesh_stopped);
    mesh_until(m, mesh_all_stopped, m);
    mesh_free(m);
}

void mesh_free(struct mesh *m)
{
    for (int i = 0; i < MESH_NODES; i++) {
        struct mesh_node *n = &m->nodes[i];
        const struct hf_net_stats *s = hf_net_stats(n->net);
        need(s->connections_in == 0 && s->connections_out == 0 && s->calls_running == 0 &&
                 s->memory_bytes == 0 && s->handshakes == 0 &&
                 s->opened_in + s->opened_out == s->closed,
             "something is left");
        hf_net_free(n->net);
        free(n->result);
    }
    uv_close((uv_handle_t *)&m->guard, NULL);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    need(uv_loop_close(&m->loop) == 0, "a handle is left");
}
