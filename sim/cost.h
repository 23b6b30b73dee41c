/*
 * What cryptography costs in virtual time. Each operation of a suite adds its cost to one account;
 * the world reads it after each step of an engine, whose process is busy for so long.
 */
#ifndef HF_SIM_COST_H
#define HF_SIM_COST_H

#include "crypto/suite.h"

/* X(operation, nanoseconds, nanoseconds per byte): orders of magnitude as measured with libsodium
 * 1.0.18 on one server core. */
#define HF__COST_MAP(X)                                                                            \
    X(HASH, 300, 1)                                                                                \
    X(KDF, 2000, 1)                                                                                \
    X(SIGN, 20000, 1)                                                                              \
    X(VERIFY, 42000, 1)                                                                            \
    X(BASE_MULT, 18000, 0)  /* of ristretto255, X25519 or Ed25519's base */                        \
    X(POINT_MULT, 50000, 0) /* of any other point; decoding included */                            \
    X(AEAD, 500, 2)

enum hf__cost {
#define X(name, ns, byte_ns) HF__COST_##name,
    HF__COST_MAP(X)
#undef X
};

/* Nanoseconds spent since the last call of hf__cost_take; one account a process. */
extern uint64_t hf__cost_ns;

void hf__cost_add(enum hf__cost operation, unsigned times, size_t bytes);

/* Cheap stand-ins: same sizes, same failures, no security whatever. */
extern const struct hf_suite hf__suite_model;
/* hf_suite_real, with its costs counted. */
extern const struct hf_suite hf__suite_counted;

#endif
