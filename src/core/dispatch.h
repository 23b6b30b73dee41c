/* What peers ask and answer, and quotes that were made or judged: each to whom it concerns. Private
 * to core. */
#ifndef HF_CORE_DISPATCH_H
#define HF_CORE_DISPATCH_H

#include "life/life.h"

/* A peer's request: to the handler of its method, parked until a quote in it is judged, or
 * refused. */
void hf__on_request(struct hf_engine *e, const struct hf_event *event);
/* The answer to a call: to the task that asked. One that no call waits for is dropped. */
void hf__on_response(struct hf_engine *e, const struct hf_event *event);
/* A verdict: handles anew what has waited for it, and lets the next quotes be judged. */
void hf__on_judged(struct hf_engine *e, const struct hf_event *event);
/* A quote of this node, or why there is none: to the task that asked. */
void hf__on_made(struct hf_engine *e, const struct hf_event *event);

/* local.c: what the application and the operator ask. */
void hf__local(struct hf_engine *e, const struct hf_event *event);

#endif
