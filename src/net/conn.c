/* A connection: TCP, the TLS handshake, input, and the one place where
 * everything of it is freed. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

const char *hf__conn_address(const struct hf__conn *conn)
{
    return conn->target != NULL ? conn->target->address : conn->address;
}

void hf__conn_peer(const struct hf__conn *conn, struct hf_net_peer *ret)
{
    *ret = (struct hf_net_peer){
        .conn = conn->id,
        .outgoing = conn->outgoing,
        .account = conn->has_account ? &conn->account : NULL,
        .address = hf__conn_address(conn),
        .ip = conn->outgoing ? NULL : conn->ip,
        .kind = conn->who.kind,
    };
}

struct hf__conn *hf__conn_find(const struct hf_net *net, uint64_t id)
{
    size_t slot = id & (HF__SLOTS_MAX - 1);
    if (id == 0 || slot >= net->slot_count)
        return NULL;
    struct hf__conn *conn = net->slots[slot];
    return conn != NULL && conn->id == id && !conn->closing ? conn : NULL;
}

int hf_net_peer_key(const struct hf_net *net, uint64_t conn, struct hf_buf *ret)
{
    const struct hf__conn *c = hf__conn_find(net, conn);
    return c != NULL && c->opened ? hf__tls_peer_key(&c->tls, ret) : HF_ENOTFOUND;
}

/* Finds a free slot, so that an id leads to its connection, and a serial
 * number, so that no id comes twice. */
static bool take_slot(struct hf_net *net, struct hf__conn *conn)
{
    size_t slot = 0;
    while (slot < net->slot_count && net->slots[slot] != NULL)
        slot++;
    if (slot == net->slot_count) {
        size_t count = net->slot_count == 0 ? 16 : net->slot_count * 2;
        if (count > HF__SLOTS_MAX)
            return false;
        struct hf__conn **slots = realloc(net->slots, count * sizeof(struct hf__conn *));
        if (slots == NULL)
            return false;
        for (size_t i = net->slot_count; i < count; i++)
            slots[i] = NULL;
        net->slots = slots;
        net->slot_count = count;
    }
    net->slots[slot] = conn;
    conn->id = ++net->conn_serial * HF__SLOTS_MAX + slot;
    return true;
}

struct hf__conn *hf__conn_new(struct hf_net *net, bool outgoing)
{
    struct hf__conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL)
        return NULL;
    conn->net = net;
    conn->outgoing = outgoing;
    if (!take_slot(net, conn)) {
        free(conn);
        return NULL;
    }
    if (hf__deadlines_add(&net->deadlines, &conn->deadline, hf__conn_due) != 0) {
        net->slots[conn->id & (HF__SLOTS_MAX - 1)] = NULL;
        free(conn);
        return NULL;
    }
    hf_assert(uv_tcp_init(net->loop, &conn->tcp) == 0);
    conn->tcp.data = conn;
    net->handles++;
    hf__list_init(&conn->streams);
    hf__list_init(&conn->calls);
    hf__list_init(&conn->dirty_link);
    hf__list_append(&net->conns, &conn->link);
    hf_buf_init(&conn->pending, SIZE_MAX / 2);
    hf_buf_init(&conn->queued, HF__QUEUED_MAX);
    uint64_t now = hf__now_ms(net);
    hf__bucket_init(&conn->control, HF_NET_CONTROL_BURST, HF_NET_CONTROL_PER_S, now);
    hf__bucket_init(&conn->resets, HF_NET_RESET_BURST, HF_NET_RESET_PER_S, now);
    conn->idle_since_ms = now;
    conn->input_ms = now;
    conn->useful_ms = now;
    conn->state = HF__CONNECTING;
    if (outgoing)
        net->stats.connections_out++;
    else
        net->stats.connections_in++;
    net->stats.handshakes++;
    return conn;
}

