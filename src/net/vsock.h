/* Addresses and sockets of AF_VSOCK (proto/OPERATOR.md, section 1): "vsock:CID:PORT". */
#ifndef HF_NET_VSOCK_H
#define HF_NET_VSOCK_H

#include "base/bytes.h"
#include "base/check.h"
#include "net/net.h"

#include <sys/socket.h>
#include <uv.h>

/* Whether an address's host, terminated, is one of vsock: "vsock:" and what follows. */
bool hf__vsock_named(const char *host);
/* Into a socket address; host as above, "any" for every context id. HF_EINVAL: not a number, or
 * above what the field takes. */
HF_MUST_USE int hf__vsock_numeric(const char *host, const char *port, struct sockaddr_storage *ret);
/* As hf__vsock_numeric reads it, terminated; ret_len: 32 suffice. */
void hf__vsock_format(const struct sockaddr_storage *a, char *ret, size_t ret_len);
/* The context id as the source of a connection: one that is no other's. */
void hf__vsock_source(const struct sockaddr_storage *a, uint8_t ret[static HF_NET_IP_LEN]);
/* Gives an initialised handle a bound socket. 0, or libuv's error. */
HF_MUST_USE int hf__vsock_listener(const struct sockaddr_storage *a, uv_tcp_t *listener);
/* Gives an initialised handle a connected socket, and waits for it: up to two seconds. 0, or
 * libuv's error. */
HF_MUST_USE int hf__vsock_connect(const struct sockaddr *a, uv_tcp_t *tcp);

#endif
