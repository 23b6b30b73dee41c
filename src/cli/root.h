/* Roots of authority, composed from public keys. */
#ifndef HF_CLI_ROOT_H
#define HF_CLI_ROOT_H

#include "authority.h"

enum { HF__PUBLIC_KEYS_MAX = 32 };

struct hf__public_keys {
    uint8_t keys[HF__PUBLIC_KEYS_MAX][HF_KEY_LEN];
    char names[HF__PUBLIC_KEYS_MAX][32]; /* for people; may be empty */
    size_t count;
};

/* Adds a key of 64 hexadecimal digits. false: not that, there already, or too many. */
HF_MUST_USE bool hf__public_keys_add(struct hf__public_keys *keys, const char *hex);

/* What a root says, for hf__root_make. */
struct hf__new_root {
    struct hf__public_keys keys, set_signers;
    uint64_t threshold, set_threshold;
    bool has_salt; /* of a first root */
    uint8_t salt[16];
    struct hf_network_id network; /* set when a first root is made: its network's id */
};

/* The make function of roots: the one after the newest, or the first. ctx: struct hf__new_root. */
hf__make_fn hf__root_make;

#endif
