/* For whom an owner waits, for its status. Private to core. */
#ifndef HF_CORE_WAITING_H
#define HF_CORE_WAITING_H

#include "owner/owner.h"

/* Fills in the newest record, the highest number of a ballot, and who has not given what the node
 * waits for. */
void hf__waiting_status(struct hf_engine *e, struct hf_status *ret);

#endif
