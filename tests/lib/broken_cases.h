/* Files of evidence (proto/EVIDENCE.md), good and bad: for the unit test, the vectors and the seeds
 * of the fuzz target. One made-up network; the same bytes in every run. */
#ifndef HF_TESTS_BROKEN_CASES_H
#define HF_TESTS_BROKEN_CASES_H

#include "base/buf.h"
#include "document/broken.h"

struct broken_case {
    const char *name;
    int error; /* what reading it gives; 0: it proves `breach` */
    enum hf_breach breach;
};

extern const struct broken_case broken_cases[];
extern const size_t broken_cases_count;

enum { BROKEN_PROMISED_S = 1800000000, BROKEN_DENIED_S = 1800003600 };

/* The file of a case, appended. */
void broken_case_make(size_t at, struct hf_buf *ret);
/* Who accuses, and who is accused. */
void broken_case_accounts(struct hf_account *ret_owner, struct hf_account *ret_provider);

#endif
