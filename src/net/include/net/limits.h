/*
 * Every bound of the transport in one place: what a stranger on the network can make this process
 * hold, and for how long. A request is refused, or its connection ended, before anything past a
 * bound is allocated.
 *
 * The constants are fixed by proto/TRANSPORT.md; the fields of hf_net_limits are the operator's,
 * within the floors and ceilings that hf_net_new checks.
 */
#ifndef HF_NET_LIMITS_H
#define HF_NET_LIMITS_H

#include <stddef.h>
#include <stdint.h>

enum {
    HF_NET_ACCOUNT_LEN = 32,
    HF_NET_SIGNATURE_LEN = 64,
    HF_NET_PATH_MAX = 64,        /* bytes of :path, without a terminator */
    HF_NET_ADDRESS_MAX = 260,    /* "host:port" with its terminator: a DNS name, brackets, port */
    HF_NET_HEADER_OVERHEAD = 32, /* what a field counts for beside its bytes (RFC 9113, 6.5.2) */
    HF_NET_HEADER_LIST_MAX = 8 << 10, /* names, values and that */
    HF_NET_HEADER_COUNT_MAX = 64,
    HF_NET_BODY_CEILING = 16 << 20,   /* no configuration allows more */
    HF_NET_CERTIFICATE_MAX = 2 << 10, /* DER of a peer's certificate */
    /* A peer's whole Certificate message: each of a chain costs what reading a key costs. */
    HF_NET_CERTIFICATE_LIST_MAX = HF_NET_CERTIFICATE_MAX + 512,
    HF_NET_SETTINGS_MAX = 16,    /* entries in one SETTINGS frame */
    HF_NET_ACKS_QUEUED_MAX = 64, /* PING and SETTINGS answers that wait to be sent */
    HF_NET_CONTROL_BURST = 200,  /* PING, SETTINGS, empty DATA and the like */
    HF_NET_CONTROL_PER_S = 100,
    HF_NET_RESET_BURST = 100, /* streams that the peer resets, or that are refused it */
    HF_NET_RESET_PER_S = 20,
    HF_NET_NAMES_MAX = 1024,       /* whose addresses are kept */
    HF_NET_NAME_IPS_MAX = 4,       /* kept of one */
    HF_NET_SOURCES_MAX = 4096,     /* of which the transport keeps an account */
    HF_NET_READ_LEN = 64 << 10,    /* one buffer a process, for all sockets */
    HF_NET_WRITE_CHUNK = 64 << 10, /* TLS records handed to one write */
};

/*
 * Who asks. Each kind has places and bytes of its own, which no other kind can take; the node's own
 * calls have a fourth part. Where a kind's part is full, the worst of that kind gives way.
 */
enum hf_net_kind {
    HF_NET_STRANGER, /* any other */
    HF_NET_EXPECTED, /* at the address of a member, which restarts without its key */
    HF_NET_MEMBER,   /* one that proved an account of the newest set */
};
enum { HF_NET_KINDS = 3 };

/*
 * The part of one kind. "Each" is one source: of strangers an IPv4 address or an IPv6 /64 (a /56
 * has two times, a /48 four times as much, all its /64 together), of expected ones an address, of
 * members an account.
 */
struct hf_net_share {
    uint32_t connections_max; /* incoming, all of the kind */
    uint32_t connections_each;
    uint32_t handshakes_max; /* of these, unfinished */
    uint32_t handshakes_each;
    size_t bytes_max; /* of requests and answers, as they came and as they go */
    size_t bytes_each;
    uint32_t accepts_burst;     /* connections of each: so many at once, */
    uint32_t accepts_per_s;     /* and then so many a second */
    uint32_t accepts_all_burst; /* connections of all of the kind: so many at once, */
    uint32_t accepts_all_per_s; /* and then a second; as many more for who has not come of late */
    uint32_t requests_burst;
    uint32_t requests_per_s;
    uint32_t idle_ms_max; /* a connection without a stream */
};

struct hf_net_limits {
    size_t body_bytes_max; /* where the body_max hook says nothing */
    size_t own_bytes_max;  /* answers to the node's own calls */
    struct hf_net_share share[HF_NET_KINDS];
    uint32_t streams_max;          /* at once, per connection */
    uint32_t handshake_ms_max;     /* accept to first request possible; also for outgoing ones */
    uint32_t request_ms_max;       /* first header byte to last body byte, incoming, or an
                                      answer to be taken: so long, */
    uint32_t progress_bytes_per_s; /* and a second more for each so many bytes that came */
    uint32_t answer_ms_max;        /* what the daemon has to answer a request: then 503 */
    uint32_t write_ms_max;         /* output that makes no progress */
    uint32_t client_idle_ms_max;   /* a pooled connection without a call; below the server's */
    uint32_t ping_after_ms;        /* a pooled connection with calls and no input sends a PING, */
    uint32_t ping_ms_max;          /* and is given up when that stays unanswered */
    uint32_t drain_ms_max;         /* a connection of an old identity, or at stop */
    uint32_t pool_max;             /* outgoing connections */
    uint32_t calls_per_address;    /* at once; more wait */
    uint32_t calls_max;            /* running and waiting, all addresses */
};

/* The defaults; proto/TRANSPORT.md lists them. */
extern const struct hf_net_limits hf_net_limits_default;

#endif
