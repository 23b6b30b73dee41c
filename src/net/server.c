/* Incoming requests: put together within their bounds, handed to the daemon, answered. */
#include "internal.h"
#include "json.h"

#include <stdio.h>
#include <stdlib.h>

static struct hf__stream *stream_of(nghttp2_session *h2, int32_t id)
{
    return nghttp2_session_get_stream_user_data(h2, id);
}

/* What is under way may take a while, and as much more as the bytes that passed have earned it. */
static void set_deadline(struct hf__stream *s, size_t passed)
{
    struct hf_net *net = s->conn->net;
    const struct hf_net_limits *l = &net->limits;
    uint64_t earned_ms = (uint64_t)passed * 1000 / l->progress_bytes_per_s;
    hf__set_deadline(net, &s->deadline, s->since_ms + l->request_ms_max + earned_ms);
}

static void drop_body(struct hf__stream *s)
{
    hf__conn_release(s->conn, s->body.len);
    hf_buf_done(&s->body);
}

static void stream_free(struct hf__stream *s)
{
    struct hf__conn *conn = s->conn;
    drop_body(s);
    hf__conn_release(conn, s->reply_len);
    free(s->reply);
    hf__list_remove(&s->link);
    hf__deadlines_remove(&conn->net->deadlines, &s->deadline);
    conn->active--;
    free(s);
}

void hf__server_abandon(struct hf__conn *conn)
{
    while (!hf__list_empty(&conn->streams))
        stream_free(hf__container(conn->streams.next, struct hf__stream, link));
}

static ssize_t read_reply(nghttp2_session *h2, int32_t id, uint8_t *buf, size_t len,
                          uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)h2;
    (void)id;
    (void)user;
    struct hf__stream *s = source->ptr;
    size_t left = s->reply_len - s->reply_sent;
    size_t n = left < len ? left : len;
    if (n > 0)
        memcpy(buf, s->reply + s->reply_sent, n);
    s->reply_sent += n;
    set_deadline(s, s->reply_sent);
    if (s->reply_sent == s->reply_len)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

/* Takes body over, malloc'ed and counted as held. Drops the request's own. */
static void submit_reply(struct hf__stream *s, int status, enum hf_net_type type, uint8_t *body,
                         size_t len)
{
    char code[4], length[24];
    s->replied = true;
    s->reply = body;
    s->reply_len = len;
    drop_body(s);
    snprintf(code, sizeof code, "%d", status);
    int length_len = snprintf(length, sizeof length, "%zu", len);
    const char *type_name = hf__h2_type_name(type);
    nghttp2_nv fields[] = {
        hf__h2_field(":status", code, 3),
        hf__h2_field("content-type", type_name, strlen(type_name)),
        hf__h2_field("content-length", length, (size_t)length_len),
    };
    nghttp2_data_provider provider = {.source.ptr = s, .read_callback = read_reply};
    if (s->head)
        s->reply_sent = len;
    s->conn->net->stats.replies++;
    if (status == 200) {
        s->conn->useful = true;
        s->conn->useful_ms = hf__now_ms(s->conn->net);
    }
    if (nghttp2_submit_response(s->conn->h2, s->id, fields, HF_ARRAY_LEN(fields),
                                s->head ? NULL : &provider) != 0)
        hf__conn_close(s->conn, HF_ENOMEM, "out of memory", "");
    /* The peer must take the answer as fast as it must send a request. */
    s->since_ms = hf__now_ms(s->conn->net);
    set_deadline(s, 0);
    hf__conn_touch(s->conn);
}

/* Takes a copy of the body, counted as held whether there is room or not: the caller has seen to
 * that. */
static void reply_copy(struct hf__stream *s, int status, enum hf_net_type type,
                       struct hf_bytes body)
{
    uint8_t *copy = malloc(body.len + 1);
    if (copy == NULL) {
        hf__conn_close(s->conn, HF_ENOMEM, "out of memory", "");
        return;
    }
    if (body.len > 0)
        memcpy(copy, body.data, body.len);
    hf__conn_hold(s->conn, body.len);
    submit_reply(s, status, type, copy, body.len);
}

