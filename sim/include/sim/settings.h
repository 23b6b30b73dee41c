/*
 * What a virtual world is like: its size, network, disks, clocks, platforms and costs. Tests fill
 * one in by hand, scenarios from YAML. Times of the world are microseconds of virtual time.
 */
#ifndef HF_SIM_SETTINGS_H
#define HF_SIM_SETTINGS_H

#include "core/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hf_world_crypto { HF_WORLD_MODEL, HF_WORLD_REAL };
enum hf_world_latency {
    HF_LATENCY_CONSTANT,
    HF_LATENCY_LOGNORMAL,
    HF_LATENCY_REGIONS,
    HF_LATENCY_MATRIX
};

/* How long something takes: log-normal around its median, or always the median when sigma is 0. */
struct hf_world_duration {
    uint64_t median_us;
    double sigma; /* of the natural logarithm; 0 to 3 */
};

/* The most that sizes of operators, zones or hosts may come to together. */
enum { HF_WORLD_SIZES_MAX = 1 << 20 };

/* How large each is beside the others; none: all alike. Borrowed. */
struct hf_world_sizes {
    uint32_t *items;
    size_t count;
};

/* Rows of a matrix, each as "1 65.5 70": round trips in milliseconds to zone 0, 1, and so on.
 * Borrowed. */
struct hf_world_rows {
    const char **items;
    size_t count;
};

struct hf_world_network {
    enum hf_world_latency latency;
    /* Not for regions and a matrix. A sigma below 0: 0.2 where latency is lognormal, else none. */
    struct hf_world_duration one_way;
    double region_sigma;              /* regions, matrix: jitter around it */
    struct hf_world_rows round_trips; /* matrix: a row of each zone, or of more */
    uint64_t bandwidth;               /* bytes a second of each node's line; 0: without bound */
    double loss;                      /* chance that a segment or a datagram is lost, 0 to 1 */
    uint64_t burst_us;  /* what is lost is lost together: a line fails for so long, on average; 0:
                          each segment by itself */
    uint64_t resend_us; /* a segment is sent again after this and a round trip, then twice it;
                           0: never, so that the call is lost with it */
    double duplicate;   /* chance that a request arrives twice */
    double reorder;     /* chance that a message is held back */
    struct hf_world_duration held_back;
    bool handshakes; /* a first call pays for connection and TLS */
    bool ordered;    /* what goes one way on a connection arrives in the order it was sent in */
};

struct hf_world_storage {
    struct hf_world_duration write; /* one transaction durable */
    struct hf_world_duration create;
    struct hf_world_duration open;
    double survives; /* chance that a transaction not yet acknowledged survives a crash */
};

struct hf_world_attestation {
    struct hf_world_duration quote; /* making one */
    struct hf_world_duration judge; /* verifying one */
    double quote_fails;             /* chance that making one fails */
    double judge_fails;             /* chance that collateral is missing for the moment */
    uint64_t collateral_valid_s;    /* life of collateral, which is issued daily; at least a day */
};

struct hf_world_clocks {
    double drift_ppm_max;   /* each node's is drawn between minus and plus */
    uint64_t offset_ms_max; /* of the wall clock at the start, likewise */
};

struct hf_world_authority {
    uint8_t threshold;     /* m */
    uint8_t keys;          /* n; at most 16 */
    uint64_t issue_us;     /* from seeing a new account to the set that holds it */
    uint64_t valid_s;      /* of policy and set */
    bool registers;        /* adds new accounts by itself */
    bool renews;           /* signs anew what has less than a third of its life left */
    uint64_t floor_margin; /* that floors leave above all that is known; the tool's */
    bool old_vaults;       /* every member may go on with an old vault (sequence_floor) */
};

/* The first policy; later ones are made with hf_world_policy_edit. */
struct hf_world_policy {
    uint8_t n, k;
    uint8_t q, p; /* claim quorum and provisional quorum; 0: max(k, n / 2 + 1), and what follows */
    uint8_t domain_rule;   /* enum hf_domain_rule */
    uint8_t platform_rule; /* enum hf_platform_rule */
    uint32_t shares_held_max;
    uint64_t quote_age_max_s;
    uint64_t holder_grace_s;
};