static void on_closed(uv_handle_t *handle)
{
    struct hf__conn *conn = handle->data;
    struct hf_net *net = conn->net;
    if (conn->outgoing)
        hf__client_abandon(conn);
    else
        hf__server_abandon(conn);
    nghttp2_session_del(conn->h2);
    hf__tls_done(&conn->tls);
    hf_buf_done(&conn->pending);
    hf_buf_done(&conn->queued);
    hf_assert(conn->bytes == 0 && conn->active == 0);
    hf__list_remove(&conn->link);
    hf__list_remove(&conn->dirty_link);
    net->slots[conn->id & (HF__SLOTS_MAX - 1)] = NULL;
    if (conn->outgoing)
        net->stats.connections_out--;
    else
        net->stats.connections_in--;
    if (conn->target != NULL)
        hf__target_unref(conn->target);
    if (conn->ended && conn->opened && conn->has_account && !net->stopping &&
        net->hooks.closed != NULL)
        net->hooks.closed(net->hooks.user, &conn->account);
    free(conn);
    hf__handle_gone(net);
}

void hf__conn_close(struct hf__conn *conn, int error, const char *reason, const char *detail)
{
    struct hf_net *net = conn->net;
    if (conn->closing)
        return;
    conn->closing = true;
    conn->error = error;
    hf__last_reason(conn->reason, hf__conn_address(conn), reason, detail);
    memcpy(net->stats.last_close, conn->reason, sizeof conn->reason);
    /* What is left to say fits into the socket's buffer or is not said. */
    if (conn->state == HF__OPEN && !conn->writing) {
        hf__tls_close(&conn->tls);
        hf__conn_send(conn);
    }
    if (conn->opened)
        net->stats.closed++;
    /* What it held goes within this turn of the loop, and no longer counts. */
    hf__conn_leave(conn);
    if (conn->state < HF__OPEN)
        net->stats.handshakes--;
    conn->state = HF__CLOSING;
    hf__deadlines_remove(&net->deadlines, &conn->deadline);
    hf__target_forget(conn);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void hf__conn_touch(struct hf__conn *conn)
{
    if (conn->dirty || conn->closing)
        return;
    conn->dirty = true;
    hf__list_append(&conn->net->dirty, &conn->dirty_link);
    hf__wake(conn->net);
}

void hf__conn_drain(struct hf__conn *conn)
{
    if (conn->closing || conn->draining)
        return;
    if (conn->state != HF__OPEN && conn->outgoing) {
        /* The handshake runs under the certificate that was replaced. Close it: the calls that
         * wait for it get another connection. */
        hf__conn_close(conn, HF_EREFUSED, "the identity changed during the handshake", "");
        return;
    }
    if (conn->state != HF__OPEN) {
        conn->stale = true;
        return;
    }
    conn->draining = true;
    conn->drain_since_ms = hf__now_ms(conn->net);
    hf__target_forget(conn);
    int32_t last = nghttp2_session_get_last_proc_stream_id(conn->h2);
    if (nghttp2_submit_goaway(conn->h2, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0) != 0)
        hf__conn_close(conn, HF_ENOMEM, "out of memory", "");
    else
        hf__conn_touch(conn);
    if (!conn->closing)
        hf__conn_schedule(conn);
}

static void count_failure(struct hf__conn *conn, enum hf__tls_failure failure)
{
    struct hf_net_stats *s = &conn->net->stats;
    uint64_t *const counters[] = {
        [HF__TLS_FAILED] = &s->handshake_tls,
        [HF__TLS_ALPN] = &s->handshake_alpn,
        [HF__TLS_CERTIFICATE] = &s->handshake_certificate,
        [HF__TLS_SIGNATURE] = &s->handshake_signature,
    };
    (*counters[failure])++;
}

static void fail_handshake(struct hf__conn *conn, int error, enum hf__tls_failure failure)
{
    static const char *const words[] = {
        [HF__TLS_FAILED] = "the TLS handshake failed",
        [HF__TLS_ALPN] = "h2 was not negotiated",
        [HF__TLS_CERTIFICATE] = "the peer's certificate is malformed",
        [HF__TLS_SIGNATURE] = "the account's signature in the certificate does not verify",
    };
    const char *detail = hf__tls_reason();
    /* The client offers h2 alone, so this alert is how a server
     * without it, and only it, answers. */
    if (strcmp(detail, "tlsv1 alert no application protocol") == 0 ||
        strcmp(detail, "no application protocol") == 0)
        failure = HF__TLS_ALPN;
    count_failure(conn, failure);
    hf__conn_close(conn, error, words[failure], detail);
    memcpy(conn->net->stats.last_handshake, conn->reason, sizeof conn->reason);
}

static void established(struct hf__conn *conn)
{
    struct hf_net *net = conn->net;
    enum hf__tls_failure failure = HF__TLS_FAILED;
    int r =
        hf__tls_judge(&conn->tls, net->hooks.verify, &conn->has_account, &conn->account, &failure);
    if (r != 0) {
        fail_handshake(conn, r, failure);
        return;
    }
    r = hf__h2_start(conn);
    if (r != 0) {
        hf__conn_close(conn, r, "out of memory", "");
        return;
    }
    hf__conn_shaken(conn);
    conn->opened = true;
    conn->idle_since_ms = hf__now_ms(net);
    if (conn->outgoing)
        net->stats.opened_out++;
    else
        net->stats.opened_in++;
    hf__conn_schedule(conn);
    if (!conn->outgoing && conn->has_account)
        hf__conn_rejoin(conn);
    if (conn->stale)
        hf__conn_drain(conn);
    if (conn->outgoing && !conn->closing && !conn->draining)
        hf__target_serve(conn->target);
}

static void shake_hands(struct hf__conn *conn)
{
    int r = hf__tls_handshake(&conn->tls);
    /* Before any hook runs: the buffer is shared by all connections. */
    hf__conn_send(conn);
    if (conn->closing)
        return;
    if (r < 0)
        fail_handshake(conn, r, HF__TLS_FAILED);
    else if (r == 1)
        established(conn);
}

/* Decrypts and hands on until the input is used up: OpenSSL keeps at most a part of one record. */
static void take_input(struct hf__conn *conn)
{
    struct hf_net *net = conn->net;
    while (!conn->closing && conn->state == HF__OPEN) {
        int n = hf__tls_read(&conn->tls, net->plain, HF__PLAIN_LEN);
        /* An alert, or the answer to a KeyUpdate: out of the shared buffer before any hook runs. */
        hf__conn_send(conn);
        for (; conn->tls.key_updates > 0 && !conn->closing; conn->tls.key_updates--) {
            if (hf__bucket_take(&conn->control, hf__now_ms(net)))
                continue;
            net->stats.flood++;
            hf__conn_close(conn, HF_EHTTP, "too many KeyUpdates", "");
        }
        if (n == 0 || conn->closing)
            break;
        if (n == HF_ECONNRESET) {
            hf__conn_close(conn, HF_ECONNRESET, "the peer closed the connection", "");
        } else if (n < 0) {
            net->stats.handshake_tls += conn->heard ? 0 : 1;
            hf__conn_close(conn, HF_ECONNRESET, "TLS failed", hf__tls_reason());
        } else {
            hf__h2_input(conn, net->plain, (size_t)n);
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)suggested;
    const struct hf__conn *conn = handle->data;
    *ret = uv_buf_init((char *)conn->net->read_buf, HF_NET_READ_LEN);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct hf__conn *conn = stream->data;
    if (conn->closing || len == 0)
        return;
    if (len < 0) {
        conn->ended = true;
        hf__conn_close(conn, conn->state < HF__OPEN ? HF_ECONNECT : HF_ECONNRESET,
                       "the connection ended", len == UV_EOF ? "" : uv_strerror((int)len));
        return;
    }
    conn->input_ms = hf__now_ms(conn->net);
    conn->tls.in = hf_bytes_of(buf->base, (size_t)len);
    if (conn->state == HF__HANDSHAKE)
        shake_hands(conn);
    if (!conn->closing)
        take_input(conn);
    conn->tls.in = (struct hf_bytes){0};
    if (!conn->closing)
        hf__conn_flush(conn);
}

void hf__conn_start(struct hf__conn *conn)
{
    int r = hf__tls_init(&conn->tls, &conn->net->tls, !conn->outgoing);
    if (r != 0) {
        hf__conn_close(conn, r, "out of memory", "");
        return;
    }
    conn->state = HF__HANDSHAKE;
    r = conn->vsock ? 0 : uv_tcp_nodelay(&conn->tcp, 1);
    if (r == 0)
        r = uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
    if (r != 0) {
        hf__conn_close(conn, HF_ECONNRESET, "the connection ended", uv_strerror(r));
        return;
    }
    if (conn->outgoing)
        shake_hands(conn);
    if (!conn->closing)
        hf__conn_flush(conn);
}
