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
enum hf_world_latency { HF_LATENCY_CONSTANT, HF_LATENCY_LOGNORMAL, HF_LATENCY_REGIONS };

/* How long something takes: log-normal around its median, or always the median when sigma is 0. */
struct hf_world_duration {
    uint64_t median_us;
    double sigma; /* of the natural logarithm; 0 to 3 */
};

struct hf_world_network {
    enum hf_world_latency latency;
    struct hf_world_duration one_way; /* not for regions */
    double region_sigma;              /* regions: jitter around the matrix */
    uint64_t bandwidth;               /* bytes a second of each node's line; 0: without bound */
    double loss;                      /* chance that a message is lost, 0 to 1 */
    double duplicate;                 /* chance that a request arrives twice */
    double reorder;                   /* chance that a message is held back */
    struct hf_world_duration held_back;
    bool handshakes; /* a first call pays for connection and TLS */
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
};

struct hf_world_clocks {
    double drift_ppm_max;   /* each node's is drawn between minus and plus */
    uint64_t offset_ms_max; /* of the wall clock at the start, likewise */
};

struct hf_world_authority {
    uint8_t threshold; /* m */
    uint8_t keys;      /* n; at most 16 */
    uint64_t issue_us; /* from seeing a new account to the set that holds it */
    uint64_t valid_s;  /* of policy and set */
    bool registers;    /* adds new accounts by itself */
};

/* The first policy; later ones are made with hf_world_policy_edit. */
struct hf_world_policy {
    uint8_t n, k;
    uint8_t domain_rule;
    uint8_t platform_rule;
    uint32_t shares_held_max;
    uint64_t quote_age_max_s;
    uint64_t holder_grace_s;
};

struct hf_world_settings {
    uint64_t seed;
    enum hf_world_crypto crypto;
    bool costs;         /* cryptography takes the virtual time that the table of costs states */
    uint32_t operators; /* nodes are dealt out to so many; 0: each has its own */
    uint32_t zones;     /* likewise; at least 1; also the region of a node */
    uint64_t wall_s;    /* Unix time at virtual time 0 */
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
