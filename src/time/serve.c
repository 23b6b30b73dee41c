#include "serve.h"

#include "base/error.h"
#include "base/file.h"
#include "base/served.h"
#include "document/time_servers.h"
#include "kernel.h"
#include "sample.h"
#include "wire/wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_S = 2,          /* for an ask, and to take its report */
    IDLE_MS = 60000,         /* unasked for so long, it asks nothing either */
    AGAIN_US = 30000000,     /* between two starts of chronyd: servers are not its own */
    JUDGED_US = 3600000000u, /* so far from the time to judge by, dates are judged anew */
    FAILURES_MAX = 3,        /* in a row, of orders */
    OUTPUT_MAX = 8192,
    PACKET_MAX = 16384,
};

struct helper {
    const struct hf__serve_options *options;
    struct hf__chrony chrony;
    struct hf__kernel kernel;
    struct hf_buf asked; /* the servers that chronyd was started for, as the ask has them */
    bool judged;
    uint64_t started_us; /* monotonic; 0 never */
    unsigned failures;
    int error; /* why it could not be started last; 0: it was */
};

static int encode_servers(const struct hf_time_ask *ask, struct hf_buf *ret)
{
    const struct hf_time_ask servers = {.servers = ask->servers,
                                        .servers_count = ask->servers_count};
    return hf_wire_encode(&hf_wire_time_ask, &servers, ret);
}

/* Whether chronyd takes the samples that are asked for, and can go on. */
static bool is_as_asked(const struct helper *h, const struct hf_time_ask *ask,
                        struct hf_bytes servers, uint64_t clock_us)
{
    int64_t off_us = (int64_t)(ask->judge_s * 1000000) - (int64_t)clock_us - h->chrony.off_us;
    bool near = off_us < (int64_t)JUDGED_US && off_us > -(int64_t)JUDGED_US;
    return hf_bytes_equal(servers, hf_buf_bytes(&h->asked)) && h->judged == (ask->judge_s != 0) &&
           (near || !h->judged) && h->failures < FAILURES_MAX;
}

/* Starts it, unless that was a moment ago. Whether it runs. */
static bool start(struct helper *h, const struct hf_time_ask *ask, struct hf_bytes servers,
                  const struct hf__moment *now)
{
    hf__chrony_end(&h->chrony);
    if (h->started_us != 0 && now->monotonic_us - h->started_us < AGAIN_US)
        return false;
    h->started_us = now->monotonic_us;
    h->failures = 0;
    h->judged = ask->judge_s != 0;
    hf_buf_clear(&h->asked);
    hf_buf_append(&h->asked, servers.data, servers.len);
    h->error = hf__chrony_start(&h->chrony, ask, now->clock_us);
    return h->error == 0;
}

/* Both texts that chronyc prints. */
static int look(const struct helper *h, struct hf_buf *sources, struct hf_buf *authdata)
{
    int r = hf__chrony_order(&h->chrony, (const char *const[]){"sources", NULL}, sources);
    if (r == 0)
        r = hf__chrony_order(&h->chrony, (const char *const[]){"authdata", NULL}, authdata);
    return r;
}

/* Samples of what chronyd has, as of ret_now. A clock that was set meanwhile makes them void. */
static size_t take(struct helper *h, struct hf_buf *sources, struct hf_buf *authdata,
                   struct hf__moment *ret_now, struct hf_time_sample *ret)
{
    struct hf__source list[HF__SOURCES_MAX];
    struct hf__moment before = *ret_now;
    size_t count = 0;
    int r = look(h, sources, authdata);
    if (r == 0)
        r = hf__sources_read(hf_buf_bytes(sources), hf_buf_bytes(authdata), list, &count);
    h->failures = r == 0 ? 0 : h->failures + 1;
    hf__kernel_read(ret_now);
    if (hf__kernel_stepped(&h->kernel, ret_now)) {
        hf__chrony_end(&h->chrony);
        return 0;
    }
    if (r != 0)
        return 0;
    const struct hf__reading at = {
        .clock_us = ret_now->clock_us + (uint64_t)h->chrony.off_us - ret_now->monotonic_us % 1000,
        .within_us = ret_now->within_us,
        .later_s = (ret_now->monotonic_us - before.monotonic_us) / 1000000 + 1};
    for (size_t i = 0; i < count; i++)
        hf__sample_of(&list[i], &at, &ret[i]);
    return count;
}

