/*
 * Random streams: one for each purpose, all from one seed. A stream follows from the seed and the
 * name of its purpose alone, so a purpose that is added, taken away or drawn from more often leaves
 * every other as it was. Not for secrets: a virtual world has nothing to hide.
 */
#ifndef HF_SIM_RANDOM_H
#define HF_SIM_RANDOM_H

#include "sim/settings.h"

/* X(constant, name): the purposes for which a world draws all the time. Their order is of no
 * meaning. What draws seldom makes a stream of its own, with hf__stream_init. */
#define HF__PURPOSE_MAP(X)                                                                         \
    X(LATENCY, "network latency")                                                                  \
    X(LOSS, "network loss")                                                                        \
    X(DUPLICATE, "network duplicate")                                                              \
    X(REORDER, "network reorder")                                                                  \
    X(RULES, "network rules")                                                                      \
    X(STORAGE, "storage")                                                                          \
    X(SURVIVAL, "storage survival")                                                                \
    X(ATTESTATION, "attestation")                                                                  \
    X(QUOTE_FAILURE, "attestation quote failure")                                                  \
    X(JUDGE_FAILURE, "attestation judge failure")                                                  \
    X(CLOCKS, "clocks")                                                                            \
    X(AUTHORITY, "authority")                                                                      \
    X(BOOT, "boot")

enum hf__purpose {
#define X(constant, name) HF__FOR_##constant,
    HF__PURPOSE_MAP(X)
#undef X
        HF__PURPOSES
};

/* The name from which the stream of a purpose follows; static. */
const char *hf__purpose_name(enum hf__purpose purpose);

struct hf__stream {
    uint64_t s[4];
};

/* One step of a 64-bit mixer: every bit of x reaches every bit of the result. */
static inline uint64_t hf__mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The stream of a seed and a purpose, by its name; which: one of several for the same purpose. */
void hf__stream_init(struct hf__stream *ret, uint64_t seed, const char *purpose, uint64_t which);

/* x turned to the left by k bits, 1 to 63. */
static inline uint64_t hf__rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

/* Uniform 64 bits: xoshiro256**. */
static inline uint64_t hf__draw(struct hf__stream *r)
{
    uint64_t *s = r->s;
    uint64_t result = hf__rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = hf__rotl(s[3], 45);
    return result;
}

/* Uniform below bound, which is above 0. */
static inline uint64_t hf__draw_below(struct hf__stream *r, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)hf__draw(r) * bound) >> 64);
}

/* Uniform in [0, 1). */
static inline double hf__draw_unit(struct hf__stream *r)
{
    return (double)(hf__draw(r) >> 11) * 0x1p-53;
}

/* Draws nothing for a chance of 0: a world without the fault has the same run
 * with or without it. */
static inline bool hf__draw_chance(struct hf__stream *r, double chance)
{
    return chance > 0 && hf__draw_unit(r) < chance;
}

/* len uniform bytes. */
void hf__draw_bytes(struct hf__stream *r, void *ret, size_t len);
/* In microseconds. */
uint64_t hf__draw_duration(struct hf__stream *r, struct hf_world_duration d);

#endif
