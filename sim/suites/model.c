#include "suites/model.h"

#include "base/error.h"

static const uint64_t keys[4] = {0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u,
                                 0x589965cc75374cc3u};

uint64_t hf__model_inverse(uint64_t a)
{
    uint64_t result = 1;
    for (uint64_t e = HF__MODEL_P - 2; e != 0; e >>= 1) {
        if (e & 1)
            result = hf__model_mul(result, a);
        a = hf__model_mul(a, a);
    }
    return result;
}

void hf__model_put(uint64_t v, uint8_t pad, uint8_t ret[static HF_SCALAR_LEN])
{
    memcpy(ret, &v, sizeof v);
    memset(ret + sizeof v, pad, HF_SCALAR_LEN - sizeof v);
}

int hf__model_get(const uint8_t in[static HF_SCALAR_LEN], uint8_t pad, uint64_t *ret)
{
    uint64_t words[4];
    memcpy(words, in, sizeof words);
    uint64_t fill = pad * UINT64_C(0x0101010101010101);
    if (words[1] != fill || words[2] != fill || words[3] != fill)
        return HF_EINVAL;
    if (words[0] == 0 || words[0] >= HF__MODEL_P)
        return HF_EINVAL;
    *ret = words[0];
    return 0;
}

static inline uint64_t load(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Labels differ in their length or in their last 16 characters: those are enough. */
void hf__sponge_init(struct hf__sponge *s, const char *label)
{
    uint64_t tail[2] = {0};
    size_t len = strlen(label);
    if (len >= sizeof tail)
        memcpy(tail, label + len - sizeof tail, sizeof tail);
    else
        memcpy(tail, label, len);
    s->a = hf__fold(tail[0] ^ keys[0], tail[1] ^ keys[1]);
    s->b = s->a ^ len * keys[2];
}

static inline void mix(struct hf__sponge *s, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    uint64_t a = hf__fold(s->a ^ w0, w1 ^ keys[2]) + s->b;
    s->b = hf__fold(s->b ^ w2, w3 ^ keys[3]) ^ a;
    s->a = a;
}

/* The last words may overlap those before them: the length, which goes first, tells them apart. */
void hf__sponge_absorb(struct hf__sponge *s, struct hf_bytes data)
{
    enum { BLOCK = 32 };
    const uint8_t *p = data.data, *end = hf_bytes_end(data);
    struct hf__sponge now = {s->a ^ (data.len + 1) * keys[1], s->b};
    if (data.len >= BLOCK) {
        for (; end - p > BLOCK; p += BLOCK)
            mix(&now, load(p), load(p + 8), load(p + 16), load(p + 24));
        mix(&now, load(end - BLOCK), load(end - 24), load(end - 16), load(end - 8));
    } else if (data.len >= 16) {
        mix(&now, load(p), load(p + 8), load(end - 16), load(end - 8));
    } else if (data.len >= 8) {
        mix(&now, load(p), load(end - 8), keys[0], 0);
    } else {
        uint64_t rest = 0;
        if (data.len > 0)
            memcpy(&rest, p, data.len);
        mix(&now, rest, keys[0], keys[1], 0);
    }
    *s = now;
}

void hf__sponge_squeeze(const struct hf__sponge *s, uint8_t *ret, size_t len)
{
    uint64_t x = hf__fold(s->a ^ keys[0], s->b ^ keys[2]),
             y = hf__fold(s->b ^ keys[1], x ^ keys[3]);
    uint64_t v = (x ^ x >> 32) * keys[2] ^ y;
    for (; len >= sizeof v; len -= sizeof v, ret += sizeof v) {
        memcpy(ret, &v, sizeof v);
        x += keys[1];
        y = (y << 23 | y >> 41) + v;
        v = (x ^ x >> 32) * keys[2] ^ y;
    }
    if (len > 0)
        memcpy(ret, &v, len);
}

void hf__model_random(struct hf_rng *rng, void *ret, size_t len)
{
    struct hf__sponge s = {keys[0] ^ rng->drawn++, keys[1]};
    hf__sponge_absorb(&s, hf_bytes_of(rng->seed, sizeof rng->seed));
    hf__sponge_squeeze(&s, ret, len);
}

void hf__model_scalar_random(struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN])
{
    uint64_t v;
    do {
        hf__model_random(rng, &v, sizeof v);
        v &= HF__MODEL_P;
    } while (v == 0 || v == HF__MODEL_P);
    hf__model_put(v, HF__MODEL_SCALAR, ret);
}
