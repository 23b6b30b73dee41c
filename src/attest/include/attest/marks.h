/*
 * Marks: the newest of each document of collateral that a node has verified. Collateral is a host's
 * to choose, and an older set that has not expired takes back revocations and evaluations; in
 * memory nothing goes back (hf_collateral_merge), and a node that keeps its marks where its host
 * cannot change them finds out after a restart too.
 */
#ifndef HF_ATTEST_MARKS_H
#define HF_ATTEST_MARKS_H

#include "attest/collateral.h"

enum {
    HF_MARKS_MAX = HF_COLLATERAL_PLATFORMS_MAX + 32,
    HF_MARKS_EVALUATIONS_MAX = 16,
    HF_MARK_ID_LEN = 6,
    HF_MARKS_ROOT_LEN = 16,
    HF_MARK_NAME_LEN = 64, /* of a document, terminator included */
};

/* The newest of one document. id: of a TCB info the FMSPC, of a PCK CRL the first bytes of the
 * SHA-256 of its issuer's name; else zeros. */
struct hf_mark {
    uint8_t kind; /* enum hf_collateral_kind */
    uint8_t id[HF_MARK_ID_LEN];
    uint64_t number; /* tcbEvaluationDataNumber, or the CRL number */
    uint64_t issued_s;
};

/* What must never go back. All of one root: marks of another say nothing. */
struct hf_marks {
    uint8_t trust; /* enum hf_trust; 0: none yet */
    uint8_t root[HF_MARKS_ROOT_LEN];
    uint64_t issued_s; /* the newest issue date: a floor for a clock */
    size_t count;
    struct hf_mark at[HF_MARKS_MAX];
    /* The earliest issue date known of each evaluation's number, ascending; past the bound the
     * lowest number goes. */
    size_t evaluations_count;
    struct hf_evaluation_seen evaluations[HF_MARKS_EVALUATIONS_MAX];
};

/* Raises marks by every good document of c, which is of `trust`. Returns whether they have changed;
 * marks of another root are forgotten. */
bool hf_marks_take(struct hf_marks *marks, const struct hf_collateral *c, enum hf_trust trust);
/* Raises marks by others, which win where the root is another. Returns whether they changed. */
bool hf_marks_raise(struct hf_marks *marks, const struct hf_marks *others);
/*
 * Holds a set against marks: HF_ECOLLROLLBACK: one of its documents, whose file is named in
 * ret_name, is older than its mark. 0 where the marks are of another root.
 */
HF_MUST_USE int hf_marks_check(const struct hf_marks *marks, const struct hf_collateral *c,
                               char ret_name[static HF_MARK_NAME_LEN]);

#endif
