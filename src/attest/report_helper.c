#include "attest/report_helper.h"

#include "attest/quote.h"
#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { VERSION = 1, HEAD_LEN = 2, HASH_LEN = 32, CODE_LEN = 4 };

static const char prefix[] = "holdfast/v1/";

static bool label_valid(const char *label, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
    size_t start = sizeof prefix - 1;
    if (len <= start || len > HF_REPORT_LABEL_MAX || memcmp(label, prefix, start) != 0)
        return false;
    for (size_t i = start; i < len; i++)
        if (label[i] == '\0' || strchr(letters, label[i]) == NULL)
            return false;
    return true;
}

int hf_report_request_decode(struct hf_bytes packet, struct hf_report_request *ret)
{
    if (packet.len < HEAD_LEN || packet.data[0] != VERSION)
        return HF_EMALFORMED;
    size_t len = packet.data[1];
    if (packet.len != HEAD_LEN + len + HASH_LEN ||
        !label_valid((const char *)packet.data + HEAD_LEN, len))
        return HF_EMALFORMED;
    *ret = (struct hf_report_request){0};
    memcpy(ret->label, packet.data + HEAD_LEN, len);
    memcpy(ret->hash.bytes, packet.data + HEAD_LEN + len, HASH_LEN);
    return 0;
}

size_t hf_report_request_encode(const char *label, const struct hf_hash *hash, uint8_t *ret)
{
    size_t len = strlen(label);
    if (!label_valid(label, len))
        return 0;
    ret[0] = VERSION;
    ret[1] = (uint8_t)len;
    memcpy(ret + HEAD_LEN, label, len);
    memcpy(ret + HEAD_LEN + len, hash->bytes, HASH_LEN);
    return HEAD_LEN + len + HASH_LEN;
}

struct helper {
    struct hf_producer base;
    struct sockaddr_un address;
    pthread_mutex_t lock; /* over what follows */
    uint64_t made, failed;
    int last_error;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int connect_to(const struct helper *h, int *ret_fd)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return hf_error_from_errno(errno);
    if (connect(fd, (const struct sockaddr *)&h->address, sizeof h->address) == 0) {
        *ret_fd = fd;
        return 0;
    }
    int code = errno;
    close(fd);
    /* A queue that is full, of a helper that waits for the kernel, is EAGAIN: busy. */
    return code == ECONNREFUSED || code == ENOENT ? HF_ECONNECT : hf_error_from_errno(code);
}

/* One packet, before the deadline. */
static int receive(int fd, uint64_t deadline_ms, uint8_t *ret, size_t size, size_t *ret_len)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t now = now_ms();
        if (now >= deadline_ms)
            return HF_ETIMEOUT;
        uint64_t rest = deadline_ms - now;
        int n = poll(&p, 1, rest > 60000 ? 60000 : (int)rest);
        if (n < 0 && errno != EINTR)
            return HF_EIO;
        if (n <= 0)
            continue;
        ssize_t got = recv(fd, ret, size, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return HF_ECONNRESET;
        *ret_len = (size_t)got;
        return 0;
    }
}

/* The helper is not believed: what it gives is a quote over what was asked for, or nothing. */
static int read_answer(struct hf_bytes packet, const uint8_t report_data[static 64],
                       struct hf_buf *ret_quote)
{
    struct hf_quote quote;
    if (packet.len < CODE_LEN)
        return HF_EQUOTE_MADE;
    uint32_t code = (uint32_t)packet.data[0] << 24 | (uint32_t)packet.data[1] << 16 |
                    (uint32_t)packet.data[2] << 8 | packet.data[3];
    if (code != 0)
        return (int32_t)code < 0 ? (int)(int32_t)code : HF_EQUOTE_MADE;
    struct hf_bytes bytes = hf_bytes_of(packet.data + CODE_LEN, packet.len - CODE_LEN);
    if (bytes.len > HF_QUOTE_MAX || hf_quote_parse(bytes, &quote, NULL) != 0 ||
        memcmp(quote.report_data, report_data, 64) != 0)
        return HF_EQUOTE_MADE;
    hf_buf_append(ret_quote, bytes.data, bytes.len);
    return ret_quote->error;
}

static int ask(const struct helper *h, const char *label, const struct hf_hash *hash,
               const uint8_t report_data[static 64], uint64_t deadline_ms, struct hf_buf *ret_quote)
{
    uint8_t request[HF_REPORT_REQUEST_MAX];
    size_t len = hf_report_request_encode(label, hash, request), got = 0;
    int fd = -1;
    if (len == 0)
        return HF_EINVAL;
    uint8_t *packet = malloc(CODE_LEN + HF_QUOTE_MAX + 1);
    if (packet == NULL)
        return HF_ENOMEM;
    int r = connect_to(h, &fd);
    if (r == 0 && send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        r = errno == EAGAIN ? HF_EBUSY : HF_ECONNRESET;
    if (r == 0)
        r = receive(fd, deadline_ms, packet, CODE_LEN + HF_QUOTE_MAX + 1, &got);
    if (r == 0)
        r = read_answer(hf_bytes_of(packet, got), report_data, ret_quote);
    if (fd >= 0)
        close(fd);
    free(packet);
    return r;
}

static int make_for(struct hf_producer *p, const char *label, const struct hf_hash *hash,
                    const uint8_t report_data[static 64], uint64_t deadline_ms,
                    struct hf_buf *ret_quote)
{
    struct helper *h = (struct helper *)p;
    int r = ask(h, label, hash, report_data, deadline_ms, ret_quote);
    pthread_mutex_lock(&h->lock);
    if (r == 0)
        h->made++;
    else
        h->failed++;
    h->last_error = r;
    pthread_mutex_unlock(&h->lock);
    if (r != 0)
        hf_buf_clear(ret_quote);
    return r;
}

static int make(struct hf_producer *p, const uint8_t report_data[static 64], uint64_t deadline_ms,
                struct hf_buf *ret_quote)
{
    (void)p, (void)report_data, (void)deadline_ms, (void)ret_quote;
    return HF_EUNSUPPORTED;
}

static void facts(struct hf_producer *p, struct hf_producer_facts *ret)
{
    struct helper *h = (struct helper *)p;
    *ret = (struct hf_producer_facts){0};
    snprintf(ret->where, sizeof ret->where, "%.*s", (int)sizeof h->address.sun_path,
             h->address.sun_path);
    pthread_mutex_lock(&h->lock);
    ret->made = h->made;
    ret->failed = h->failed;
    ret->last_error = h->last_error;
    pthread_mutex_unlock(&h->lock);
}

static void release(struct hf_producer *p)
{
    struct helper *h = (struct helper *)p;
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static const struct hf_producer_ops helper_ops = {
    .platform = "tdx",
    .trust = HF_TRUST_INTEL,
    .make = make,
    .make_for = make_for,
    .facts = facts,
    .free = release,
};

int hf_report_helper_new(const char *path, struct hf_producer **ret)
{
    size_t len = strlen(path);
    if (len >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return HF_ETOOBIG;
    struct helper *h = calloc(1, sizeof *h);
    if (h == NULL)
        return HF_ENOMEM;
    h->base.ops = &helper_ops;
    h->address.sun_family = AF_UNIX;
    memcpy(h->address.sun_path, path, len);
    pthread_mutex_init(&h->lock, NULL);
    *ret = &h->base;
    return 0;
}
