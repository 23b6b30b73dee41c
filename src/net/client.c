/* Calls on a connection: requests sent, answers put together within their bounds. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

/* By number, not by user data: a call may end before its stream does, and the list is short. */
static struct hf__call *call_of(const struct hf__conn *conn, int32_t stream)
{
    for (const struct hf__list *l = conn->calls.next; l != &conn->calls; l = l->next) {
        struct hf__call *call = hf__container(l, struct hf__call, link);
        if (call->stream == stream)
            return call;
    }
    return NULL;
}

/* Takes a call off its connection, which may have become idle. */
static void leave_connection(struct hf__call *call)
{
    struct hf__conn *conn = call->conn;
    call->conn = NULL;
    hf__conn_release(conn, call->held);
    call->held = 0;
    conn->active--;
    if (conn->closing)
        return;
    if (conn->active == 0) {
        conn->idle_since_ms = hf__now_ms(conn->net);
        if (conn->draining)
            hf__conn_touch(conn);
    }
    hf__conn_schedule(conn);
    if (!hf__list_empty(&conn->target->waiting))
        hf__target_kick(conn->target);
}

void hf__call_finish(struct hf__call *call, int error, const char *reason, const char *detail)
{
    struct hf_net *net = call->net;
    hf__list_remove(&call->link);
    hf__deadlines_remove(&net->deadlines, &call->deadline);
    call->error = error;
    if (error != 0) {
        if (reason != NULL)
            hf__last_reason(call->reason, call->peer.address, reason, detail);
        net->stats.calls_failed++;
        hf_buf_clear(&call->answer);
    }
    if (call->conn != NULL)
        leave_connection(call);
    if (call->target != NULL) {
        hf__target_unref(call->target);
        call->target = NULL;
    }
    hf__list_append(&net->finished, &call->link);
    hf__wake(net);
}

void hf__call_reset(struct hf__call *call, int error, const char *reason)
{
    struct hf__conn *conn = call->conn;
    nghttp2_submit_rst_stream(conn->h2, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_CANCEL);
    hf__conn_touch(conn);
    hf__call_finish(call, error, reason, "");
}

/*
 * The connection did not carry the request out, or its stream ended. A call that was certainly not
 * carried out is sent once more on another connection: that is what a peer's GOAWAY asks for (RFC
 * 9113, 6.8).
 */
static void refused(struct hf__call *call, const char *detail)
{
    struct hf__target *t = call->target;
    if (call->again || call->net->stopping) {
        hf__call_finish(call, HF_EREFUSED, "the peer closed before it took the request", detail);
        return;
    }
    hf__list_remove(&call->link);
    leave_connection(call);
    hf_buf_done(&call->answer);
    hf_buf_init(&call->answer, call->answer.max);
    call->again = true;
    call->body_sent = 0;
    call->header_bytes = 0;
    call->status = 0;
    call->stream = 0;
    hf__list_append(&t->waiting, &call->link);
    hf__target_kick(t);
}

void hf__client_abandon(struct hf__conn *conn)
{
    while (!hf__list_empty(&conn->calls)) {
        struct hf__call *call = hf__container(conn->calls.next, struct hf__call, link);
        memcpy(call->reason, conn->reason, sizeof conn->reason);
        hf__call_finish(call, conn->error, NULL, NULL);
    }
}

