/* YAML text as a tree of nodes that know their lines: what libyaml says, made bounded and plain. */
#ifndef HF_CONFIG_TREE_H
#define HF_CONFIG_TREE_H

#include "config/schema.h"
#include "memory.h"

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
    NODE_BAD, /* reported already: an alias, or a key that is no word */
};

struct hf_config__node {
    enum node_kind kind;
    unsigned line; /* of the value, from 1 */
    unsigned column;
    const char *key; /* in a map; terminated */
    unsigned key_line;
    unsigned key_column;
    bool plain;       /* a scalar without quotes */
    const char *text; /* a scalar's value, terminated; may hold zero bytes before its end */
    size_t len;
    size_t count; /* of children */
    struct hf_config__node *first;
    struct hf_config__node *last;
    struct hf_config__node *next;
};

/*
 * Nodes live in the arena. An empty document is a map without fields. What can be gone on from is
 * reported to errors and left out of the tree; the caller looks at errors->count. HF_ECONFIG: no
 * YAML (reported). HF_ETOOBIG: past a bound (reported). HF_ENOMEM (not reported).
 */
HF_MUST_USE int hf__tree_parse(struct hf_bytes text, struct hf_arena *arena,
                               struct hf_config_errors *errors, struct hf_config__node **ret_root);
/* The child of a map, or NULL. */
const struct hf_config__node *hf__node_child(const struct hf_config__node *map, const char *key,
                                             size_t key_len);

/* Adds an error; text is cut at its bound, bytes that a terminal would not print become '?'. */
void hf__errors_add(struct hf_config_errors *errors, unsigned line, unsigned column,
                    const char *path, const char *fmt, ...) HF_PRINTF(5, 6);
/* Sorts errors by their place in the file. */
void hf__errors_sort(struct hf_config_errors *errors);
/* The known field that the author of name may have meant, or NULL. */
const char *hf__nearest_field(const struct hf_config_schema *schema, const char *name);

#endif
