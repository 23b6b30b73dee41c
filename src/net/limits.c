#include "internal.h"

#include "base/check.h"

const struct hf_net_limits hf_net_limits_default = {
    .body_bytes_max = 1 << 20,
    .own_bytes_max = 64 << 20,
    .share =
        {
            [HF_NET_STRANGER] = {.connections_max = 192,
                                 .connections_each = 16,
                                 .handshakes_max = 64,
                                 .handshakes_each = 8,
                                 .bytes_max = 32 << 20,
                                 .bytes_each = 17 << 20,
                                 .accepts_burst = 48,
                                 .accepts_per_s = 20,
                                 .accepts_all_burst = 200,
                                 .accepts_all_per_s = 100,
                                 .requests_burst = 200,
                                 .requests_per_s = 100,
                                 .idle_ms_max = 10000},
            [HF_NET_EXPECTED] = {.connections_max = 128,
                                 .connections_each = 8,
                                 .handshakes_max = 64,
                                 .handshakes_each = 8,
                                 .bytes_max = 32 << 20,
                                 .bytes_each = 17 << 20,
                                 .accepts_burst = 200,
                                 .accepts_per_s = 100,
                                 .accepts_all_burst = 800,
                                 .accepts_all_per_s = 400,
                                 .requests_burst = 400,
                                 .requests_per_s = 200,
                                 .idle_ms_max = 30000},
            [HF_NET_MEMBER] = {.connections_max = 384,
                               .connections_each = 8,
                               .handshakes_max = 64,
                               .handshakes_each = 8,
                               .bytes_max = 64 << 20,
                               .bytes_each = 20 << 20,
                               .accepts_burst = 200,
                               .accepts_per_s = 100,
                               .accepts_all_burst = 800,
                               .accepts_all_per_s = 400,
                               .requests_burst = 1000,
                               .requests_per_s = 500,
                               .idle_ms_max = 120000},
        },
    .streams_max = 32,
    .handshake_ms_max = 5000,
    .request_ms_max = 10000,
    .progress_bytes_per_s = 32 << 10,
    .answer_ms_max = 60000,
    .write_ms_max = 10000,
    .client_idle_ms_max = 60000,
    .ping_after_ms = 2000,
    .ping_ms_max = 3000,
    .drain_ms_max = 5000,
    .pool_max = 256,
    .calls_per_address = 32,
    .calls_max = 4096,
};

static bool within(uint64_t value, uint64_t floor, uint64_t ceiling)
{
    return value >= floor && value <= ceiling;
}

static bool milliseconds_valid(const struct hf_net_limits *l)
{
    const uint32_t ms[] = {l->handshake_ms_max,
                           l->request_ms_max,
                           l->answer_ms_max,
                           l->write_ms_max,
                           l->client_idle_ms_max,
                           l->ping_after_ms,
                           l->ping_ms_max,
                           l->drain_ms_max,
                           l->share[HF_NET_STRANGER].idle_ms_max,
                           l->share[HF_NET_EXPECTED].idle_ms_max,
                           l->share[HF_NET_MEMBER].idle_ms_max};
    for (size_t i = 0; i < HF_ARRAY_LEN(ms); i++)
        if (!within(ms[i], 10, 24 * 3600 * 1000))
            return false;
    return true;
}

static bool share_valid(const struct hf_net_share *s, size_t body_bytes_max)
{
    return within(s->connections_max, 1, 16384) &&
           within(s->connections_each, 1, s->connections_max) &&
           within(s->handshakes_max, 1, s->connections_max) &&
           within(s->handshakes_each, 1, s->handshakes_max) &&
           within(s->bytes_each, body_bytes_max, (size_t)1 << 30) &&
           within(s->bytes_max, s->bytes_each, (size_t)1 << 36) &&
           within(s->accepts_burst, 1, 1 << 20) && within(s->accepts_per_s, 1, 1 << 20) &&
           within(s->accepts_all_burst, 1, 1 << 20) && within(s->accepts_all_per_s, 1, 1 << 20) &&
           within(s->requests_burst, 1, 1 << 20) && within(s->requests_per_s, 1, 1 << 20);
}

bool hf__limits_valid(const struct hf_net_limits *l)
{
    for (size_t i = 0; i < HF_NET_KINDS; i++)
        if (!share_valid(&l->share[i], l->body_bytes_max))
            return false;
    return milliseconds_valid(l) && within(l->body_bytes_max, 1024, HF_NET_BODY_CEILING) &&
           within(l->own_bytes_max, l->body_bytes_max, (size_t)1 << 36) &&
           within(l->progress_bytes_per_s, 1024, 1 << 30) && within(l->streams_max, 1, 1000) &&
           within(l->pool_max, 1, 16384) && within(l->calls_per_address, 1, 1000) &&
           within(l->calls_max, 1, 1 << 20);
}
