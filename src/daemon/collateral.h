/*
 * Keeps the folder of collateral fresh: asks the launcher for a fetch when attest/refresh.h says
 * that one is due, has the folder read again when it succeeded, and remembers what went wrong.
 * Nothing waits for it.
 */
#ifndef HF_DAEMON_COLLATERAL_H
#define HF_DAEMON_COLLATERAL_H

#include "attest/refresh.h"

struct hf__daemon;
struct hf__collateral;

enum { HF__COLLATERAL_TEXT_LEN = 512 };

/* What the status and the counters say. Unix times; 0: never. */
struct hf__collateral_facts {
    enum hf_refresh_use use;
    uint64_t expires_s, issued_s; /* of the set that is held */
    uint64_t fetched_s, tried_s;
    uint64_t next_s; /* when the next fetch is due; 0: nothing is fetched here */
    uint64_t fetches, failures_total;
    uint32_t failures; /* since the last that did not fail */
    bool busy;         /* a fetch is under way */
    char refused[64];  /* the document that has gone back, for which none is used; "" none */
    int error;         /* why the folder cannot be read, or nothing in it serves; 0: it does */
    size_t older;      /* its documents that are older than what is held, and left out */
    char text[HF__COLLATERAL_TEXT_LEN]; /* of the last failure; "" none since */
};

/* launcher_fd: of hf__fetch_launcher_start; taken. -1: nothing is fetched, and only the dates are
 * watched. */
HF_MUST_USE int hf__collateral_open(struct hf__daemon *d, int launcher_fd);
/* Ends its handles, and with its socket the launcher. Legal where it was never opened. */
void hf__collateral_close(struct hf__daemon *d);
/* When the loop has ended. */
void hf__collateral_free(struct hf__daemon *d);
/* The operator wants it: a fetch as soon as possible, and the folder is read again. */
void hf__collateral_force(struct hf__daemon *d);
/* The folder was read again. */
void hf__collateral_reloaded(struct hf__daemon *d, int error);
/* What is to be said of it in the status and the metrics. */
void hf__collateral_facts(const struct hf__daemon *d, struct hf__collateral_facts *ret);
/* "missing", "current", "stale", "expired". */
const char *hf__collateral_use_name(enum hf_refresh_use use);

#endif
