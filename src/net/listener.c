/* The listener: what it takes in, and what it turns away before a byte is read. */
#include "internal.h"
#include "vsock.h"

#include <stdio.h>
#include <stdlib.h>

enum { BACKLOG = 128, ACCEPT_AGAIN_MS = 100 };

static void refuse(struct hf__conn *conn, uint64_t *counter, const char *why)
{
    (*counter)++;
    hf__conn_close(conn, HF_EBUSY, why, "");
    memcpy(conn->net->stats.last_refusal, conn->reason, sizeof conn->reason);
}

/* What this node knows of who comes, from the address alone. */
static int join(struct hf__conn *conn, const struct sockaddr_storage *from)
{
    const struct hf_net *net = conn->net;
    struct hf_net_standing standing = {.kind = HF_NET_STRANGER};
    struct hf_net_peer peer;
    conn->vsock = from->ss_family == AF_VSOCK;
    hf__address_format(from, conn->address, sizeof conn->address);
    hf__address_ip(from, conn->ip);
    hf__conn_peer(conn, &peer);
    if (net->hooks.standing != NULL)
        standing = net->hooks.standing(net->hooks.user, &peer);
    return hf__conn_join(conn, standing);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct hf_net *net = listener->data;
    if (status != 0)
        return;
    struct hf__conn *conn = hf__conn_new(net, false);
    if (conn == NULL) {
        /* libuv gives no other connection before this one is accepted. */
        hf__set_deadline(net, &net->accept_again, hf__now_ms(net) + ACCEPT_AGAIN_MS);
        return;
    }
    struct hf_net_stats *s = &net->stats;
    struct sockaddr_storage peer = {0};
    int len = sizeof peer;
    if (uv_accept(listener, (uv_stream_t *)&conn->tcp) != 0 ||
        uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&peer, &len) != 0) {
        hf__conn_close(conn, HF_ECONNRESET, "the connection ended", "");
        return;
    }
    if (join(conn, &peer) != 0) {
        hf__conn_close(conn, HF_ENOMEM, "out of memory", "");
        return;
    }
    if (!hf__conn_may_come(conn)) {
        refuse(conn, &s->refused_rate, "too many connections a second");
        return;
    }
    hf__conn_make_place(conn);
    s->accepted++;
    hf__conn_schedule(conn);
    hf__conn_start(conn);
}

void hf__accept_due(struct hf__deadline *d)
{
    struct hf_net *net = hf__container(d, struct hf_net, accept_again);
    if (net->listener != NULL)
        on_connection((uv_stream_t *)net->listener, 0);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct hf_net *net = handle->data;
    free(handle);
    hf__handle_gone(net);
}

/* The system's errors of a bind, once, into ours. */
static int translate(int uv_error)
{
    switch (uv_error) {
    case 0:
        return 0;
    case UV_EADDRINUSE:
        return HF_EADDRINUSE;
    case UV_EADDRNOTAVAIL:
    case UV_EAFNOSUPPORT:
        return HF_EADDRESS;
    case UV_EACCES:
    case UV_EPERM:
        return HF_EPERMISSION;
    case UV_ENOMEM:
        return HF_ENOMEM;
    default:
        return HF_EIO;
    }
}

int hf_net_listen(struct hf_net *net, const char *address)
{
    struct hf__host host;
    struct sockaddr_storage a;
    int r = hf__address_split(address, &host);
    if (r == 0)
        r = hf__address_numeric(&host, &a);
    if (r != 0)
        return r;
    if (net->listener != NULL || net->stopping)
        return HF_EEXIST;
    uv_tcp_t *listener = malloc(sizeof *listener);
    if (listener == NULL)
        return HF_ENOMEM;
    r = uv_tcp_init(net->loop, listener);
    if (r != 0) {
        free(listener);
        return translate(r);
    }
    listener->data = net;
    net->handles++;
    net->listener = listener;
    r = a.ss_family == AF_VSOCK ? hf__vsock_listener(&a, listener)
                                : uv_tcp_bind(listener, (const struct sockaddr *)&a, 0);
    if (r == 0)
        r = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
    if (r != 0)
        hf_net_unlisten(net);
    else
        hf__datagrams_open(net);
    return translate(r);
}

void hf_net_unlisten(struct hf_net *net)
{
    if (net->listener != NULL)
        uv_close((uv_handle_t *)net->listener, on_listener_closed);
    hf__datagrams_close(net);
    net->listener = NULL;
}

void hf_net_listening(const struct hf_net *net, char ret_address[static HF_NET_ADDRESS_MAX])
{
    struct sockaddr_storage a = {0};
    int len = sizeof a;
    ret_address[0] = '\0';
    if (net->listener != NULL &&
        uv_tcp_getsockname(net->listener, (struct sockaddr *)&a, &len) == 0)
        hf__address_format(&a, ret_address, HF_NET_ADDRESS_MAX);
}
