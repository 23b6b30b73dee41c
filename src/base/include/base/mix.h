/* A permutation of 64-bit numbers, a block of them at a time, by the widest vectors that the
 * processor has. The result is the same on every one. */
#ifndef HF_BASE_MIX_H
#define HF_BASE_MIX_H

#include <stdbool.h>
#include <stdint.h>

enum { HF_MIX_BLOCK = 64 };

/*
 * ret[i] = mix(key ^ in[i]) for a block, where every input bit of mix reaches every output bit (a
 * multiply-shift finalizer: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", 2014; the constants are Stafford's variant 13). Not a cryptographic function. ret
 * may be in. Returns whether any result is at least floor.
 */
bool hf_mix_block(const uint64_t in[static HF_MIX_BLOCK], uint64_t key, uint64_t floor,
                  uint64_t ret[static HF_MIX_BLOCK]);

#endif
