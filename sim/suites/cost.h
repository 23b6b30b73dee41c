/*
 * What cryptography costs in virtual time. Each operation of a suite adds its cost to one account;
 * the world reads it after each step of an engine, whose process is busy for so long.
 */
#ifndef HF_SIM_COST_H
#define HF_SIM_COST_H

#include "crypto/suite.h"
#include "sim/settings.h"

/* Nanoseconds spent since it was last set to 0; one account a process. */
extern uint64_t hf__cost_ns;
/* What each operation costs: of the world that steps an engine. */
extern const uint64_t *hf__cost_table;
/* HF_WORLD_OPERATION_MAP's own. */
extern const uint64_t hf__cost_stated[HF_WORLD_OPERATIONS];

/* An operation that was made so many times, over so many bytes. */
static inline void hf__cost_add(enum hf_world_operation operation, unsigned times, size_t bytes)
{
    static const uint8_t byte_ns[] = {
#define X(name, field, ns, byte_ns, doc) [HF_WORLD_##name] = (byte_ns),
        HF_WORLD_OPERATION_MAP(X)
#undef X
    };
    hf__cost_ns += hf__cost_table[operation] * times + byte_ns[operation] * bytes;
}

/* Cheap stand-ins: same sizes, same failures, no security whatever. */
extern const struct hf_suite hf__suite_model;
/* hf_suite_real, with its costs counted. */
extern const struct hf_suite hf__suite_counted;

#endif
