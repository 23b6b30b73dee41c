/*
 * One engine without a world: the test is its shell, and hands it every event. Real cryptography;
 * quotes are whatever the test says they are.
 */
#ifndef HF_TESTS_ENGINE_HARNESS_H
#define HF_TESTS_ENGINE_HARNESS_H

#include "life/life.h"
#include "document_authority.h"

struct harness {
    struct authority n;
    struct hf_shared *shared;
    struct hf_engine *e;
    struct hf_update u; /* of the last step */
    uint64_t now_ms;
    struct hf_account account;            /* once it has one */
    struct hf_validator validators[1024]; /* of the set that harness_registered gives */
    uint32_t identity_work;               /* the last quote that was asked for */
};

/* An engine that has not been started. now_ms is 1000, the wall clock AUTHORITY_NOW_S. */
void harness_init(struct harness *l);
void harness_done(struct harness *l);

/* Hands over an event at l->now_ms; what comes of it is in l->u. */
void harness_step(struct harness *l, struct hf_event *event);
void harness_start(struct harness *l, enum hf_vault_state vault);
/* The same with one public row. */
void harness_start_with(struct harness *l, enum hf_vault_state vault, const char *key,
                        struct hf_bytes value);
void harness_vault(struct harness *l, int error);
void harness_quote_made(struct harness *l, uint32_t work, int error, struct hf_bytes quote);
void harness_quote_judged(struct harness *l, uint32_t work, int error);
void harness_response(struct harness *l, uint32_t call, int error, struct hf_bytes body);
/* Asks as this account (NULL: a locked node) under id 77. */
void harness_request(struct harness *l, uint8_t method, const struct hf_account *account,
                     struct hf_bytes body);
void harness_documents(struct harness *l, const struct hf_bytes *envelopes, size_t count);
void harness_local(struct harness *l, enum hf_local_type type, const char *name);
void harness_store(struct harness *l, int error);
/* So much later, HF_EVENT_TICK. */
void harness_tick(struct harness *l, uint64_t later_ms);

/* Started, its vault made, its first identity quote made; it waits for documents. */
void harness_fresh(struct harness *l);
/* Root, policy (k of n) and a set of members others and itself: the envelopes, in this order. */
void harness_envelopes(struct harness *l, uint8_t k, uint8_t shares, size_t others,
                       struct hf_bytes ret[static 3]);
/* After harness_fresh: documents that register it. It is placing. */
void harness_placing(struct harness *l, uint8_t k, uint8_t shares, size_t others);

/* The first of its kind in the last update; NULL: none. */
const struct hf_work *harness_work(const struct harness *l, enum hf_work_type type);
const struct hf_call *harness_call(const struct harness *l, uint8_t method);
const struct hf_trace *harness_trace(const struct harness *l, enum hf_trace_type type);
size_t harness_works(const struct harness *l, enum hf_work_type type);
/* The error of the one reply to harness_request in the last update; fails the test without one. */
int harness_refusal(const struct harness *l);
int harness_local_error(const struct harness *l);
struct hf_status harness_status(struct harness *l);

#endif