/*
 * What cryptography costs: X(operation, field of a scenario, nanoseconds, nanoseconds a byte, what
 * it is). The figures are orders of magnitude as measured with libsodium 1.0.18 on one server core.
 */
#define HF_WORLD_OPERATION_MAP(X)                                                                  \
    X(HASH, "hash", 300, 1, "Hashing, or a code of authenticity.")                                 \
    X(KDF, "kdf", 2000, 1, "Deriving a key.")                                                      \
    X(SIGN, "sign", 20000, 1, "Making a signature.")                                               \
    X(VERIFY, "verify", 42000, 1, "Verifying one.")                                                \
    X(BASE_MULT, "base_mult", 18000, 0, "Multiplying a curve's base point.")                       \
    X(POINT_MULT, "point_mult", 50000, 0, "Multiplying any other point, decoding included.")       \
    X(AEAD, "aead", 500, 2, "Sealing or opening with a symmetric key.")

enum hf_world_operation {
#define X(name, field, ns, byte_ns, doc) HF_WORLD_##name,
    HF_WORLD_OPERATION_MAP(X)
#undef X
        HF_WORLD_OPERATIONS
};

/*
 * What computing takes, in nanoseconds of one core; nothing of it counts without settings.costs.
 * With cores, nodes are dealt out to hosts and what computes on a host (an engine's step, a
 * handshake, making or judging a quote, a vault) waits for one of its cores, first come first
 * served. The waits of network, storage and attestation come on top: no node needs a core for
 * those.
 */
struct hf_world_processor {
    uint32_t cores; /* of each host; 0: no node waits for a core */
    uint32_t hosts; /* nodes are dealt out to so many; 0: each has its own */
    struct hf_world_sizes host_sizes;
    uint64_t wake;    /* a core that was idle begins, on top of what it begins with */
    uint64_t step;    /* a step of an engine, beside its cryptography */
    uint64_t message; /* sending or taking one message: system calls, HTTP/2, TLS */
    uint64_t connect; /* opening a connection: the caller's part of TLS */
    uint64_t accept;  /* and the other end's */
    uint64_t connect_locked, accept_locked; /* likewise when the caller shows no account */
    uint64_t certificate;                   /* a new identity: keys and certificate for TLS */
    uint64_t documents;                     /* taking documents from the operator */
    uint64_t collateral; /* reading it, before a process judges its first quote */
    uint64_t write;      /* a transaction on its way to the disk */
    uint64_t create, open;
    uint64_t quote;
    uint64_t judge;       /* a quote of a machine whose quotes this process has not judged yet */
    uint64_t judge_again; /* any further one of that machine */
    uint64_t operation[HF_WORLD_OPERATIONS];
};

/* No cores to wait for; the stated costs of cryptography, 8 us a step, 900 us a handshake. */
void hf_world_processor_init(struct hf_world_processor *ret);

struct hf_world_settings {
    uint64_t seed;
    enum hf_world_crypto crypto;
    bool costs;         /* computing takes virtual time, as processor has it */
    uint32_t operators; /* nodes are dealt out to so many; 0: each has its own */
    uint32_t alone;     /* but the first so many have one each */
    uint32_t zones;     /* nodes are dealt out to so many; at least 1; also their region */
    struct hf_world_sizes operator_sizes, zone_sizes;
    bool dealt_drawn; /* whose a node is, is drawn for each by itself, and not dealt out in turn */
    uint64_t wall_s;  /* Unix time at virtual time 0; after 1970-01-01 */
    struct hf_world_duration boot; /* from the start of a machine to that of its process */
    struct hf_world_processor processor;
    struct hf_world_network network;
    struct hf_world_storage storage;
    struct hf_world_attestation attestation;
    struct hf_world_clocks clocks;
    struct hf_world_authority authority;
    struct hf_world_policy policy;
    struct hf_timing timing;
    bool checks; /* the checkers watch */
    bool traces; /* every trace is kept for hf_world_traces */
};

/*
 * A small data centre on loopback-like lines: model crypto without costs, every node its own
 * operator, three zones, n = 3, k = 2, 2 of 3 authority keys, accounts registered after 100 ms,
 * hf_timing_default, checkers on, traces kept.
 */
void hf_world_settings_init(struct hf_world_settings *ret);

#endif