static int report(struct helper *h, const struct hf_time_ask *ask, struct hf_bytes servers,
                  struct hf_buf *ret)
{
    struct hf_buf sources, authdata, clock_source;
    struct hf_time_sample samples[HF__SOURCES_MAX];
    struct hf__moment now;
    size_t count = 0;
    hf_buf_init(&sources, OUTPUT_MAX);
    hf_buf_init(&authdata, OUTPUT_MAX);
    hf_buf_init(&clock_source, 64);
    hf__kernel_read(&now);
    bool stepped = hf__kernel_stepped(&h->kernel, &now);
    bool runs =
        hf__chrony_runs(&h->chrony) && !stepped && is_as_asked(h, ask, servers, now.clock_us);
    if (runs || start(h, ask, servers, &now))
        count = take(h, &sources, &authdata, &now, samples);
    int r = h->failures > 0 ? HF_EREFUSED : h->error;
    if (r == 0)
        r = hf__kernel_source(h->options->clock_source, &clock_source);
    const struct hf_time_report said = {.read_ms = now.monotonic_us / 1000,
                                        .clock_source = hf_buf_bytes(&clock_source),
                                        .judged = h->judged,
                                        .samples = samples,
                                        .samples_count = count};
    if (r == 0)
        r = hf_wire_encode(&hf_wire_time_report, &said, ret);
    hf_buf_done(&sources);
    hf_buf_done(&authdata);
    hf_buf_done(&clock_source);
    return r;
}

/* What is put into a directive is a host name. */
static bool ask_ok(const struct hf_time_ask *ask)
{
    bool ok = ask->servers_count > 0;
    for (size_t i = 0; i < ask->servers_count; i++)
        ok = ok && hf_time_server_name_ok(ask->servers[i].name);
    return ok;
}

/* Its end may be closed without an answer: then there was none to give. */
static void answer(struct helper *h, int fd)
{
    static uint8_t packet[PACKET_MAX];
    struct hf_arena arena;
    struct hf_time_ask ask;
    struct hf_buf servers, said;
    ssize_t got = recv(fd, packet, sizeof packet, 0);
    if (got <= 0)
        return;
    hf_arena_init(&arena, PACKET_MAX);
    hf_buf_init(&servers, PACKET_MAX);
    hf_buf_init(&said, PACKET_MAX);
    int r = hf_wire_decode(&hf_wire_time_ask, hf_bytes_of(packet, (size_t)got), &arena, &ask, NULL);
    if (r == 0)
        r = ask_ok(&ask) ? encode_servers(&ask, &servers) : HF_EINVAL;
    if (r == 0)
        r = report(h, &ask, hf_buf_bytes(&servers), &said);
    if (r == 0)
        (void)!send(fd, said.data, said.len, MSG_NOSIGNAL);
    hf_buf_done(&said);
    hf_buf_done(&servers);
    hf_arena_done(&arena);
}

int hf__time_serve(int listener, uid_t uid, const struct hf__serve_options *options)
{
    struct helper h = {.options = options};
    int r = hf__chrony_init(&h.chrony, &options->chrony);
    hf__kernel_init(&h.kernel);
    hf_buf_init(&h.asked, PACKET_MAX);
    while (r == 0) {
        struct pollfd p = {.fd = listener, .events = POLLIN};
        int n = poll(&p, 1, IDLE_MS);
        if (n == 0)
            hf__chrony_end(&h.chrony);
        if (n == 0 || (n < 0 && errno == EINTR))
            continue;
        int fd = hf_served_accept(listener, uid, PATIENCE_S, &r);
        if (fd < 0)
            continue;
        answer(&h, fd);
        close(fd);
    }
    hf__chrony_end(&h.chrony);
    hf_buf_done(&h.asked);
    return r;
}
