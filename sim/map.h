/* Fixed-size values by the 128-bit digest of a key; for checkers, whose keys are lists of bytes. */
#ifndef HF_SIM_MAP_H
#define HF_SIM_MAP_H

#include "base/bytes.h"

struct hf__key {
    uint64_t a, b; /* never both 0 */
};

struct hf__map {
    size_t value_len; /* multiple of 8 */
    size_t cap, count;
    uint8_t *slots; /* key and value */
};

/* The digest of up to three parts. */
struct hf__key hf__key_of(struct hf_bytes x, struct hf_bytes y, struct hf_bytes z);
/* value_len is rounded up to 8. */
void hf__map_init(struct hf__map *m, size_t value_len);
void hf__map_done(struct hf__map *m);
/* The value, or NULL; valid until the next insertion. */
void *hf__map_find(const struct hf__map *m, struct hf__key key);
/* One value after the other, in no order: at is 0 at first; NULL after the last. */
void *hf__map_next(const struct hf__map *m, size_t *at);
/* The value, zeroed when it is new. */
void *hf__map_at(struct hf__map *m, struct hf__key key);

#endif
