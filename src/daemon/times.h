/*
 * Asks the time helper (proto/TIME.md, 6) what the engine wants to know, and tells the engine what
 * came of it. Nothing waits for it.
 */
#ifndef HF_DAEMON_TIMES_H
#define HF_DAEMON_TIMES_H

#include "base/check.h"

struct hf__daemon;
struct hf__times;
struct json_t;

#define HF__TIME_SOCKET "/run/holdfast-time.socket"

/* HF_ENOMEM. */
HF_MUST_USE int hf__times_new(struct hf__daemon *d);
/* Asks when it is time to, and takes the answer; called every HF__RETRY_MS. */
void hf__times_tick(struct hf__daemon *d);
void hf__times_free(struct hf__daemon *d);
/* What is known of the time, as JSON; the caller's reference; null where the policy lists no
 * servers. */
struct json_t *hf__times_json(const struct hf__daemon *d);

#endif
