/* The pool: one connection for new calls to each address, made when there is
 * a call, resolved off the loop. */
#include "internal.h"
#include "vsock.h"

#include <stdlib.h>

enum { ATTEMPT_MS = 250 /* between attempts at addresses of a name (RFC 8305, section 5) */ };

struct hf__target *hf__target_get(struct hf_net *net, const char *address, int *ret_error)
{
    struct hf__host host;
    *ret_error = hf__address_split(address, &host);
    if (*ret_error != 0)
        return NULL;
    for (struct hf__list *l = net->targets.next; l != &net->targets; l = l->next) {
        struct hf__target *t = hf__container(l, struct hf__target, link);
        if (strcmp(t->address, address) == 0) {
            t->refs++;
            return t;
        }
    }
    struct hf__target *t = calloc(1, sizeof *t);
    if (t == NULL) {
        *ret_error = HF_ENOMEM;
        return NULL;
    }
    t->net = net;
    t->host = host;
    t->refs = 1;
    memcpy(t->address, address, strlen(address) + 1);
    hf__list_init(&t->waiting);
    hf__list_init(&t->kicked_link);
    hf__list_append(&net->targets, &t->link);
    return t;
}

void hf__target_unref(struct hf__target *t)
{
    hf_assert(t->refs > 0);
    if (--t->refs > 0)
        return;
    hf_assert(hf__list_empty(&t->waiting) && t->conn == NULL && !t->kicked);
    hf__list_remove(&t->link);
    free(t);
}

void hf__target_kick(struct hf__target *t)
{
    if (t->kicked)
        return;
    t->kicked = true;
    t->refs++;
    hf__list_append(&t->net->kicked, &t->kicked_link);
    hf__wake(t->net);
}

void hf__target_forget(struct hf__conn *conn)
{
    struct hf__target *t = conn->target;
    if (t == NULL || t->conn != conn)
        return;
    t->conn = NULL;
    /* Tell the calls that waited for a connection that was never made why. The others get the
     * next one. */
    if (conn->closing && !conn->opened && conn->error != HF_EREFUSED)
        hf__list_move(&conn->calls, &t->waiting);
    else if (!hf__list_empty(&t->waiting))
        hf__target_kick(t);
}

static void fail_connect(struct hf__conn *conn, int error, const char *what, int uv_error)
{
    conn->net->stats.connect_failed++;
    hf__conn_close(conn, error, what, uv_strerror(uv_error));
    memcpy(conn->net->stats.last_connect, conn->reason, sizeof conn->reason);
}

static void connect_next(struct hf__conn *conn);

/*
 * The next address takes a socket of its own, and its place in the pool. The one before goes on
 * trying beside it: who connects first wins (RFC 8305, section 5).
 */
static void connect_again(struct hf__conn *conn)
{
    struct hf__target *t = conn->target;
    struct hf__conn *next = hf__conn_new(conn->net, true);
    if (next == NULL)
        return;
    next->target = t;
    t->refs++;
    memcpy(next->addresses, conn->addresses, sizeof conn->addresses);
    next->address_count = conn->address_count;
    next->address_next = conn->address_next;
    next->idle_since_ms = conn->idle_since_ms;
    t->conn = next;
    connect_next(next);
}

/* Another attempt at the same target that is still under way, or NULL. */
static struct hf__conn *rival_of(const struct hf__conn *conn)
{
    for (struct hf__list *l = conn->net->conns.next; l != &conn->net->conns; l = l->next) {
        struct hf__conn *other = hf__container(l, struct hf__conn, link);
        if (other != conn && other->outgoing && other->target == conn->target &&
            other->state == HF__CONNECTING && !other->closing)
            return other;
    }
    return NULL;
}

static void won(struct hf__conn *conn)
{
    struct hf__target *t = conn->target;
    if (t->conn != conn && (t->conn == NULL || t->conn->state != HF__CONNECTING)) {
        hf__conn_close(conn, HF_EREFUSED, "another address answered first", "");
        return;
    }
    t->conn = conn;
    for (struct hf__conn *other; (other = rival_of(conn)) != NULL;)
        hf__conn_close(other, HF_EREFUSED, "another address answered first", "");
    hf__conn_start(conn);
}

