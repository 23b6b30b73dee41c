/*
 * Keeps the folder of collateral fresh: asks the broker for a fetch when attest/refresh.h says that
 * one is due, has the folder read again when it succeeded, and remembers what went wrong. Nothing
 * waits for it.
 */
#ifndef HF_DAEMON_KEEPER_H
#define HF_DAEMON_KEEPER_H

#include "attest/refresh.h"

struct hf__daemon;
struct hf__keeper;

enum { HF__KEEPER_TEXT_LEN = 512 };

/* What the status and the counters say. Unix times; 0: never. */
struct hf__keeper_facts {
    enum hf_refresh_use use;
    uint64_t expires_s, issued_s; /* of the set that is held */
    uint64_t fetched_s, tried_s;
    uint64_t next_s; /* when the next fetch is due; 0: nothing is fetched here */
    uint64_t fetches, failures_total;
    uint32_t failures; /* since the last that did not fail */
    bool busy;         /* a fetch is under way */
    int error;         /* of the folder, when it was read last */
    size_t older;      /* its documents that are older than what is held, and left out */
    char text[HF__KEEPER_TEXT_LEN]; /* of the last failure; "" none since */
};

/* broker_fd: of hf__broker_start; taken. -1: nothing is fetched, and only the dates are watched. */
HF_MUST_USE int hf__keeper_open(struct hf__daemon *d, int broker_fd);
/* Ends its handles, and with its socket the broker. Legal where it was never opened. */
void hf__keeper_close(struct hf__daemon *d);
/* When the loop has ended. */
void hf__keeper_free(struct hf__daemon *d);
/* The operator wants it: a fetch as soon as possible, and the folder is read again. */
void hf__keeper_force(struct hf__daemon *d);
/* The folder was read again. */
void hf__keeper_reloaded(struct hf__daemon *d, int error);
void hf__keeper_facts(const struct hf__daemon *d, struct hf__keeper_facts *ret);
/* "missing", "current", "stale", "expired". */
const char *hf__keeper_use_name(enum hf_refresh_use use);

#endif
