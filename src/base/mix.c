#include "base/mix.h"

#include <stddef.h>

/* Eight numbers; the compiler lowers them to what the target has. */
typedef uint64_t lanes_t __attribute__((vector_size(64), aligned(8), may_alias));

enum { WIDTH = sizeof(lanes_t) / sizeof(uint64_t) };

static inline __attribute__((always_inline)) bool mix_block(const uint64_t *in, uint64_t key,
                                                            uint64_t floor, uint64_t *ret)
{
    lanes_t below = (lanes_t){0} - 1;
    for (size_t i = 0; i < HF_MIX_BLOCK; i += WIDTH) {
        lanes_t x = *(const lanes_t *)(const void *)(in + i) ^ key;
        x ^= x >> 30;
        x *= UINT64_C(0xbf58476d1ce4e5b9);
        x ^= x >> 27;
        x *= UINT64_C(0x94d049bb133111eb);
        x ^= x >> 31;
        *(lanes_t *)(void *)(ret + i) = x;
        below &= (lanes_t)(x < floor);
    }
    uint64_t all = below[0];
    for (size_t i = 1; i < WIDTH; i++)
        all &= below[i];
    return all == 0;
}

#ifdef __x86_64__
/* Only these vectors multiply numbers of 64 bits. */
__attribute__((target("avx512f,avx512dq"))) static bool
mix_block_wide(const uint64_t *in, uint64_t key, uint64_t floor, uint64_t *ret)
{
    return mix_block(in, key, floor, ret);
}
#endif

bool hf_mix_block(const uint64_t in[static HF_MIX_BLOCK], uint64_t key, uint64_t floor,
                  uint64_t ret[static HF_MIX_BLOCK])
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512dq"))
        return mix_block_wide(in, key, floor, ret);
#endif
    return mix_block(in, key, floor, ret);
}