/* Errors are small and as many as there are streams, so that no bound on memory stands in their
 * way. */
static void reply_error(struct hf__stream *s, int status, int error, const char *message)
{
    char text[HF__ERROR_JSON_MAX];
    size_t len = hf__error_json(error, message, text);
    reply_copy(s, status, HF_NET_JSON, hf_bytes_of(text, len));
}

/* No room for a body or an answer: because of what its own source holds, or of what others do. */
static void refuse_memory(struct hf__stream *s, int why)
{
    s->conn->excess += why == HF_EQUOTA;
    if (why == HF_EQUOTA)
        reply_error(s, 429, HF_EBUSY, "too much is held for this peer");
    else
        reply_error(s, 503, HF_EBUSY, "a memory bound is reached");
}

static void reply(struct hf__stream *s, int status, enum hf_net_type type, struct hf_bytes body)
{
    int r = hf__conn_has_room(s->conn, body.len);
    if (r == 0)
        reply_copy(s, status, type, body);
    else
        refuse_memory(s, r);
}

/* An error of the transport's own: it stays as a reason, too. */
static void refuse(struct hf__stream *s, int status, int error, const char *why)
{
    hf__last_reason(s->conn->net->stats.last_refusal, hf__conn_address(s->conn), why, s->path);
    reply_error(s, status, error, why);
}

static void on_stream_due(struct hf__deadline *d)
{
    struct hf__stream *s = hf__container(d, struct hf__stream, deadline);
    struct hf_net_stats *stats = &s->conn->net->stats;
    if (s->conn->closing)
        return;
    if (s->replied) {
        stats->timeout_write++;
        nghttp2_submit_rst_stream(s->conn->h2, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
        hf__conn_touch(s->conn);
    } else if (s->whole) {
        stats->timeout_answer++;
        refuse(s, 503, HF_ETIMEOUT, "the request was not answered in time");
    } else {
        stats->timeout_request++;
        refuse(s, 408, HF_ETIMEOUT, "the request came too slowly");
    }
}

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct hf__conn *conn = user;
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct hf__stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (hf__deadlines_add(&conn->net->deadlines, &s->deadline, on_stream_due) != 0) {
        free(s);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    s->conn = conn;
    s->id = frame->hd.stream_id;
    s->declared = SIZE_MAX;
    s->since_ms = hf__now_ms(conn->net);
    hf_buf_init(&s->body, 0);
    hf__list_append(&conn->streams, &s->link);
    conn->active++;
    nghttp2_session_set_stream_user_data(h2, s->id, s);
    set_deadline(s, 0);
    if (conn->active == 1) {
        /* Sets come and go while connections last. */
        hf__conn_rejoin(conn);
        hf__conn_schedule(conn);
    }
    return conn->closing ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static bool is(const uint8_t *data, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(data, text, len) == 0;
}

/* Digits, as nghttp2 has seen to; what is larger than any body is as good as no number. */
static size_t length_of(const uint8_t *digits, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n <= HF_NET_BODY_CEILING; i++)
        n = n * 10 + (size_t)(digits[i] - '0');
    return n;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)flags;
    const struct hf__conn *conn = user;
    struct hf__stream *s = stream_of(h2, frame->hd.stream_id);
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (s == NULL)
        return 0;
    s->header_bytes += name_len + value_len + HF_NET_HEADER_OVERHEAD;
    s->header_count++;
    /* A little over, and the peer is told (431). Far over, and it is not worth the unpacking. */
    if (s->header_bytes > 8 * (size_t)HF_NET_HEADER_LIST_MAX)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    if (is(name, name_len, ":method")) {
        /* HEAD is GET but for the body of its answer (RFC 9110, 9.3.2). */
        s->head = is(value, value_len, "HEAD");
        s->known_method = s->head || is(value, value_len, "GET") || is(value, value_len, "POST");
        s->method = is(value, value_len, "POST") ? HF_NET_POST : HF_NET_GET;
    } else if (is(name, name_len, ":path")) {
        s->too_long = value_len > HF_NET_PATH_MAX;
        if (!s->too_long)
            memcpy(s->path, value, value_len);
    } else if (is(name, name_len, "content-length")) {
        s->declared = length_of(value, value_len);
    }
    return 0;
}

