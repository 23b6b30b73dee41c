#include "flood.h"

void hf__bucket_init(struct hf__bucket *b, uint32_t burst, uint32_t per_s, uint64_t now_ms)
{
    *b = (struct hf__bucket){.tokens = burst, .burst = burst, .per_s = per_s, .filled_ms = now_ms};
}

bool hf__bucket_take(struct hf__bucket *b, uint64_t now_ms)
{
    if (now_ms > b->filled_ms) {
        uint64_t passed_ms = now_ms - b->filled_ms;
        uint64_t full_ms = (uint64_t)b->burst * 1000 / b->per_s;
        if (passed_ms >= full_ms) {
            b->tokens = b->burst;
            b->filled_ms = now_ms;
        } else {
            uint64_t gained = passed_ms * b->per_s / 1000;
            uint64_t tokens = b->tokens + gained;
            b->tokens = tokens > b->burst ? b->burst : (uint32_t)tokens;
            /* Only the time that made whole tokens is used up, so that slow
             * refills are not lost. */
            b->filled_ms += gained * 1000 / b->per_s;
        }
    }
    if (b->tokens == 0)
        return false;
    b->tokens--;
    return true;
}
