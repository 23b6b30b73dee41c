/*
 * Who backs up whom: candidates in the order of rendezvous hashing over (beacon, owner, version,
 * candidate), after the failure-domain rule. All who have the set compute the same order.
 */
#ifndef HF_DOCUMENT_SELECTION_H
#define HF_DOCUMENT_SELECTION_H

#include "document/document.h"

/*
 * The first max candidates of an owner, as indices into set's validators. rule: policy.domain_rule.
 * Skips the owner and those leaving; keeps one of each operator (unless the rule is
 * HF_DOMAIN_NONE); spreads over zones as far as possible (HF_DOMAIN_OPERATORS_AND_ZONES: no zone
 * gives more than its part of the n first before every other zone has, then of the n next, …). ret:
 * room for max. Returns how many there are, at most max.
 */
size_t hf_select(const struct hf_document *set, const struct hf_account *owner, uint32_t version,
                 enum hf_domain_rule rule, uint8_t n, size_t max, uint32_t *ret);

/*
 * As hf_select with the first HF_RANK_FACTOR * n, and behind them more, up to max: ret has room for
 * that, and it is at most HF_RANK_FACTOR * HF_SHARES_MAX.
 */
size_t hf_select_beyond(const struct hf_document *set, const struct hf_account *owner,
                        uint32_t version, enum hf_domain_rule rule, uint8_t n, size_t max,
                        uint32_t *ret);

/*
 * Who may take the place of a candidate, given as an index, that cannot: the other validators of
 * its operator, without the owner and those leaving, by falling weight; at most max indices into
 * ret. Returns how many there are, at most max.
 */
size_t hf_select_stand_ins(const struct hf_document *set, const struct hf_account *owner,
                           uint32_t version, uint32_t candidate, size_t max, uint32_t *ret);

/* Whether a set has n candidates for every owner under the rule. HF_ESELECTION: for some owner it
 * has not. */
HF_MUST_USE int hf_select_possible(const struct hf_document *set, enum hf_domain_rule rule,
                                   uint8_t n);

#endif
