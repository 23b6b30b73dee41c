/* The time a connection may take for each thing. Deadlines are set when state changes, and looked
 * at when due. */
#include "internal.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When the peer must have answered a PING, or must be sent one. */
static uint64_t ping_deadline(const struct hf__conn *conn)
{
    const struct hf_net_limits *l = &conn->net->limits;
    return conn->pinged ? conn->ping_ms + l->ping_ms_max : conn->input_ms + l->ping_after_ms;
}

static uint64_t idle_deadline(const struct hf__conn *conn)
{
    const struct hf_net_limits *l = &conn->net->limits;
    /* Until the peer has shown that it speaks HTTP/2 at all, it is as good as shaking hands. */
    if (!conn->heard)
        return conn->idle_since_ms + l->handshake_ms_max;
    return conn->idle_since_ms +
           (conn->outgoing ? l->client_idle_ms_max : l->share[conn->who.kind].idle_ms_max);
}

void hf__conn_schedule(struct hf__conn *conn)
{
    if (conn->closing)
        return;
    const struct hf_net_limits *l = &conn->net->limits;
    uint64_t at = HF__NEVER;
    if (conn->state != HF__OPEN) {
        at = earlier(conn->idle_since_ms + l->handshake_ms_max, hf__conn_race_ms(conn));
    } else {
        if (conn->writing)
            at = earlier(at, conn->write_since_ms + l->write_ms_max);
        if (conn->draining)
            at = earlier(at, conn->drain_since_ms + l->drain_ms_max);
        if (conn->active == 0 && !conn->draining)
            at = earlier(at, idle_deadline(conn));
        if (conn->outgoing && (conn->active > 0 || conn->pinged))
            at = earlier(at, ping_deadline(conn));
    }
    hf__set_deadline(conn->net, &conn->deadline, at);
}

static void ping(struct hf__conn *conn, uint64_t now)
{
    if (nghttp2_submit_ping(conn->h2, NGHTTP2_FLAG_NONE, NULL) != 0) {
        hf__conn_close(conn, HF_ENOMEM, "out of memory", "");
        return;
    }
    conn->pinged = true;
    conn->ping_ms = now;
    hf__conn_touch(conn);
}

void hf__conn_suspect(struct hf__conn *conn)
{
    if (conn->closing || conn->state != HF__OPEN)
        return;
    conn->suspect = true;
    if (!conn->pinged)
        ping(conn, hf__now_ms(conn->net));
    hf__conn_schedule(conn);
}

static void end_idle(struct hf__conn *conn)
{
    if (!conn->heard) {
        conn->net->stats.handshake_timeout++;
        hf__conn_close(conn, HF_ECONNRESET, "no HTTP/2 came", "");
        return;
    }
    conn->net->stats.timeout_idle++;
    hf__conn_drain(conn);
}

void hf__conn_due(struct hf__deadline *d)
{
    struct hf__conn *conn = hf__container(d, struct hf__conn, deadline);
    const struct hf_net_limits *l = &conn->net->limits;
    struct hf_net_stats *s = &conn->net->stats;
    uint64_t now = hf__now_ms(conn->net);
    if (conn->state != HF__OPEN) {
        if (now >= conn->idle_since_ms + l->handshake_ms_max) {
            s->handshake_timeout++;
            hf__conn_close(conn, HF_ECONNECT, "the handshake took too long", "");
            memcpy(s->last_handshake, conn->reason, sizeof conn->reason);
        } else if (now >= hf__conn_race_ms(conn)) {
            hf__conn_race(conn);
        }
    } else if (conn->writing && now >= conn->write_since_ms + l->write_ms_max) {
        s->timeout_write++;
        hf__conn_close(conn, HF_ECONNRESET, "the peer takes no output", "");
    } else if (conn->draining && now >= conn->drain_since_ms + l->drain_ms_max) {
        hf__conn_close(conn, HF_ECONNRESET, "the connection was retired", "");
    } else if (conn->active == 0 && !conn->draining && now >= idle_deadline(conn)) {
        end_idle(conn);
    } else if (conn->outgoing && (conn->active > 0 || conn->pinged) && now >= ping_deadline(conn)) {
        if (conn->pinged) {
            s->timeout_ping++;
            hf__conn_close(conn, HF_ECONNRESET, "the peer does not answer a PING", "");
        } else {
            ping(conn, now);
        }
    }
    hf__conn_schedule(conn);
}
