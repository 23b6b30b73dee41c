#ifndef HF_DAEMON_QUORUM_H
#define HF_DAEMON_QUORUM_H

#include "core/status.h"

#include <jansson.h>

/* Whether share holders could open this node, and how far a request to them has come: the member
 * `quorum` of a status. */
json_t *hf__quorum_object(const struct hf_status *s);

#endif
