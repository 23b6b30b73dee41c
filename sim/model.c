#include "model.h"

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

void hf__model_put(uint64_t v, uint8_t pad, uint8_t ret[static 32])
{
    memcpy(ret, &v, sizeof(v));
    memset(ret + sizeof(v), pad, 32 - sizeof(v));
}

int hf__model_get(const uint8_t in[static 32], uint8_t pad, uint64_t *ret)
{
    uint64_t words[4];
    memcpy(words, in, sizeof(words));
    uint64_t fill = pad * UINT64_C(0x0101010101010101);
    if (words[1] != fill || words[2] != fill || words[3] != fill)
        return HF_EINVAL;
    if (words[0] == 0 || words[0] >= HF__MODEL_P)
        return HF_EINVAL;
    *ret = words[0];
    return 0;
}

static inline uint64_t load(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Labels differ in their length or in their last 16 characters: those are enough. */
void hf__sponge_init(struct hf__sponge *s, const char *label)
{
    uint8_t tail[16] = {0};
    size_t len = strlen(label);
    memcpy(tail, label + (len > sizeof(tail) ? len - sizeof(tail) : 0),
           len > sizeof(tail) ? sizeof(tail) : len);
    s->a = hf__fold(load(tail) ^ keys[0], len ^ keys[2]);
    s->b = hf__fold(load(tail + 8) ^ keys[1], s->a ^ keys[3]);
}

void hf__sponge_absorb(struct hf__sponge *s, struct hf_bytes data)
{
    uint64_t a = s->a ^ data.len, b = s->b;
    const uint8_t *p = data.data;
    size_t left = data.len;
    for (; left >= 32; left -= 32, p += 32) {
        a = hf__fold(a ^ load(p), load(p + 8) ^ keys[2]) + b;
        b = hf__fold(b ^ load(p + 16), load(p + 24) ^ keys[3]) ^ a;
    }
    if (left > 0) {
        uint8_t rest[32] = {0};
        memcpy(rest, p, left);
        a = hf__fold(a ^ load(rest), load(rest + 8) ^ keys[2]) + b;
        b = hf__fold(b ^ load(rest + 16), load(rest + 24) ^ keys[3]) ^ a;
    }
    s->a = hf__fold(a ^ keys[0], b ^ keys[2]);
    s->b = hf__fold(b ^ keys[1], a ^ keys[3]);
}

void hf__sponge_squeeze(const struct hf__sponge *s, uint8_t *ret, size_t len)
{
    uint64_t counter = 1;
    while (len > 0) {
        uint64_t v = hf__fold(s->a ^ (counter * keys[2]), s->b ^ keys[3]) + counter;
        size_t part = len < sizeof(v) ? len : sizeof(v);
        memcpy(ret, &v, part);
        ret += part;
        len -= part;
        counter++;
    }
}

void hf__model_random(struct hf_rng *rng, void *ret, size_t len)
{
    struct hf__sponge s = {keys[0] ^ rng->drawn++, keys[1]};
    hf__sponge_absorb(&s, hf_bytes_of(rng->seed, sizeof(rng->seed)));
    hf__sponge_squeeze(&s, ret, len);
}

void hf__model_scalar_random(struct hf_rng *rng, uint8_t ret[static HF_SCALAR_LEN])
{
    uint64_t v;
    do {
        hf__model_random(rng, &v, sizeof(v));
        v &= HF__MODEL_P;
    } while (v == 0 || v == HF__MODEL_P);
    hf__model_put(v, HF__MODEL_SCALAR, ret);
}
