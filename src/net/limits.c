#include "net/limits.h"

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
    .server_idle_ms_max = 300000,
    .client_idle_ms_max = 120000,
    .ping_after_ms = 2000,
    .ping_ms_max = 3000,
    .drain_ms_max = 5000,
    .pool_max = 256,
    .calls_per_address = 32,
    .calls_max = 4096,
};