/* This peer asks too much. It may be told so a number of times; then its connection ends. */
static void refuse_excess(struct hf__stream *s)
{
    struct hf__conn *conn = s->conn;
    conn->excess++;
    if (hf__bucket_take(&conn->resets, hf__now_ms(conn->net))) {
        refuse(s, 429, HF_EBUSY, "too many requests");
        return;
    }
    conn->net->stats.flood++;
    hf__conn_close(conn, HF_EHTTP, "too many requests", "");
}

/* Asks the daemon how large a body may come to this path. True: refused, and answered. */
static bool refused_path(struct hf__stream *s)
{
    const struct hf_net *net = s->conn->net;
    struct hf_net_peer peer;
    int64_t max = (int64_t)net->limits.body_bytes_max;
    hf__conn_peer(s->conn, &peer);
    if (!s->known_method)
        max = HF_EUNSUPPORTED;
    else if (s->too_long || s->path[0] != '/' || strchr(s->path, '?') != NULL)
        max = HF_ENOTFOUND;
    else if (net->hooks.request == NULL)
        max = HF_EINTERNAL;
    else if (net->hooks.body_max != NULL)
        max = net->hooks.body_max(net->hooks.user, s->method, s->path, &peer);
    if (s->conn->closing)
        return true;
    if (max >= 0) {
        s->body_max = max > HF_NET_BODY_CEILING ? HF_NET_BODY_CEILING : (size_t)max;
        /* Where the length is known, no more is ever allocated. */
        hf_buf_init(&s->body, s->declared < s->body_max ? s->declared : s->body_max);
        return false;
    }
    s->conn->net->stats.refused_path++;
    if (max == HF_ENOTFOUND)
        refuse(s, 404, HF_ENOTFOUND, "no such path");
    else if (max == HF_EUNSUPPORTED)
        refuse(s, 405, HF_EUNSUPPORTED, "no such method");
    else if (max == HF_EPERMISSION)
        refuse(s, 403, HF_EPERMISSION, "not permitted to this peer");
    else if (max == HF_EBUSY)
        refuse_excess(s);
    else
        refuse(s, 503, HF_EBUSY, "not served in this state");
    return true;
}

static void headers_came(struct hf__stream *s)
{
    struct hf_net_stats *stats = &s->conn->net->stats;
    if (s->header_bytes > HF_NET_HEADER_LIST_MAX || s->header_count > HF_NET_HEADER_COUNT_MAX) {
        stats->refused_headers++;
        refuse(s, 431, HF_ETOOBIG, "the headers are too large");
        return;
    }
    if (!hf__who_may_ask(&s->conn->who, hf__now_ms(s->conn->net))) {
        stats->refused_requests++;
        refuse_excess(s);
        return;
    }
    (void)refused_path(s);
}

static void request_came(struct hf__stream *s)
{
    struct hf__conn *conn = s->conn;
    struct hf_net_request request = {
        .handle = {.conn = conn->id, .stream = s->id},
        .method = s->method,
        .path = s->path,
        .body = hf_buf_bytes(&s->body),
    };
    hf__conn_peer(conn, &request.peer);
    hf__set_deadline(conn->net, &s->deadline,
                     hf__now_ms(conn->net) + conn->net->limits.answer_ms_max);
    conn->net->stats.requests++;
    conn->net->hooks.request(conn->net->hooks.user, &request);
}

