#include "lib/random.h"

#include <math.h>
#include <string.h>

const char *hf__purpose_name(enum hf__purpose purpose)
{
    static const char *const names[] = {
#define X(constant, name) name,
        HF__PURPOSE_MAP(X)
#undef X
    };
    return names[purpose];
}

/* FNV-1a over a name; the mixer spreads it. */
static uint64_t name_hash(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name != '\0'; name++)
        h = (h ^ (uint8_t)*name) * 0x100000001b3u;
    return h;
}

void hf__stream_init(struct hf__stream *ret, uint64_t seed, const char *purpose, uint64_t which)
{
    uint64_t x = hf__mix(seed ^ hf__mix(name_hash(purpose) ^ hf__mix(which)));
    for (int i = 0; i < 4; i++) {
        x = hf__mix(x);
        ret->s[i] = x;
    }
}

void hf__draw_bytes(struct hf__stream *r, void *ret, size_t len)
{
    uint8_t *p = ret;
    while (len > 0) {
        uint64_t v = hf__draw(r);
        size_t part = len < sizeof v ? len : sizeof v;
        memcpy(p, &v, part);
        p += part;
        len -= part;
    }
}

/*
 * A standard normal variate as a sum of uniform ones (Irwin-Hall, 12 terms in four draws): exact
 * tails do not matter here, and nothing but exact operations is used before exp().
 */
static double draw_normal(struct hf__stream *r)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t v = hf__draw(r);
        sum += (double)(v & 0x1fffff) + (double)((v >> 21) & 0x1fffff) + (double)(v >> 43);
    }
    return sum / 0x1p21 - 6;
}

uint64_t hf__draw_duration(struct hf__stream *r, struct hf_world_duration d)
{
    if (d.sigma <= 0 || d.median_us == 0)
        return d.median_us;
    return (uint64_t)((double)d.median_us * exp(d.sigma * draw_normal(r)));
}
