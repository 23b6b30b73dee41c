#include "config/schema.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

bool hf_config_listen_valid(const char *text)
{
    struct in6_addr address;
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] < '0' || colon[1] > '9')
        return false;
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    bool v6 = text[0] == '[' && colon > text && colon[-1] == ']';
    const char *from = text + v6;
    size_t len = (size_t)(colon - from) - v6;
    if (*end != '\0' || port > 65535 || len == 0 || len >= sizeof host)
        return false;
    memcpy(host, from, len);
    host[len] = '\0';
    return inet_pton(v6 ? AF_INET6 : AF_INET, host, &address) == 1;
}

bool hf_config_vsock_valid(const char *text)
{
    static const char head[] = "vsock:any:";
    if (strncmp(text, head, sizeof head - 1) != 0)
        return false;
    const char *port = text + sizeof head - 1;
    size_t len = strlen(port);
    return len >= 1 && len <= 5 && strspn(port, "0123456789") == len &&
           (len == 1 || port[0] != '0') && strtoul(port, NULL, 10) <= 65535;
}