int hf__server_frame(nghttp2_session *h2, const nghttp2_frame *frame, struct hf__conn *conn)
{
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
        return 0;
    struct hf__stream *s = stream_of(h2, frame->hd.stream_id);
    if (s == NULL)
        return 0;
    s->whole = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        headers_came(s);
    if (!conn->closing && s->whole && !s->replied)
        request_came(s);
    return conn->closing ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* What counts as held is what came: an honest peer is not charged for how a buffer grows. */
static int append_body(struct hf__stream *s, const uint8_t *data, size_t len)
{
    int r = hf__conn_has_room(s->conn, len);
    if (r != 0)
        return r;
    hf_buf_append(&s->body, data, len);
    if (s->body.error != 0)
        return HF_EBUSY;
    hf__conn_hold(s->conn, len);
    set_deadline(s, s->body.len);
    return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
                   void *user)
{
    (void)flags;
    struct hf__conn *conn = user;
    struct hf__stream *s = stream_of(h2, id);
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (s == NULL || s->replied)
        return 0;
    if (len > s->body_max - s->body.len) {
        conn->net->stats.refused_body++;
        refuse(s, 413, HF_ETOOBIG, "the body is too large");
        return 0;
    }
    int r = append_body(s, data, len);
    if (r != 0)
        refuse_memory(s, r);
    return 0;
}

int hf__server_frame_sent(nghttp2_session *h2, const nghttp2_frame *frame, struct hf__conn *conn)
{
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
        !hf__bucket_take(&conn->resets, hf__now_ms(conn->net))) {
        conn->net->stats.flood++;
        hf__conn_close(conn, HF_EHTTP, "too many frames", "streams that had to be reset");
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if ((frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) ||
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0)
        return 0;
    /* Answered before the request was whole: the peer need not send the rest (RFC 9113, 8.1). */
    const struct hf__stream *s = stream_of(h2, frame->hd.stream_id);
    if (s != NULL && !s->whole)
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t error, void *user)
{
    (void)error;
    struct hf__conn *conn = user;
    struct hf__stream *s = stream_of(h2, id);
    if (s == NULL)
        return 0;
    /* nghttp2 remembers it for a while, to tell a late frame from a wrong one. */
    nghttp2_session_set_stream_user_data(h2, id, NULL);
    stream_free(s);
    if (conn->active == 0) {
        conn->idle_since_ms = hf__now_ms(conn->net);
        hf__conn_schedule(conn);
    }
    return 0;
}

void hf__server_callbacks(nghttp2_session_callbacks *c)
{
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_stream_close);
}

/* The stream of a handle that waits for its answer, or NULL. */
static struct hf__stream *waiting_stream(struct hf_net *net, struct hf_net_handle handle)
{
    struct hf__conn *conn = hf__conn_find(net, handle.conn);
    if (conn != NULL && !conn->outgoing && conn->state == HF__OPEN) {
        struct hf__stream *s = stream_of(conn->h2, handle.stream);
        if (s != NULL && s->whole && !s->replied)
            return s;
    }
    net->stats.replies_dropped++;
    return NULL;
}

bool hf_net_reply(struct hf_net *net, struct hf_net_handle handle, int status,
                  enum hf_net_type type, struct hf_bytes body)
{
    hf_assert(status >= 200 && status <= 599);
    struct hf__stream *s = waiting_stream(net, handle);
    if (s == NULL)
        return false;
    reply(s, status, type, body);
    return true;
}

bool hf_net_reply_error(struct hf_net *net, struct hf_net_handle handle, int status, int error,
                        const char *message)
{
    hf_assert(status >= 400 && status <= 599);
    struct hf__stream *s = waiting_stream(net, handle);
    if (s == NULL)
        return false;
    reply_error(s, status, error, message);
    return true;
}
