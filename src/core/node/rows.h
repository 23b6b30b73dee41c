/*
 * The engine's mirror of its vault: every row by collection and key, values as counted bytes. It is
 * the only durable state the engine has; what a handler changes here it also puts into the update.
 * Private to core.
 */
#ifndef HF_CORE_ROWS_H
#define HF_CORE_ROWS_H

#include "document/blob.h"

struct hf__row {
    struct hf_blob *value;
    uint64_t seq; /* of the write with which it counts; 0: it lay there when the vault was opened */
    uint8_t collection;
    uint8_t key_len;
    uint8_t memo; /* what the row's reader noted of its value; 0 with every new value */
    uint8_t key[];
};

/* A row in the order of rows, found mostly without a look at the row itself. */
struct hf__row_place {
    uint64_t head; /* collection and the key's first seven bytes, in the order of rows */
    struct hf__row *row;
};

/* Collections that are told apart before keys are compared; those from the last on are together. */
enum { HF__ROWS_APART = 12 };

struct hf__rows {
    struct hf__row_place *rows; /* sorted by collection, then key */
    uint32_t count;
    uint32_t cap;
    uint32_t first[HF__ROWS_APART + 1]; /* where each of them begins; then the count again */
};

/* Forgets every row, and gives the values back. */
void hf__rows_done(struct hf__rows *r);
/* The value, borrowed; NULL: there is no such row. */
struct hf_blob *hf__rows_get(const struct hf__rows *r, uint8_t collection, struct hf_bytes key);
/* The row itself; NULL: there is no such row. */
struct hf__row *hf__rows_find(const struct hf__rows *r, uint8_t collection, struct hf_bytes key);
/* Keeps a reference of its own. Returns what was there before, now the caller's, or NULL. */
HF_MUST_USE struct hf_blob *hf__rows_put(struct hf__rows *r, uint8_t collection,
                                         struct hf_bytes key, struct hf_blob *value);
/* Returns what was there, now the caller's, or NULL. */
HF_MUST_USE struct hf_blob *hf__rows_del(struct hf__rows *r, uint8_t collection,
                                         struct hf_bytes key);
/* The index of the first row of a collection whose key is not below key; walk
 * on with hf__rows_at. */
size_t hf__rows_first(const struct hf__rows *r, uint8_t collection, struct hf_bytes key);
/* The row at index if it is of the collection and its key begins with prefix, else NULL. */
const struct hf__row *hf__rows_at(const struct hf__rows *r, size_t index, uint8_t collection,
                                  struct hf_bytes prefix);
/* How many rows a collection has. */
size_t hf__rows_count(const struct hf__rows *r, uint8_t collection);
/* Bytes of the mirror, values counted in full. */
size_t hf__rows_memory(const struct hf__rows *r);

#endif
