/*
 * The three kinds of 32 bytes that name something, each of a type of its own, so that one is never
 * taken for another. Each is its bytes and nothing else: an array of them is their bytes in a row.
 * None is secret.
 */
#ifndef HF_BASE_ID_H
#define HF_BASE_ID_H

#include "base/bytes.h"

enum {
    HF_ID_LEN = 32,
};

/* A validator: its Ed25519 public key. */
struct hf_account {
    uint8_t bytes[HF_ID_LEN];
};

/* BLAKE2b-256 of something under a label (the suite's hash). */
struct hf_hash {
    uint8_t bytes[HF_ID_LEN];
};

/* A network: the hash of the body of its first root of authority. */
struct hf_network_id {
    uint8_t bytes[HF_ID_LEN];
};

_Static_assert(sizeof(struct hf_account) == HF_ID_LEN && sizeof(struct hf_hash) == HF_ID_LEN &&
                   sizeof(struct hf_network_id) == HF_ID_LEN,
               "they are their bytes and nothing else");

/* 32 bytes as four words: a call for them costs more than the comparison, and lists of accounts are
 * walked at every step. Not for secrets. */
static inline bool hf__id_equal(const uint8_t a[static HF_ID_LEN],
                                const uint8_t b[static HF_ID_LEN])
{
    uint64_t x[4], y[4];
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

/* Whether two accounts are one. */
static inline bool hf_account_equal(const struct hf_account *a, const struct hf_account *b)
{
    return hf__id_equal(a->bytes, b->bytes);
}

/* Whether two hashes are one. */
static inline bool hf_hash_equal(const struct hf_hash *a, const struct hf_hash *b)
{
    return hf__id_equal(a->bytes, b->bytes);
}

/* Whether two networks are one. */
static inline bool hf_network_id_equal(const struct hf_network_id *a, const struct hf_network_id *b)
{
    return hf__id_equal(a->bytes, b->bytes);
}

/* The order of accounts in a validator set: below, at or above 0, as memcmp. The first words of two
 * accounts differ, as good as always, and need no call. */
static inline int hf_account_compare(const struct hf_account *a, const struct hf_account *b)
{
    uint64_t x = hf_bytes_head(a->bytes), y = hf_bytes_head(b->bytes);
    if (x != y)
        return x < y ? -1 : 1;
    return memcmp(a->bytes, b->bytes, HF_ID_LEN);
}

/* Whether it is all zeros, which is no account: the point of that key is of small order. */
static inline bool hf_account_zero(const struct hf_account *a)
{
    return hf_account_equal(a, &(struct hf_account){{0}});
}

/* Whether it is all zeros: no hash is given. */
static inline bool hf_hash_zero(const struct hf_hash *h)
{
    return hf_hash_equal(h, &(struct hf_hash){{0}});
}

/* The account whose 32 bytes these are. */
static inline struct hf_account hf_account_of(const uint8_t bytes[static HF_ID_LEN])
{
    struct hf_account a;
    memcpy(a.bytes, bytes, HF_ID_LEN);
    return a;
}

/* The 32 bytes of an account, borrowed. */
static inline struct hf_bytes hf_account_bytes(const struct hf_account *a)
{
    return hf_bytes_of(a->bytes, HF_ID_LEN);
}

/* The 32 bytes of a hash, borrowed. */
static inline struct hf_bytes hf_hash_bytes(const struct hf_hash *h)
{
    return hf_bytes_of(h->bytes, HF_ID_LEN);
}

#endif
