/* What both sides of HTTP/2 (RFC 9113) share: settings, floods, frames that
 * concern the connection. */
#include "internal.h"

enum {
    STREAM_WINDOW = 64 << 10,      /* what one stream may send before it is read */
    CONNECTION_WINDOW = 256 << 10, /* and all streams of a connection together */
    SMALL_INCREMENT = 1024,        /* a WINDOW_UPDATE below this counts as a control frame */
};

static const char *const type_names[] = {
    [HF_NET_MSGPACK] = "application/msgpack",
    [HF_NET_JSON] = "application/json",
    [HF_NET_TEXT] = "text/plain; charset=utf-8",
};

const char *hf__h2_type_name(enum hf_net_type type)
{
    return type_names[type];
}

enum hf_net_type hf__h2_type(const uint8_t *value, size_t len)
{
    for (size_t i = 0; i < HF_ARRAY_LEN(type_names); i++)
        if (len == strlen(type_names[i]) && memcmp(value, type_names[i], len) == 0)
            return (enum hf_net_type)i;
    return HF_NET_TEXT;
}

nghttp2_nv hf__h2_field(const char *name, const char *value, size_t value_len)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name,
        .namelen = strlen(name),
        .value = (uint8_t *)(uintptr_t)value,
        .valuelen = value_len,
        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME,
    };
}

static int end_flood(struct hf__conn *conn, const char *what)
{
    conn->net->stats.flood++;
    hf__conn_close(conn, HF_EHTTP, "too many frames", what);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* Frames that cost the peer little and us more each take a token. */
static bool is_control(const nghttp2_frame_hd *hd)
{
    switch (hd->type) {
    case NGHTTP2_DATA:
        return hd->length == 0 && (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0;
    case NGHTTP2_HEADERS:
    case NGHTTP2_RST_STREAM:
    case NGHTTP2_WINDOW_UPDATE:
        return false;
    default:
        return true;
    }
}

static int on_begin_frame(nghttp2_session *h2, const nghttp2_frame_hd *hd, void *user)
{
    (void)h2;
    struct hf__conn *conn = user;
    uint64_t now = hf__now_ms(conn->net);
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (is_control(hd) && !hf__bucket_take(&conn->control, now))
        return end_flood(conn, "control frames");
    if (hd->type == NGHTTP2_RST_STREAM && !conn->outgoing && !hf__bucket_take(&conn->resets, now))
        return end_flood(conn, "streams reset by the peer");
    return 0;
}

/* Called by both sides' on_frame_recv first. */
static int on_connection_frame(struct hf__conn *conn, const nghttp2_frame *frame)
{
    switch (frame->hd.type) {
    case NGHTTP2_SETTINGS:
        if (!conn->heard) {
            conn->heard = true;
            hf__conn_schedule(conn);
        }
        break;
    case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && conn->pinged) {
            conn->pinged = false;
            conn->suspect = false;
            hf__conn_schedule(conn);
        }
        break;
    case NGHTTP2_WINDOW_UPDATE:
        if (frame->window_update.window_size_increment < SMALL_INCREMENT &&
            !hf__bucket_take(&conn->control, hf__now_ms(conn->net)))
            return end_flood(conn, "small WINDOW_UPDATEs");
        break;
    case NGHTTP2_GOAWAY:
        if (conn->outgoing)
            hf__conn_drain(conn);
        break;
    default:
        break;
    }
    return 0;
}

static int on_server_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct hf__conn *conn = user;
    int r = on_connection_frame(conn, frame);
    return r != 0 ? r : hf__server_frame(h2, frame, conn);
}

static int on_client_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct hf__conn *conn = user;
    int r = on_connection_frame(conn, frame);
    return r != 0 ? r : hf__client_frame(h2, frame, conn);
}

/* A stream that the peer opened over the limit, or broke, costs it a token:
 * it made us answer for nothing. */
static int on_invalid_frame(nghttp2_session *h2, const nghttp2_frame *frame, int error, void *user)
{
    (void)h2;
    (void)frame;
    (void)error;
    struct hf__conn *conn = user;
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (!conn->outgoing && !hf__bucket_take(&conn->resets, hf__now_ms(conn->net)))
        return end_flood(conn, "invalid frames");
    return 0;
}

/* A GOAWAY that nghttp2 sends of itself names what the peer did wrong. */
static int on_frame_sent(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    struct hf__conn *conn = user;
    if (conn->closing)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        conn->net->stats.malformed++;
        conn->fault = frame->goaway.error_code;
    }
    return conn->outgoing ? 0 : hf__server_frame_sent(h2, frame, conn);
}

static void shared_callbacks(nghttp2_session_callbacks *c)
{
    nghttp2_session_callbacks_set_on_begin_frame_callback(c, on_begin_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(c, on_invalid_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(c, on_frame_sent);
}

int hf__h2_callbacks_init(struct hf_net *net)
{
    if (nghttp2_session_callbacks_new(&net->server_callbacks) != 0 ||
        nghttp2_session_callbacks_new(&net->client_callbacks) != 0 ||
        nghttp2_option_new(&net->option) != 0)
        return HF_ENOMEM;
    shared_callbacks(net->server_callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(net->server_callbacks, on_server_frame);
    hf__server_callbacks(net->server_callbacks);
    shared_callbacks(net->client_callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(net->client_callbacks, on_client_frame);
    hf__client_callbacks(net->client_callbacks);
    nghttp2_option_set_max_outbound_ack(net->option, HF_NET_ACKS_QUEUED_MAX);
    nghttp2_option_set_max_settings(net->option, HF_NET_SETTINGS_MAX);
    nghttp2_option_set_max_reserved_remote_streams(net->option, 0);
    nghttp2_option_set_peer_max_concurrent_streams(net->option, net->limits.streams_max);
    return 0;
}

int hf__h2_start(struct hf__conn *conn)
{
    struct hf_net *net = conn->net;
    int r = conn->outgoing
                ? nghttp2_session_client_new2(&conn->h2, net->client_callbacks, conn, net->option)
                : nghttp2_session_server_new2(&conn->h2, net->server_callbacks, conn, net->option);
    if (r != 0)
        return HF_ENOMEM;
    nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, conn->outgoing ? 0 : net->limits.streams_max},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HF_NET_HEADER_LIST_MAX},
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
    };
    /* Only a client may speak of push (RFC 9113, 6.5.2): it comes last. */
    size_t count = HF_ARRAY_LEN(settings) - (conn->outgoing ? 0 : 1);
    if (nghttp2_submit_settings(conn->h2, NGHTTP2_FLAG_NONE, settings, count) != 0 ||
        nghttp2_session_set_local_window_size(conn->h2, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW) !=
            0)
        return HF_ENOMEM;
    return 0;
}

void hf__h2_input(struct hf__conn *conn, const uint8_t *data, size_t len)
{
    ssize_t n = nghttp2_session_mem_recv(conn->h2, data, len);
    if (conn->closing || n == (ssize_t)len)
        return;
    if (n == NGHTTP2_ERR_FLOODED)
        conn->net->stats.flood++;
    else
        conn->net->stats.malformed++;
    hf__conn_close(conn, HF_EHTTP, "the peer broke HTTP/2", n < 0 ? nghttp2_strerror((int)n) : "");
}
