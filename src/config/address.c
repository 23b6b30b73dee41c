/* Addresses of machines: host:port, [v6]:port. */
#include "config/schema.h"
#include "scalar.h"

#include <arpa/inet.h>
#include <string.h>

/* Letters, digits and what names and numeric addresses hold besides. */
static bool host_is_fine(const char *host, size_t len, bool bracketed)
{
    if (len == 0 || len > 253)
        return false;
    bool zone = false; /* behind a %: the name of an interface */
    for (size_t i = 0; i < len; i++) {
        char c = host[i];
        zone = zone || (bracketed && c == '%');
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && strchr(zone ? "%.-_" : bracketed ? ":." : ".-_", c) == NULL)
            return false;
    }
    return true;
}

bool hf_config_address_unspecified(const char *text)
{
    struct in6_addr v6;
    struct in_addr v4;
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
    const char *from = text + bracketed;
    size_t len = colon != NULL ? (size_t)(colon - from) - bracketed : sizeof host;
    if (len >= sizeof host)
        return false;
    memcpy(host, from, len);
    host[len] = '\0';
    if (!bracketed)
        return inet_pton(AF_INET, host, &v4) == 1 && v4.s_addr == INADDR_ANY;
    if (inet_pton(AF_INET6, host, &v6) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        memset(&v6.s6_addr[10], 0, 2);
    return IN6_IS_ADDR_UNSPECIFIED(&v6);
}

bool hf__address_parts(const char *text, struct hf_bytes *ret_host, uint16_t *ret_port)
{
    bool bracketed = text[0] == '[';
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || hf__decimal_parse(colon + 1, &port) != 0 || port > 65535)
        return false;
    const char *host = text + bracketed;
    const char *host_end = colon - bracketed;
    if (host_end <= host || (bracketed && *host_end != ']') ||
        !host_is_fine(host, (size_t)(host_end - host), bracketed) ||
        hf_config_address_unspecified(text))
        return false;
    *ret_host = hf_bytes_of(host, (size_t)(host_end - host));
    *ret_port = (uint16_t)port;
    return true;
}

bool hf_config_address_valid(const char *text)
{
    struct hf_bytes host;
    uint16_t port;
    return hf__address_parts(text, &host, &port) && port > 0;
}
