#ifndef HF_DAEMON_QUORUM_H
#define HF_DAEMON_QUORUM_H

#include "ask.h"
#include "core/engine.h"

#include <jansson.h>

/* Whether share holders could open this node, and how far a request to them has come: the member
 * `quorum` of a status. */
json_t *hf__quorum_object(const struct hf_status *s);

/* Answers with what a request to the share holders is; its file, which no frame may have room for,
 * is kept, and asked for in parts. */
void hf__quorum_request(struct hf__ask *a, const struct hf_blackstart_report *r);
/* Answers with a part of the newest request's file. HF_ENOREQUEST: none was made since the start.
 * HF_EINVAL: the file ends before offset. */
void hf__quorum_part(struct hf__ask *a, uint64_t offset);
/* Answers with what became of a share holder's answer: a wrong one is named. */
void hf__quorum_taken(struct hf__ask *a, int error, const struct hf_blackstart_report *r);

#endif
