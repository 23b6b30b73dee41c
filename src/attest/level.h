/* Readers of what TCB info and QE identity share: levels, their advisories, the
 * evaluation number. */
#ifndef HF_ATTEST_LEVEL_H
#define HF_ATTEST_LEVEL_H

#include "tcb.h"

/* A level while it is read: where its numbers and its advisories go. */
struct hf__level_reader {
    struct hf__advisories *advisories;
    struct hf__tcb_level level; /* a level of SVNs uses only level.level, and isvsvn */
    uint64_t isvsvn;
};

/* Fields of a level; out is a struct hf__level_reader. */
bool hf__level_status(struct hf_json *r, void *out);
bool hf__level_date(struct hf_json *r, void *out);
bool hf__level_advisories(struct hf_json *r, void *out);

/* A list of levels by ISVSVN while it is read: the document's advisories and levels. */
struct hf__svn_reader {
    struct hf__advisories *advisories;
    struct hf__svn_level *levels; /* HF_TCB_SVN_LEVELS_MAX of them */
    size_t *count;
};

/* Appends the levels of one list; ret says where they are, highest first. */
HF_MUST_USE bool hf__svn_levels(struct hf_json *r, struct hf__svn_reader *s,
                                struct hf__svn_levels *ret);
/* Reads tcbEvaluationDataNumber into the dates of a document; false: the reader has the fault. */
HF_MUST_USE bool hf__document_evaluation(struct hf_json *r, struct hf__document_dates *ret);

#endif
