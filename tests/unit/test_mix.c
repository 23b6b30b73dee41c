#include "base/mix.h"

#include <criterion/criterion.h>
#include <stddef.h>

static uint64_t one(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

Test(hf_mix_block, is_the_permutation_of_each_number)
{
    uint64_t in[HF_MIX_BLOCK], out[HF_MIX_BLOCK];
    for (uint64_t key = 1; key != 0; key <<= 1) {
        uint64_t greatest = 0;
        for (size_t i = 0; i < HF_MIX_BLOCK; i++)
            in[i] = one(key + i);
        hf_mix_block(in, key, 0, out);
        for (size_t i = 0; i < HF_MIX_BLOCK; i++) {
            cr_assert_eq(out[i], one(key ^ in[i]));
            greatest = out[i] > greatest ? out[i] : greatest;
        }
        cr_assert(hf_mix_block(in, key, greatest, out));
        cr_assert_not(hf_mix_block(in, key, greatest + 1, out));
    }
}
