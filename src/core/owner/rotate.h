/*
 * When a key gives way to the next (proto/ROTATION.md, 2): one policy for keys of every kind, as a
 * function of a table and the time.
 */
#ifndef HF_CORE_ROTATE_H
#define HF_CORE_ROTATE_H

#include "node/node.h"

enum { HF__KEY_OPS_MAX = 3 * HF__KEYS_MAX + HF__KEY_SUITES };

struct hf__rotation {
    uint64_t pending_s; /* a key that is ready has been there so long before it is used */
    uint64_t active_s;  /* above pending_s: so long it is used */
    uint64_t expired_s; /* so long it still opens what others made for it */
    uint32_t suites;    /* bit s: suite s has a key */
    uint8_t max;        /* keys that are kept, HF__KEYS_MAX at most */
};

/*
 * What is to be done now with the keys of a valid table, in this order. It depends on nothing but
 * what the table holds, in whatever order, the policy and the time; the table with all of it done
 * has nothing more to be done at the same time. All of it is written in one transaction, or none.
 * Returns how many operations there are.
 */
size_t hf__rotate(const struct hf__keys *keys, const struct hf__rotation *policy, uint64_t now_s,
                  struct hf__key_op ret[static HF__KEY_OPS_MAX]);
/* From when on time alone has something done with a key of a table in which nothing is to be done
 * now; UINT64_MAX: never. */
uint64_t hf__rotate_due(const struct hf__keys *keys, const struct hf__rotation *policy,
                        const struct hf__key *k);
/* The first of these times. */
uint64_t hf__rotate_next(const struct hf__keys *keys, const struct hf__rotation *policy);

#endif
