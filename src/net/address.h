/* Addresses as text and back: "host:port", "1.2.3.4:port", "[::1]:port", "vsock:2:port". */
#ifndef HF_NET_ADDRESS_H
#define HF_NET_ADDRESS_H

#include "base/bytes.h"
#include "base/check.h"
#include "net/net.h"

#include <sys/socket.h>

struct hf__host {
    char host[HF_NET_ADDRESS_MAX]; /* terminated, without brackets; of vsock "vsock:CID" */
    char port[6];                  /* decimal digits, terminated */
};

/*
 * Splits text. HF_EINVAL: no colon, an empty host, a port that is not 0..65535 in plain digits, a
 * host with other characters than letters, digits, '.', '-', '_' (or an IPv6 address in brackets),
 * too long, or "vsock:" and no context id.
 */
HF_MUST_USE int hf__address_split(const char *text, struct hf__host *ret);
/* Into a socket address. HF_EINVAL: the host is a name. */
HF_MUST_USE int hf__address_numeric(const struct hf__host *h, struct sockaddr_storage *ret);
/* "ip:port" or "[ip]:port", terminated; of vsock as it is written; "?" for
 * another family. */
void hf__address_format(const struct sockaddr_storage *a, char *ret, size_t ret_len);
/* The IP alone, IPv4 as ::ffff:a.b.c.d; zeros for another family. */
void hf__address_ip(const struct sockaddr_storage *a, uint8_t ret[static HF_NET_IP_LEN]);

#endif