static void lost(struct hf__conn *conn, int status)
{
    struct hf__target *t = conn->target;
    if (t->conn == conn && conn->address_next < conn->address_count)
        connect_again(conn);
    if (t->conn == conn) {
        struct hf__conn *rival = rival_of(conn);
        if (rival != NULL)
            t->conn = rival;
        else
            hf__resolve_doubt(conn->net, t->host.host);
    }
    fail_connect(conn, HF_ECONNECT, "no connection", status);
}

static void on_connect(uv_connect_t *req, int status)
{
    struct hf__conn *conn = hf__container(req, struct hf__conn, connect);
    if (conn->closing)
        return;
    if (status == 0)
        won(conn);
    else
        lost(conn, status);
}

static void connect_next(struct hf__conn *conn)
{
    const struct sockaddr *a = (const struct sockaddr *)&conn->addresses[conn->address_next++];
    conn->attempt_ms = hf__now_ms(conn->net);
    hf__conn_schedule(conn);
    conn->vsock = a->sa_family == AF_VSOCK;
    if (conn->vsock) {
        int failed = hf__vsock_connect(a, &conn->tcp);
        if (failed != 0)
            lost(conn, failed);
        else
            won(conn);
        return;
    }
    int r = uv_tcp_connect(&conn->connect, &conn->tcp, a, on_connect);
    if (r != 0)
        lost(conn, r);
}

void hf__conn_connect(struct hf__conn *conn)
{
    connect_next(conn);
}

uint64_t hf__conn_race_ms(const struct hf__conn *conn)
{
    bool more = conn->outgoing && conn->state == HF__CONNECTING && conn->address_next > 0 &&
                conn->address_next < conn->address_count && conn->target->conn == conn;
    return more ? conn->attempt_ms + ATTEMPT_MS : HF__NEVER;
}

void hf__conn_race(struct hf__conn *conn)
{
    connect_again(conn);
}

void hf__conn_unresolved(struct hf__conn *conn)
{
    fail_connect(conn, HF_ERESOLVE, "the name has no address", UV_EAI_NONAME);
}

/* Makes room in a full pool: the connection that has been idle longest goes. */
static bool make_room(struct hf_net *net)
{
    if (net->stats.connections_out < net->limits.pool_max)
        return true;
    struct hf__conn *oldest = NULL;
    for (struct hf__list *l = net->conns.next; l != &net->conns; l = l->next) {
        struct hf__conn *conn = hf__container(l, struct hf__conn, link);
        if (conn->outgoing && !conn->draining && conn->state == HF__OPEN && conn->active == 0 &&
            (oldest == NULL || conn->idle_since_ms < oldest->idle_since_ms))
            oldest = conn;
    }
    if (oldest == NULL)
        return false;
    hf__conn_close(oldest, HF_ECONNRESET, "the pool is full", "");
    return true;
}

static int connect_target(struct hf__target *t)
{
    if (!make_room(t->net))
        return HF_EBUSY;
    struct hf__conn *conn = hf__conn_new(t->net, true);
    if (conn == NULL)
        return HF_ENOMEM;
    conn->target = t;
    t->refs++;
    t->conn = conn;
    hf__conn_schedule(conn);
    if (hf__address_numeric(&t->host, &conn->addresses[0]) == 0) {
        conn->address_count = 1;
        connect_next(conn);
    } else {
        hf__resolve(conn);
    }
    return 0;
}

static bool has_room(const struct hf__conn *conn)
{
    uint32_t peers_max =
        nghttp2_session_get_remote_settings(conn->h2, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    uint32_t own_max = conn->net->limits.calls_per_address;
    return conn->active < (peers_max < own_max ? peers_max : own_max);
}

void hf__target_serve(struct hf__target *t)
{
    int r = 0;
    t->refs++;
    while (!hf__list_empty(&t->waiting)) {
        struct hf__call *call = hf__container(t->waiting.next, struct hf__call, link);
        if (t->conn != NULL && t->conn->suspect)
            hf__conn_drain(t->conn);
        if (t->conn == NULL && r == 0)
            r = t->net->stopping ? HF_ECANCELED : connect_target(t);
        if (r != 0)
            hf__call_finish(call, r, "no connection", hf_error_sentence(r));
        else if (t->conn == NULL)
            continue; /* The connection failed at once, and its waiting calls with it. */
        else if (t->conn->state != HF__OPEN || !has_room(t->conn))
            break;
        else
            hf__call_send(call, t->conn);
    }
    hf__target_unref(t);
}
