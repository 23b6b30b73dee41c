/* Fixed-size values by the 128-bit digest of a key; for checkers, whose keys are lists of bytes. */
#ifndef HF_SIM_MAP_H
#define HF_SIM_MAP_H

#include "base/bytes.h"
#include "suites/model.h"

struct hf__key {
    uint64_t a, b; /* never both 0 */
};

/* Bytes that a map may grow by before it is worth while to look what is wanted. */
enum { HF__MAP_UNSWEPT = 1 << 18 };

struct hf__map {
    size_t value_len; /* multiple of 8 */
    size_t cap, count;
    size_t swept;   /* so many were left by the last sweep */
    uint8_t *slots; /* key and value */
};

/* The digest of up to three parts. */
static inline struct hf__key hf__key_of(struct hf_bytes x, struct hf_bytes y, struct hf_bytes z)
{
    struct hf__sponge s = {0};
    hf__sponge_absorb(&s, x);
    if (y.len > 0 || z.len > 0)
        hf__sponge_absorb(&s, y);
    if (z.len > 0)
        hf__sponge_absorb(&s, z);
    return (struct hf__key){s.a | 1, s.b};
}

/* That of a node, by its number. */
static inline struct hf__key hf__node_key(uint32_t node)
{
    return hf__key_of(hf_bytes_of(&node, sizeof node), hf_bytes_of(NULL, 0), hf_bytes_of(NULL, 0));
}

/* value_len is rounded up to 8. */
void hf__map_init(struct hf__map *m, size_t value_len);
/* Frees the map, not what its values point to. */
void hf__map_done(struct hf__map *m);
/* The value, or NULL; valid until the next insertion. */
void *hf__map_find(const struct hf__map *m, struct hf__key key);
/* One value after the other, in no order: at is 0 at first; NULL after the last. */
void *hf__map_next(const struct hf__map *m, size_t *at);
/* The value, zeroed when it is new. May move all others. */
void *hf__map_at(struct hf__map *m, struct hf__key key);

/* Forgets a value that hf__map_find or hf__map_at gave. May move others. */
void hf__map_drop(struct hf__map *m, void *value);

/* Whether a value is still wanted; if not, gives back what it points to. */
typedef bool hf__wanted_fn(void *ctx, void *value);
/* Forgets what is not wanted any more, and the memory for it. */
void hf__map_sweep(struct hf__map *m, hf__wanted_fn *wanted, void *ctx);
/* Whether it has grown to more than twice of what the last sweep left: so it takes no more than a
 * share of each insertion's time, and the map stays below twice of what is wanted. */
static inline bool hf__map_is_due(const struct hf__map *m)
{
    return m->count > 2 * m->swept + HF__MAP_UNSWEPT / (m->value_len + sizeof(struct hf__key));
}
/* Bytes that the map holds, without what its values point to. */
size_t hf__map_bytes(const struct hf__map *m);

#endif
