/* What peers ask and answer, and quotes that were made or judged: each to whom it concerns. Private
 * to core. */
#ifndef HF_CORE_DISPATCH_H
#define HF_CORE_DISPATCH_H

#include "life/life.h"

void hf__on_request(struct hf_engine *e, const struct hf_event *event);
void hf__on_response(struct hf_engine *e, const struct hf_event *event);
void hf__on_judged(struct hf_engine *e, const struct hf_event *event);
void hf__on_made(struct hf_engine *e, const struct hf_event *event);

/* local.c: what the application and the operator ask. */
void hf__local(struct hf_engine *e, const struct hf_event *event);

#endif
