/*
 * One engine without a world: the test is its shell, and hands it every event. Real cryptography;
 * quotes are whatever the test says they are.
 */
#ifndef HF_TESTS_LONE_H
#define HF_TESTS_LONE_H

#include "node.h"
#include "notary.h"

struct lone {
    struct notary n;
    struct hf_engine *e;
    struct hf_update u; /* of the last step */
    uint64_t now_ms;
    uint8_t account[32];               /* once it has one */
    struct hf_validator validators[8]; /* of the set that lone_registered gives */
    uint32_t identity_work;            /* the last quote that was asked for */
};

/* An engine that has not been started. now_ms is 1000, the wall clock NOTARY_NOW_S. */
void lone_init(struct lone *l);
void lone_done(struct lone *l);

/* Hands over an event at l->now_ms; what comes of it is in l->u. */
void lone_step(struct lone *l, struct hf_event *event);
void lone_start(struct lone *l, enum hf_vault_state vault);
/* The same with one public row. */
void lone_start_with(struct lone *l, enum hf_vault_state vault, const char *key,
                     struct hf_bytes value);
void lone_vault(struct lone *l, int error);
void lone_quote_made(struct lone *l, uint32_t work, int error, struct hf_bytes quote);
void lone_quote_judged(struct lone *l, uint32_t work, int error);
void lone_response(struct lone *l, uint32_t call, int error, struct hf_bytes body);
/* Asks as this account (NULL: a locked node) under id 77. */
void lone_request(struct lone *l, uint8_t method, const uint8_t *account, struct hf_bytes body);
void lone_documents(struct lone *l, const struct hf_bytes *envelopes, size_t count);
void lone_local(struct lone *l, enum hf_local_type type, const char *name);
void lone_store(struct lone *l, int error);
/* So much later, HF_EVENT_TICK. */
void lone_tick(struct lone *l, uint64_t later_ms);

/* Started, its vault made, its first identity quote made; it waits for documents. */
void lone_fresh(struct lone *l);
/* Root, policy (k of n) and a set of members others and itself: the envelopes, in this order. */
void lone_papers(struct lone *l, uint8_t k, uint8_t shares, size_t others,
                 struct hf_bytes ret[static 3]);
/* After lone_fresh: documents that register it. It is placing. */
void lone_placing(struct lone *l, uint8_t k, uint8_t shares, size_t others);

/* The first of its kind in the last update; NULL: none. */
const struct hf_work *lone_work(const struct lone *l, enum hf_work_type type);
const struct hf_call *lone_call(const struct lone *l, uint8_t method);
const struct hf_trace *lone_trace(const struct lone *l, enum hf_trace_type type);
size_t lone_works(const struct lone *l, enum hf_work_type type);
/* The error of the one reply to lone_request in the last update; fails the test without one. */
int lone_refusal(const struct lone *l);
int lone_local_error(const struct lone *l);
struct hf_status lone_status(struct lone *l);

#endif
