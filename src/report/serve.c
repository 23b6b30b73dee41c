#include "serve.h"

#include "attest/quote.h"
#include "attest/report_helper.h"
#include "attest/tsm.h"
#include "base/error.h"
#include "base/served.h"
#include "crypto/suite.h"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 2, RATE = 10, BURST = 20 };

/* Reports that may be made now, in thousandths, and when that was so. */
struct bucket {
    uint64_t level, at_ms;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool take(struct bucket *b)
{
    uint64_t now = now_ms();
    b->level += (now - b->at_ms) * RATE;
    b->at_ms = now;
    if (b->level > BURST * 1000)
        b->level = BURST * 1000;
    if (b->level < 1000)
        return false;
    b->level -= 1000;
    return true;
}

/* Its time may be over while the one before it was served. */
static bool has_gone(int fd)
{
    struct pollfd p = {.fd = fd};
    return poll(&p, 1, 0) != 0;
}

static int make(const char *folder, const struct hf_report_request *q, struct hf_buf *ret_quote)
{
    uint8_t report_data[HF_REPORT_DATA_LEN];
    hf_report_data_of(q->label, &q->hash, report_data);
    return hf_tsm_report(folder, report_data, ret_quote);
}

static void answer(int fd, const char *folder, struct bucket *bucket)
{
    uint8_t packet[HF_REPORT_REQUEST_MAX + 1];
    struct hf_report_request q;
    struct hf_buf quote;
    ssize_t got = recv(fd, packet, sizeof packet, 0);
    if (got <= 0 || has_gone(fd))
        return;
    hf_buf_init(&quote, HF_QUOTE_MAX);
    int r = hf_report_request_decode(hf_bytes_of(packet, (size_t)got), &q);
    if (r == 0)
        r = take(bucket) ? make(folder, &q, &quote) : HF_EBUSY;
    uint32_t code = (uint32_t)r;
    uint8_t head[4] = {(uint8_t)(code >> 24), (uint8_t)(code >> 16), (uint8_t)(code >> 8),
                       (uint8_t)code};
    struct iovec parts[] = {{head, sizeof head}, {quote.data, r == 0 ? quote.len : 0}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = HF_ARRAY_LEN(parts)};
    (void)!sendmsg(fd, &message, MSG_NOSIGNAL);
    hf_buf_done(&quote);
}

int hf__report_serve(int listener, uid_t uid, const char *folder)
{
    struct bucket bucket = {.level = BURST * 1000, .at_ms = now_ms()};
    int r = 0;
    while (r == 0) {
        int fd = hf_served_accept(listener, uid, PATIENCE_S, &r);
        if (fd < 0)
            continue;
        answer(fd, folder, &bucket);
        close(fd);
    }
    return r;
}
