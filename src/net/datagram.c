/* Datagrams: UDP on the number of the listener's port. What comes is handed on as it is; what goes
 * is sent now or lost. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct hf_net *net = handle->data;
    (void)suggested;
    *ret = uv_buf_init((char *)net->datagram, sizeof net->datagram);
}

static void on_received(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    struct hf_net *net = udp->data;
    if (from == NULL || len <= 0)
        return; /* nothing more for now, or an error of one that was sent */
    if ((flags & UV_UDP_PARTIAL) != 0 || len > HF_NET_DATAGRAM_MAX) {
        net->stats.datagrams_refused++;
        return;
    }
    net->stats.datagrams_in++;
    net->hooks.datagram(net->hooks.user, hf_bytes_of(buf->base, (size_t)len));
}

static void on_closed(uv_handle_t *handle)
{
    struct hf_net *net = handle->data;
    free(handle);
    hf__handle_gone(net);
}

void hf__datagrams_close(struct hf_net *net)
{
    if (net->udp != NULL)
        uv_close((uv_handle_t *)net->udp, on_closed);
    net->udp = NULL;
}

/* Where the listener really is. Another process may have that number for datagrams: then there are
 * none, and peers are asked by connection. */
void hf__datagrams_open(struct hf_net *net)
{
    struct sockaddr_storage a = {0};
    int len = sizeof a;
    hf_assert(net->listener != NULL && net->udp == NULL);
    if (net->hooks.datagram == NULL ||
        uv_tcp_getsockname(net->listener, (struct sockaddr *)&a, &len) != 0)
        return;
    uv_udp_t *udp = malloc(sizeof *udp);
    if (udp == NULL)
        return;
    if (uv_udp_init(net->loop, udp) != 0) {
        free(udp);
        return;
    }
    udp->data = net;
    net->handles++;
    net->udp = udp;
    if (uv_udp_bind(udp, (const struct sockaddr *)&a, 0) != 0 ||
        uv_udp_recv_start(udp, on_alloc, on_received) != 0)
        hf__datagrams_close(net);
}

/* The socket's family: one for IPv4 cannot send to IPv6, nor the other way. */
static int family_of(const struct hf_net *net)
{
    struct sockaddr_storage own = {0};
    int len = sizeof own;
    return uv_udp_getsockname(net->udp, (struct sockaddr *)&own, &len) == 0 ? own.ss_family
                                                                            : AF_UNSPEC;
}

bool hf_net_has_datagrams(const struct hf_net *net)
{
    return net->udp != NULL;
}

bool hf_net_datagram(struct hf_net *net, const char *address, struct hf_bytes body)
{
    struct hf__host host;
    struct sockaddr_storage to;
    hf_assert(body.len <= HF_NET_DATAGRAM_MAX);
    if (net->udp == NULL || hf__address_split(address, &host) != 0)
        return false;
    int family = family_of(net);
    if (hf__address_numeric(&host, &to) != 0 && !hf__resolve_known(net, &host, family, &to))
        return false; /* the connection that is tried next finds out */
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)body.data, (unsigned)body.len);
    bool sent = to.ss_family == family &&
                uv_udp_try_send(net->udp, &buf, 1, (const struct sockaddr *)&to) >= 0;
    if (sent)
        net->stats.datagrams_out++;
    else
        net->stats.datagrams_lost++;
    return sent;
}
