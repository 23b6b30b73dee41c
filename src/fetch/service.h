/*
 * What the service is asked for, and what comes of it in memory. Source: Intel, "API for SGX and
 * TDX provisioning certification", version 4, and the PCCS, which answers the same requests.
 */
#ifndef HF_FETCH_SERVICE_H
#define HF_FETCH_SERVICE_H

#include "http.h"

enum {
    /* Answers may name different signing chains while the service changes its certificate: all are
       kept. */
    HF__SERVICE_CHAINS_MAX = 4,
};

struct hf__service_set {
    size_t platform_count;
    struct hf__service_platform {
        uint8_t fmspc[HF_FMSPC_LEN];
        struct hf_buf tcb_info;
        struct hf_buf early; /* that of the evaluation that is announced; empty: none is */
    } * platform;
    struct hf_buf qe_identity;
    struct hf_buf early_qe_identity; /* likewise */
    struct hf__service_list {
        struct hf_buf list;         /* DER */
        struct hf_buf issuer_chain; /* PEM */
    } pck[HF_PCK_CAS_MAX];          /* of each CA that was asked for */
    struct hf_buf root_ca_crl;      /* DER */
    size_t chain_count;
    struct hf_buf tcb_signing_chain[HF__SERVICE_CHAINS_MAX]; /* PEM; at least one of them fits */
};

/*
 * Fetches everything. ret_reason: HF__FETCH_REASON_MAX bytes, a line on failure. Errors as
 * hf__http_get, and HF_EMALFORMED for a chain or list in none of the known forms. ret: give back
 * with hf__service_set_done.
 */
HF_MUST_USE int hf__service_fetch(const struct hf__fetch_options *options,
                                  struct hf__service_set *ret, char *ret_reason);
/* Frees what the set holds. */
void hf__service_set_done(struct hf__service_set *set);

#endif
