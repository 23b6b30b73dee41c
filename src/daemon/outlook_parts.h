/* What the parts of the outlook share. Private to outlook*.c. */
#ifndef HF_DAEMON_OUTLOOK_PARTS_H
#define HF_DAEMON_OUTLOOK_PARTS_H

#include "outlook.h"

/* Whether a provider did not answer at all, rather than answered this. */
bool hf__outlook_is_silence(int error);
/* Whether it answered that it has nothing to give any more, however long the node waits. */
bool hf__outlook_is_gone(int error);
/* Whether this machine's clock is further from the providers' than peers put up with. */
bool hf__outlook_clock_off(const struct hf_status *s);
/* What would keep this node out after a restart, however many providers answer now; 0: nothing. */
int hf__outlook_shut_out(const struct hf_status *s);

/* Adds a warning; at_s: when what it warns of comes, 0: it has no date. */
void __attribute__((format(printf, 5, 6)))
hf__outlook_warn(struct hf__outlook *o, int reason, enum hf__weight weight, uint64_t at_s,
                 const char *form, ...);
/* Adds to what is to be done; what does not fit is cut. */
void __attribute__((format(printf, 2, 3)))
hf__outlook_advise(struct hf__outlook *o, const char *form, ...);
/* What the authority does about what keeps this node out: an error of hf__outlook_shut_out. */
void hf__outlook_advise_shut_out(struct hf__outlook *o, const struct hf_status *s, int shut);

/* Fills in the outlook of a node that recovers or waits for its claim; it has been counted. */
void hf__outlook_judge_locked(const struct hf__outlook_facts *f, struct hf__outlook *o);

#endif
