#include "address.h"
#include "base/error.h"
#include "vsock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

/* zone: behind a % in brackets, the name of an interface. */
static bool host_char(char c, bool bracketed, bool zone)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.')
        return true;
    if (zone || !bracketed)
        return c == '-' || c == '_';
    return c == ':' || c == '%';
}

static int split_port(const char *text, char ret[static 6])
{
    size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
        return HF_EINVAL;
    if (strtol(text, NULL, 10) > UINT16_MAX)
        return HF_EINVAL;
    memcpy(ret, text, len + 1);
    return 0;
}

int hf__address_split(const char *text, struct hf__host *ret)
{
    struct hf__host h = {0};
    if (text == NULL || strnlen(text, HF_NET_ADDRESS_MAX) >= HF_NET_ADDRESS_MAX)
        return HF_EINVAL;
    bool bracketed = text[0] == '[', vsock = hf__vsock_named(text);
    const char *host = bracketed ? text + 1 : text;
    const char *end = bracketed ? strchr(host, ']')
                      : vsock   ? strrchr(host, ':')
                                : strchr(host, ':');
    if (end == NULL || end == host)
        return HF_EINVAL;
    const char *colon = bracketed ? end + 1 : end;
    if (*colon != ':')
        return HF_EINVAL;
    bool zone = false;
    for (const char *c = host; c < end; c++) {
        if (!host_char(*c, bracketed || vsock, zone))
            return HF_EINVAL;
        zone = zone || *c == '%';
    }
    memcpy(h.host, host, (size_t)(end - host));
    int r = split_port(colon + 1, h.port);
    struct sockaddr_storage ignored;
    if (r == 0 && hf__vsock_named(h.host))
        r = hf__vsock_numeric(h.host, h.port, &ignored);
    if (r != 0)
        return r;
    *ret = h;
    return 0;
}

int hf__address_numeric(const struct hf__host *h, struct sockaddr_storage *ret)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&a;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a;
    if (hf__vsock_named(h->host))
        return hf__vsock_numeric(h->host, h->port, ret);
    in_port_t port = htons((uint16_t)strtol(h->port, NULL, 10));
    if (inet_pton(AF_INET, h->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
    } else if (inet_pton(AF_INET6, h->host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
    } else {
        return HF_EINVAL;
    }
    *ret = a;
    return 0;
}

void hf__address_format(const struct sockaddr_storage *a, char *ret, size_t ret_len)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
        inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
        snprintf(ret, ret_len, "%s:%u", ip, (unsigned)ntohs(v4->sin_port));
    } else if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
        inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
        snprintf(ret, ret_len, "[%s]:%u", ip, (unsigned)ntohs(v6->sin6_port));
    } else if (a->ss_family == AF_VSOCK) {
        hf__vsock_format(a, ret, ret_len);
    } else {
        snprintf(ret, ret_len, "%s", ip);
    }
}

void hf__address_ip(const struct sockaddr_storage *a, uint8_t ret[static HF_NET_IP_LEN])
{
    memset(ret, 0, HF_NET_IP_LEN);
    if (a->ss_family == AF_INET) {
        ret[10] = ret[11] = 0xff;
        memcpy(ret + 12, &((const struct sockaddr_in *)a)->sin_addr, 4);
    } else if (a->ss_family == AF_INET6) {
        memcpy(ret, &((const struct sockaddr_in6 *)a)->sin6_addr, HF_NET_IP_LEN);
    } else if (a->ss_family == AF_VSOCK) {
        hf__vsock_source(a, ret);
    }
}

int hf_net_address_ip(const char *address, uint8_t ret[static HF_NET_IP_LEN])
{
    struct hf__host host;
    struct sockaddr_storage a;
    int r = hf__address_split(address, &host);
    if (r == 0)
        r = hf__address_numeric(&host, &a);
    if (r == 0)
        hf__address_ip(&a, ret);
    return r;
}
