/*
 * Keys that are rotated (proto/ROTATION.md): a table for each kind, of what is no secret in them.
 * Which moves a key makes is decided in owner/rotate.c; here is which there are, and what they do.
 */
#ifndef HF_CORE_KEY_TABLE_H
#define HF_CORE_KEY_TABLE_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hf__key_state { HF__KEY_PENDING = 1, HF__KEY_ACTIVE = 2, HF__KEY_EXPIRED = 3 };

enum {
    HF__KEYS_MAX = 16, /* of one kind */
    HF__KEY_SUITES = 8,
};

struct hf__key {
    uint32_t id; /* from 1; never given again within its kind */
    uint8_t suite;
    uint8_t state;    /* enum hf__key_state */
    bool ready;       /* who must have it has it: it may become active */
    bool needed;      /* something cannot do without it: it is not deleted */
    bool tainted;     /* it may be known to others: it goes ahead of all durations */
    uint64_t since_s; /* Unix time at which it came into its state */
};

struct hf__keys {
    uint32_t id_next; /* above every id that was ever given */
    uint8_t count;
    struct hf__key list[HF__KEYS_MAX]; /* in no order */
};

enum hf__key_verb {
    HF__KEY_MAKE,     /* a pending key of `suite`, whose id is id_next */
    HF__KEY_REDATE,   /* the clock was set back: it is in its state since now */
    HF__KEY_ACTIVATE, /* pending to active */
    HF__KEY_EXPIRE,   /* active, or pending and needed, to expired */
    HF__KEY_DELETE,   /* pending or expired, to nothing */
    HF__KEY_TAINTED,  /* in a trace alone: others may know it */
};

struct hf__key_op {
    uint8_t verb; /* enum hf__key_verb */
    uint8_t suite;
    uint32_t id;
};

/* Whether a table from a disk is one: distinct ids below id_next, states and suites that exist. */
bool hf__keys_valid(const struct hf__keys *keys);
/* NULL: none has this id. */
struct hf__key *hf__key_of_id(struct hf__keys *keys, uint32_t id);
/* The key with the lowest id above this one; there must be one. */
const struct hf__key *hf__key_after(const struct hf__keys *keys, uint32_t id);
/* Makes a move that hf__rotate has decided upon by this very table, at this time. */
void hf__key_move(struct hf__keys *keys, const struct hf__key_op *op, uint64_t now_s);

#endif
