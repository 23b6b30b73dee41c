/* A handover in the status. Private to daemon. */
#ifndef HF_DAEMON_HANDOVER_H
#define HF_DAEMON_HANDOVER_H

#include "core/status.h"

#include <jansson.h>

struct hf__daemon;

/* Puts into a status how this node reaches others, what is known of the time, and a handover. */
void hf__handover_fill(struct hf__daemon *d, json_t *root, const struct hf_status *s);

#endif