static ssize_t read_body(nghttp2_session *h2, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
                         nghttp2_data_source *source, void *user)
{
    (void)h2;
    (void)source;
    struct hf__call *call = call_of(user, id);
    if (call == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t left = call->body_len - call->body_sent;
    size_t n = left < len ? left : len;
    if (n > 0)
        memcpy(buf, call->body + call->body_sent, n);
    call->body_sent += n;
    if (call->body_sent == call->body_len)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

/* Whether the peer is whom the call is for; if not, the call is finished. */
static bool right_peer(struct hf__call *call, const struct hf__conn *conn)
{
    if (!conn->has_account && (call->flags & HF_NET_LOCKED_OK) == 0) {
        hf__call_finish(call, HF_EPEER_LOCKED, "the peer has proved no account", "");
        return false;
    }
    if (conn->has_account && call->has_account &&
        !hf_account_equal(&conn->account, &call->account)) {
        hf__call_finish(call, HF_EPEER_ACCOUNT, "the peer proved another account", "");
        return false;
    }
    return true;
}

static int submit(struct hf__call *call, struct hf__conn *conn)
{
    char length[24];
    bool post = call->method == HF_NET_POST;
    int length_len = snprintf(length, sizeof length, "%zu", call->body_len);
    const char *type = hf__h2_type_name(HF_NET_MSGPACK);
    const char *authority = hf__conn_address(conn);
    nghttp2_nv fields[] = {
        hf__h2_field(":method", post ? "POST" : "GET", post ? 4 : 3),
        hf__h2_field(":scheme", "https", 5),
        hf__h2_field(":authority", authority, strlen(authority)),
        hf__h2_field(":path", call->path, strlen(call->path)),
        hf__h2_field("content-type", type, strlen(type)),
        hf__h2_field("content-length", length, (size_t)length_len),
    };
    nghttp2_data_provider provider = {.read_callback = read_body};
    size_t count = HF_ARRAY_LEN(fields) - (post ? 0 : 2);
    return nghttp2_submit_request(conn->h2, NULL, fields, count, post ? &provider : NULL, NULL);
}

void hf__call_send(struct hf__call *call, struct hf__conn *conn)
{
    call->peer.conn = conn->id;
    call->peer.has_account = conn->has_account;
    call->peer.account = conn->account;
    if (!right_peer(call, conn))
        return;
    int32_t stream = submit(call, conn);
    if (stream < 0) {
        /* Out of stream numbers, once in 2^30 calls, or of memory: this connection has served its
         * time. */
        hf__conn_drain(conn);
        hf__call_finish(call, stream == NGHTTP2_ERR_NOMEM ? HF_ENOMEM : HF_EREFUSED,
                        "the request cannot be sent", nghttp2_strerror(stream));
        return;
    }
    call->stream = stream;
    call->conn = conn;
    call->since_ms = hf__now_ms(conn->net);
    hf__list_remove(&call->link);
    hf__list_append(&conn->calls, &call->link);
    if (conn->active++ == 0)
        /* Do not count the silence before the first call. */
        conn->input_ms = call->since_ms;
    hf__conn_schedule(conn);
    hf__conn_touch(conn);
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)h2;
    (void)flags;
    struct hf__conn *conn = user;
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    struct hf__call *call = call_of(conn, frame->hd.stream_id);
    if (call == NULL)
        return 0;
    call->header_bytes += name_len + value_len + HF_NET_HEADER_OVERHEAD;
    if (call->header_bytes > HF_NET_HEADER_LIST_MAX) {
        hf__call_reset(call, HF_EHTTP, "the answer's headers are too large");
        return 0;
    }
    if (name_len == 7 && memcmp(name, ":status", 7) == 0) {
        /* nghttp2 lets through three digits only. */
        call->status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    } else if (name_len == 12 && memcmp(name, "content-type", 12) == 0) {
        call->type = hf__h2_type(value, value_len);
    }
    return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
                   void *user)
{
    (void)h2;
    (void)flags;
    struct hf__conn *conn = user;
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    struct hf__call *call = call_of(conn, id);
    if (call == NULL)
        return 0;
    bool room = hf__call_has_room(call, len);
    if (room)
        hf_buf_append(&call->answer, data, len);
    if (call->answer.error == HF_ETOOBIG) {
        hf__call_reset(call, HF_ETOOBIG, "the answer is too large");
    } else if (call->answer.error != 0 || !room) {
        hf__call_reset(call, HF_ENOMEM, "a memory bound is reached");
    } else {
        call->held += len;
        hf__conn_hold(conn, len);
    }
    return 0;
}

int hf__client_frame(nghttp2_session *h2, const nghttp2_frame *frame, struct hf__conn *conn)
{
    (void)h2;
    if ((frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    struct hf__call *call = call_of(conn, frame->hd.stream_id);
    if (call == NULL)
        return 0;
    if (call->status < 200)
        hf__call_reset(call, HF_EHTTP, "the answer has no status");
    else if (call->method == HF_NET_POST && call->body_sent < call->body_len)
        /* Answered early: what the peer has not asked for need not be sent. */
        hf__call_reset(call, 0, NULL);
    else
        hf__call_finish(call, 0, NULL, NULL);
    return conn->closing ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t error, void *user)
{
    (void)h2;
    struct hf__conn *conn = user;
    struct hf__call *call = call_of(conn, id);
    if (call == NULL)
        return 0;
    if (error == NGHTTP2_REFUSED_STREAM)
        refused(call, "");
    else
        hf__call_finish(call, HF_ECONNRESET, "the peer ended the stream",
                        nghttp2_http2_strerror(error));
    return 0;
}

/* A request that was queued when the peer's GOAWAY came is never sent. */
static int on_frame_not_sent(nghttp2_session *h2, const nghttp2_frame *frame, int error, void *user)
{
    (void)h2;
    struct hf__conn *conn = user;
    struct hf__call *call =
        frame->hd.type == NGHTTP2_HEADERS ? call_of(conn, frame->hd.stream_id) : NULL;
    if (call != NULL && !conn->closing)
        refused(call, nghttp2_strerror(error));
    return 0;
}

void hf__client_callbacks(nghttp2_session_callbacks *c)
{
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(c, on_frame_not_sent);
}
