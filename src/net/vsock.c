/* Stream sockets between a virtual machine and its host: what libuv cannot open by itself. */
#include "vsock.h"
#include "base/error.h"

#include <errno.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char prefix[] = "vsock:";

bool hf__vsock_named(const char *host)
{
    return strncmp(host, prefix, sizeof prefix - 1) == 0;
}

/* Decimal digits up to max, in their shortest form. */
static bool number(const char *text, unsigned long max, unsigned *ret)
{
    size_t len = strlen(text);
    if (len == 0 || len > 10 || strspn(text, "0123456789") != len || (len > 1 && text[0] == '0'))
        return false;
    unsigned long n = strtoul(text, NULL, 10);
    *ret = (unsigned)n;
    return n <= max;
}

int hf__vsock_numeric(const char *host, const char *port, struct sockaddr_storage *ret)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_vm *v = (struct sockaddr_vm *)&a;
    const char *cid = host + sizeof prefix - 1;
    unsigned number_of_cid = VMADDR_CID_ANY, number_of_port;
    if (strcmp(cid, "any") != 0 && !number(cid, UINT32_MAX - 1ul, &number_of_cid))
        return HF_EINVAL;
    if (!number(port, UINT16_MAX, &number_of_port))
        return HF_EINVAL;
    v->svm_family = AF_VSOCK;
    v->svm_cid = number_of_cid;
    v->svm_port = number_of_port;
    *ret = a;
    return 0;
}

void hf__vsock_format(const struct sockaddr_storage *a, char *ret, size_t ret_len)
{
    const struct sockaddr_vm *v = (const struct sockaddr_vm *)a;
    if (v->svm_cid == VMADDR_CID_ANY)
        snprintf(ret, ret_len, "%sany:%u", prefix, v->svm_port);
    else
        snprintf(ret, ret_len, "%s%u:%u", prefix, v->svm_cid, v->svm_port);
}

void hf__vsock_source(const struct sockaddr_storage *a, uint8_t ret[static HF_NET_IP_LEN])
{
    uint32_t cid = ((const struct sockaddr_vm *)a)->svm_cid;
    memset(ret, 0, HF_NET_IP_LEN);
    /* 0100::/16 is no address of the internet; each context id has a /48 of its own in it. */
    ret[0] = 1;
    for (unsigned i = 0; i < sizeof cid; i++)
        ret[2 + i] = (uint8_t)(cid >> (24 - 8 * i));
}

/* port 0: any, as for TCP. */
static int open_bound(struct sockaddr_vm v)
{
    v.svm_port = v.svm_port == 0 ? VMADDR_PORT_ANY : v.svm_port;
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&v, sizeof v) != 0) {
        int code = errno;
        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

int hf__vsock_listener(const struct sockaddr_storage *a, uv_tcp_t *listener)
{
    int fd = open_bound(*(const struct sockaddr_vm *)a);
    if (fd < 0)
        return -errno;
    int r = uv_tcp_open(listener, fd);
    if (r != 0)
        close(fd);
    return r;
}

int hf__vsock_connect(const struct sockaddr *a, uv_tcp_t *tcp)
{
    /* The kernel bounds the wait (SO_VM_SOCKETS_CONNECT_TIMEOUT: two seconds). */
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = connect(fd, a, sizeof(struct sockaddr_vm)) == 0 ? uv_tcp_open(tcp, fd) : -errno;
    if (r != 0)
        close(fd);
    return r;
}
