/*
 * Random streams of the world: one for each purpose, all from one seed, so that drawing more for
 * one purpose changes nothing for another. Not for secrets, and not for the engines' own seeds'
 * quality: a virtual world has nothing to hide.
 */
#ifndef HF_SIM_RANDOM_H
#define HF_SIM_RANDOM_H

#include "sim/settings.h"

enum hf__purpose {
    HF__FOR_NETWORK = 1,
    HF__FOR_STORAGE,
    HF__FOR_ATTESTATION,
    HF__FOR_CLOCKS,
    HF__FOR_ENGINES,
    HF__FOR_AUTHORITY,
    HF__FOR_FAULTS,
    HF__FOR_STRATEGY,
    HF__FOR_SWARM,
    HF__PURPOSES,
};

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

void hf__stream_init(struct hf__stream *ret, uint64_t seed, uint64_t purpose, uint64_t which);

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

/* Draws nothing for a chance of 0: a world without the fault has the same run with or without it.
 */
static inline bool hf__draw_chance(struct hf__stream *r, double chance)
{
    return chance > 0 && hf__draw_unit(r) < chance;
}

void hf__draw_bytes(struct hf__stream *r, void *ret, size_t len);
/* In microseconds. */
uint64_t hf__draw_duration(struct hf__stream *r, struct hf_world_duration d);

#endif
