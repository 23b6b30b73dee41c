/* What goes out of a connection: HTTP/2 frames into TLS records, these into the socket, the rest
 * into libuv. */
#include "internal.h"

enum { ROUNDS_MAX = 4 /* of HF_NET_WRITE_CHUNK, before other connections have a turn */ };

static void on_written(uv_write_t *req, int status);

static void start_write(struct hf__conn *conn)
{
    uv_buf_t buf = uv_buf_init((char *)conn->pending.data, (unsigned)conn->pending.len);
    int r = uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &buf, 1, on_written);
    if (r != 0) {
        hf__conn_close(conn, HF_ECONNRESET, "writing failed", uv_strerror(r));
        return;
    }
    conn->writing = true;
    conn->write_since_ms = hf__now_ms(conn->net);
    hf__conn_schedule(conn);
}

static void on_written(uv_write_t *req, int status)
{
    struct hf__conn *conn = hf__container(req, struct hf__conn, write);
    conn->writing = false;
    if (conn->closing)
        return;
    if (status != 0) {
        hf__conn_close(conn, HF_ECONNRESET, "writing failed", uv_strerror(status));
        return;
    }
    hf_buf_done(&conn->pending);
    if (conn->queued.len > 0) {
        struct hf_buf queued = conn->queued;
        hf_buf_init(&conn->queued, HF__QUEUED_MAX);
        conn->pending = queued;
        conn->pending.max = SIZE_MAX / 2;
        start_write(conn);
        return;
    }
    hf__conn_schedule(conn);
    hf__conn_flush(conn);
}

/* Empties net->out into the socket. What the socket does not take now waits for it. */
void hf__conn_send(struct hf__conn *conn)
{
    struct hf_buf *out = &conn->net->out;
    bool failed = out->error != 0;
    if (!failed && out->len > 0 && conn->writing) {
        hf_buf_append(&conn->queued, out->data, out->len);
        hf_buf_clear(out);
        if (conn->queued.error != 0) {
            conn->net->stats.flood++;
            hf__conn_close(conn, HF_ECONNRESET, "too much output is waiting", "");
        }
        return;
    }
    size_t sent = 0;
    if (!failed && out->len > 0) {
        uv_buf_t buf = uv_buf_init((char *)out->data, (unsigned)out->len);
        int n = uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1);
        sent = n > 0 ? (size_t)n : 0;
        failed = n < 0 && n != UV_EAGAIN;
    }
    if (!failed && !conn->closing && sent < out->len) {
        hf_buf_append(&conn->pending, out->data + sent, out->len - sent);
        failed = conn->pending.error != 0;
    }
    hf_buf_clear(out);
    if (failed)
        hf__conn_close(conn, HF_ECONNRESET, "writing failed", "");
    else if (conn->pending.len > 0 && !conn->closing)
        start_write(conn);
}

/* Turns up to one chunk of frames into records, as few as there can be. False: the connection was
 * closed. */
static bool gather(struct hf__conn *conn)
{
    struct hf_net *net = conn->net;
    size_t held = 0;
    int r = 0;
    while (r == 0 && net->out.len < HF_NET_WRITE_CHUNK) {
        const uint8_t *data;
        ssize_t n = nghttp2_session_mem_send(conn->h2, &data);
        if (conn->closing)
            return false;
        if (n <= 0) {
            r = n < 0 ? HF_ENOMEM : 0;
            break;
        }
        for (size_t len = (size_t)n; r == 0 && len > 0;) {
            size_t part = len < HF__PLAIN_LEN - held ? len : HF__PLAIN_LEN - held;
            memcpy(net->plain + held, data, part);
            held += part;
            data += part;
            len -= part;
            if (held == HF__PLAIN_LEN) {
                r = hf__tls_write(&conn->tls, net->plain, held);
                held = 0;
            }
        }
    }
    if (r == 0 && held > 0)
        r = hf__tls_write(&conn->tls, net->plain, held);
    if (r != 0)
        hf__conn_close(conn, r, "writing failed", hf__tls_reason());
    return r == 0;
}

/*
 * Whether a connection has nothing left to do: drained, or ended by either side's GOAWAY. The
 * server leaves the end to the client: to close upon a request that crossed the GOAWAY would reset
 * the connection, and the client might never read that its request was not taken.
 */
static bool finished(const struct hf__conn *conn)
{
    if (conn->writing || nghttp2_session_want_write(conn->h2))
        return false;
    if (conn->draining && !conn->outgoing)
        return false;
    return !nghttp2_session_want_read(conn->h2) || (conn->draining && conn->active == 0);
}

void hf__conn_flush(struct hf__conn *conn)
{
    if (conn->closing)
        return;
    /* The handshake's records, and those that OpenSSL itself answers with. */
    hf__conn_send(conn);
    if (conn->closing || conn->state != HF__OPEN)
        return;
    for (int round = 0; !conn->writing; round++) {
        if (!nghttp2_session_want_write(conn->h2))
            break;
        if (round == ROUNDS_MAX) {
            hf__conn_touch(conn);
            return;
        }
        if (!gather(conn))
            return;
        if (conn->net->out.len == 0)
            break;
        hf__conn_send(conn);
        if (conn->closing)
            return;
    }
    if (finished(conn) && conn->fault != 0)
        hf__conn_close(conn, HF_EHTTP, "the peer broke HTTP/2",
                       nghttp2_http2_strerror(conn->fault));
    else if (finished(conn))
        hf__conn_close(conn, HF_ECONNRESET, "the connection was finished", "");
}
