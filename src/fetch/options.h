/* The command line of holdfast-collateral. */
#ifndef HF_FETCH_OPTIONS_H
#define HF_FETCH_OPTIONS_H

#include "attest/collateral.h"

enum { HF__FETCH_URL_MAX = 1024 };

struct hf__fetch_options {
    const char *url; /* of the service; without a slash at its end; borrowed from argv */
    size_t url_len;
    const char *root_crl_url;       /* NULL: asked of the service */
    const char *ca[HF_PCK_CAS_MAX]; /* "platform", "processor" */
    size_t ca_count;
    const char *output;  /* the folder */
    const char *ca_file; /* NULL: the system's certificates */
    struct hf_roots roots;
    uint8_t dev_key[HF_ROOT_KEY_LEN];
    uint8_t fmspc[HF_COLLATERAL_PLATFORMS_MAX][HF_FMSPC_LEN];
    size_t fmspc_count;
    uint64_t request_s; /* for one request */
    uint64_t total_s;   /* for all of them */
    uint64_t at_s;      /* Unix time to judge dates by; 0: now */
    bool help, version;
};

/*
 * argv: borrowed for as long as ret is used. HF_EINVAL: ret_reason, of len bytes, gets a sentence
 * for a person.
 */
HF_MUST_USE int hf__fetch_options_parse(int argc, char **argv, struct hf__fetch_options *ret,
                                        char *ret_reason, size_t len);

/* For --help; terminated. */
extern const char hf__fetch_usage[];

#endif
