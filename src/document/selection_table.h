/* What selection needs to know of a set, computed once when it is first asked
 * for. Private to document. */
#ifndef HF_DOCUMENT_SELECTION_TABLE_H
#define HF_DOCUMENT_SELECTION_TABLE_H

#include "document/selection.h"

struct hf__selectable {
    uint32_t index;
    uint32_t first; /* the index of the first validator of its operator */
    uint32_t zone;  /* from 0, below the table's zones */
};

/* A candidate, by its place in the table, and its weight for the owner at hand. */
struct hf__pick {
    uint64_t weight;
    uint32_t at;
};

/* An owner. */
struct hf__chooser {
    uint64_t seed;
    long index; /* in the set; -1: it is no member */
};

/* The orders that were asked for, by the owner's index in the set: the providers of a dealing ask
 * for the same one soon after the owner. */
struct hf__selection_memo {
    uint8_t n;          /* of every order in it; 0: nothing is remembered yet */
    uint8_t rule;       /* enum hf_domain_rule, likewise */
    uint8_t width;      /* longest order: HF_RANK_FACTOR * n */
    uint32_t *versions; /* by owner: the version whose order is here; 0 none */
    uint8_t *lens;      /* by owner */
    uint32_t *orders;   /* by owner: width indices */
};

struct hf_selection_table {
    size_t count;
    size_t zones; /* distinct ones */
    /* Validators that are not leaving, by their groups, which the first bits of their seeds name:
     * those of group g stand from groups[g] to groups[g + 1], with rising indices. */
    unsigned group_bits;
    uint32_t *groups;
    struct hf__selectable *members;
    uint64_t *seeds;         /* of members; HF_MIX_BLOCK more than there are */
    size_t candidates;       /* that every owner has, whatever their operators */
    size_t candidates_apart; /* likewise, no two of one operator */
    /* Where to look for an account: validators are sorted, so those whose first bits are b stand
     * from first[b] to first[b + 1]. */
    unsigned first_bits;
    uint32_t *first;
    uint64_t *heads; /* by validator: the first eight bytes of its account */
    size_t found;    /* the validator that was found last: most often asked for again */
    struct hf__selection_memo memo;
    struct hf__pick *picks; /* while an order is computed */
    size_t picks_cap;
};

/* set: a parsed validator set. HF_ENOMEM. */
HF_MUST_USE int hf__selection_table_new(const struct hf_document *set,
                                        struct hf_selection_table **ret);
/* Freeing NULL is legal. */
void hf__selection_table_free(struct hf_selection_table *t);
/* In bytes; t may be NULL. */
size_t hf__selection_table_memory(const struct hf_selection_table *t);
/* The first eight bytes of the hash of beacon, account and, unless NULL, version under label. */
uint64_t hf__selection_seed(const struct hf_document *set, const char *label,
                            const struct hf_account *account, const uint32_t *version);
/* The group that a seed names. */
static inline size_t hf__selection_group(const struct hf_selection_table *t, uint64_t seed)
{
    return t->group_bits == 0 ? 0 : (size_t)(seed >> (64 - t->group_bits));
}
/* As hf_set_find. */
long hf__selection_table_find(const struct hf_document *set, const struct hf_account *account);
/* As hf_set_prefetch. */
void hf__selection_table_prefetch(const struct hf_document *set, const struct hf_account *account,
                                  unsigned depth);
/* Remembers the order of an owner, forgetting all others if they were for another rule or n. Does
 * nothing when there is no memory for it. */
void hf__selection_remember(struct hf_selection_table *t, size_t owner, uint32_t version,
                            enum hf_domain_rule rule, uint8_t n, const uint32_t *order, size_t len);
/* An order that is remembered, borrowed; NULL: it is not. */
const uint32_t *hf__selection_recall(const struct hf_selection_table *t, size_t owner,
                                     uint32_t version, enum hf_domain_rule rule, uint8_t n,
                                     size_t *ret_len);

#endif
