#include "internal.h"

const struct hf_net_limits hf_net_limits_default = {
    .body_bytes_max = 1 << 20,
    .memory_bytes_max = 64 << 20,
    .connection_bytes_max = 4 << 20,
    .streams_max = 32,
    .connections_max = 512,
    .connections_per_source = 128,
    .handshakes_max = 64,
    .handshake_ms_max = 5000,
    .request_ms_max = 10000,
    .answer_ms_max = 60000,
    .write_ms_max = 10000,
    .server_idle_ms_max = 120000,
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
    const uint32_t ms[] = {l->handshake_ms_max, l->request_ms_max,     l->answer_ms_max,
                           l->write_ms_max,     l->server_idle_ms_max, l->client_idle_ms_max,
                           l->ping_after_ms,    l->ping_ms_max,        l->drain_ms_max};
    for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
        if (!within(ms[i], 10, 24 * 3600 * 1000))
            return false;
    return true;
}

bool hf__limits_valid(const struct hf_net_limits *l)
{
    return milliseconds_valid(l) && within(l->body_bytes_max, 1024, HF_NET_BODY_CEILING) &&
           within(l->connection_bytes_max, l->body_bytes_max, (size_t)1 << 30) &&
           within(l->memory_bytes_max, l->connection_bytes_max, (size_t)1 << 36) &&
           within(l->streams_max, 1, 1000) && within(l->connections_max, 1, 16384) &&
           within(l->connections_per_source, 1, l->connections_max) &&
           within(l->handshakes_max, 1, l->connections_max) && within(l->pool_max, 1, 16384) &&
           within(l->calls_per_address, 1, 1000) && within(l->calls_max, 1, 1 << 20);
}
