/* What the transport counted: for the status page, the metrics and the tests. */
#ifndef HF_NET_STATS_H
#define HF_NET_STATS_H

#include "net/limits.h"

/* X(field, sentence): events counted since the start. */
#define HF_NET_COUNTER_MAP(X)                                                                      \
    X(accepted, "incoming connections accepted")                                                   \
    X(opened_in, "incoming connections whose handshake succeeded")                                 \
    X(opened_out, "outgoing connections whose handshake succeeded")                                \
    X(closed, "connections closed that had been opened")                                           \
    X(requests, "whole requests handed on")                                                        \
    X(replies, "answers given")                                                                    \
    X(replies_dropped, "answers whose stream had gone")                                            \
    X(calls, "calls made")                                                                         \
    X(calls_failed, "calls that ended without an answer")                                          \
    X(refused_rate, "refused: connections above the rate of their source or kind")                 \
    X(refused_requests, "refused: requests of one source above its rate (429)")                    \
    X(refused_memory, "refused: a memory bound (429, 503)")                                        \
    X(evicted_connections, "connections ended in favour of others of their kind: places")          \
    X(evicted_handshakes, "connections ended in favour of others of their kind: handshakes")       \
    X(evicted_memory, "connections ended in favour of others of their kind: memory")               \
    X(refused_own, "own calls ended: the memory for their answers is full")                        \
    X(refused_body, "refused: body above its bound (413)")                                         \
    X(refused_headers, "refused: headers above their bound (431)")                                 \
    X(refused_path, "refused: no such path, method or right (403, 404, 405, 429)")                 \
    X(handshake_tls, "handshakes failed: TLS")                                                     \
    X(handshake_alpn, "handshakes failed: h2 was not negotiated")                                  \
    X(handshake_certificate, "handshakes failed: certificate or account extension malformed")      \
    X(handshake_signature, "handshakes failed: the account's signature does not verify")           \
    X(handshake_timeout, "handshakes failed: too slow")                                            \
    X(connect_failed, "outgoing connections that could not be made")                               \
    X(malformed, "connections ended: not HTTP/2")                                                  \
    X(flood, "connections ended: too many resets or control frames")                               \
    X(timeout_request, "requests that came too slowly")                                            \
    X(timeout_answer, "requests that were not answered in time")                                   \
    X(timeout_write, "connections ended: output not taken")                                        \
    X(timeout_idle, "connections closed: idle")                                                    \
    X(timeout_ping, "connections ended: PING unanswered")                                          \
    X(timeout_call, "calls that met their deadline")                                               \
    X(datagrams_in, "datagrams that came")                                                         \
    X(datagrams_out, "datagrams sent")                                                             \
    X(datagrams_lost, "datagrams that the socket did not take")                                    \
    X(datagrams_refused, "datagrams that were too long")

enum { HF_NET_REASON_MAX = 128 };

struct hf_net_stats {
#define X(field, sentence) uint64_t field;
    HF_NET_COUNTER_MAP(X)
#undef X
    /* Now. */
    uint32_t connections_in;
    uint32_t connections_out;
    uint32_t handshakes;
    uint32_t calls_running;
    uint64_t memory_bytes;              /* bodies and answers held, of all connections */
    uint64_t own_bytes;                 /* of these, answers to own calls */
    uint32_t sources;                   /* of which an account is kept */
    uint32_t connections[HF_NET_KINDS]; /* incoming, by enum hf_net_kind */
    uint64_t bytes[HF_NET_KINDS];       /* bodies and answers held for them */
    /* The last reason of each kind, with the peer's address; "" when there was none. Terminated. */
    char last_refusal[HF_NET_REASON_MAX];
    char last_handshake[HF_NET_REASON_MAX];
    char last_close[HF_NET_REASON_MAX];
    char last_connect[HF_NET_REASON_MAX];
};

#endif
