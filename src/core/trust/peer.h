/*
 * Validators whose identity quote was genuine. What follows from a quote and its verdict alone is
 * held once in a table, however many engines know it; each engine keeps a list of those it knows.
 * Private to core.
 */
#ifndef HF_CORE_PEER_H
#define HF_CORE_PEER_H

#include "attest/verdict.h"
#include "base/check.h"
#include "base/id.h"
#include "crypto/suite.h"

/* Immutable; shared; counted. Judged against the policy whenever it is used. */
struct hf__peer {
    struct hf__peer *next; /* in its table's bucket */
    uint32_t refs;
    uint32_t epoch;
    struct hf_account account;
    struct hf_hash quote_hash;
    uint8_t sealing_key[HF_KEY_LEN];
    uint8_t sealing_gcm[HF_KEY_LEN]; /* of suite 2; zeros: it has none */
    uint64_t made_s;
    struct hf_verdict verdict;
};

struct hf__peer_table {
    struct hf__peer **buckets;
    size_t buckets_count; /* a power of two, or 0 */
    size_t count;
};

struct hf__peer_table *hf__peer_table_new(void); /* NULL: out of memory */
/* Every peer must have been given back. Freeing NULL is legal. */
void hf__peer_table_free(struct hf__peer_table *all);
/* Bytes of the table, without its peers. */
size_t hf__peer_table_memory(const struct hf__peer_table *all);

/* A peer as one engine knows it. */
struct hf__known {
    struct hf__peer *peer;
    uint32_t account_head; /* the first four bytes, in the order of memcmp */
    uint32_t used_s;       /* on the engine's clock */
};

/* Sorted by account, at most HF_VERDICTS_MAX. */
struct hf__known_list {
    struct hf__known *at;
    uint16_t count, cap;
};

/* What is known of an account; NULL: nothing. Valid until the next hf__known_put. */
struct hf__known *hf__known_find(const struct hf__known_list *l, const struct hf_account *account);
/* Likewise, by the hash of the identity quote that was judged. */
struct hf__known *hf__known_by_quote(const struct hf__known_list *l,
                                     const struct hf__peer_table *all,
                                     const struct hf_hash *quote_hash);
/* Knows a peer, in place of what was known of its account, of the table's copy of what is given.
 * The one that was used longest ago makes room. */
struct hf__known *hf__known_put(struct hf__known_list *l, struct hf__peer_table *all,
                                const struct hf__peer *what);
/* Forgets all, and gives up its part of the table's peers. */
void hf__known_done(struct hf__known_list *l, struct hf__peer_table *all);
/* Bytes of the list, with its part of the peers that it shares with other engines. */
size_t hf__known_memory(const struct hf__known_list *l);

#endif
