/* A token bucket: how many frames of a cheap kind a peer may send at once, and for how long. */
#ifndef HF_NET_FLOOD_H
#define HF_NET_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

struct hf__bucket {
    uint32_t tokens;
    uint32_t burst;
    uint32_t per_s;
    uint64_t filled_ms; /* when tokens was right */
};

/* Fills a bucket: burst at once, per_s a second from then on. */
void hf__bucket_init(struct hf__bucket *b, uint32_t burst, uint32_t per_s, uint64_t now_ms);
/* Takes one token; false when there is none: the peer floods. */
bool hf__bucket_take(struct hf__bucket *b, uint64_t now_ms);

#endif
