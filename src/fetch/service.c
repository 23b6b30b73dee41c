#include "service.h"
#include "base/error.h"
#include "base/hex.h"
#include "decode.h"

#include <stdio.h>
#include <stdlib.h>

/* A chain in a header is percent-encoded: at most three bytes for each of its own. */
enum { ENCODED_CHAIN_MAX = 3 * HF_COLLATERAL_CHAIN_MAX, URL_MAX = HF__FETCH_URL_MAX + 128 };

struct fetch {
    const struct hf__fetch_options *options;
    struct hf__http *http;
    char *reason;
};

static int refuse(const struct fetch *f, int error, const char *url, const char *what)
{
    snprintf(f->reason, HF__FETCH_REASON_MAX, "%.300s: %.180s", url, what);
    return error;
}

/* One document, and the chain from its header; header NULL: none. Both are set only on success. */
static int get(const struct fetch *f, const char *url, const char *header, struct hf_buf *ret_body,
               struct hf_buf *ret_chain)
{
    struct hf_buf encoded;
    hf_buf_init(&encoded, ENCODED_CHAIN_MAX);
    int r = hf__http_get(f->http, url, header, ret_body, &encoded, f->reason);
    if (r == 0 && ret_body->len == 0)
        r = refuse(f, HF_EMALFORMED, url, "an empty body");
    if (r == 0 && header != NULL) {
        r = hf__decode_chain(hf_buf_bytes(&encoded), ret_chain);
        if (r != 0)
            r = refuse(f, r, url, "the issuer chain is not PEM");
    }
    hf_buf_done(&encoded);
    return r;
}

/* Takes the chain over, unless it is there already. */
static int chain_keep(const struct fetch *f, struct hf__service_set *set, const char *url,
                      struct hf_buf *chain)
{
    for (size_t i = 0; i < set->chain_count; i++)
        if (hf_bytes_equal(hf_buf_bytes(&set->tcb_signing_chain[i]), hf_buf_bytes(chain))) {
            hf_buf_done(chain);
            return 0;
        }
    if (set->chain_count == HF__SERVICE_CHAINS_MAX) {
        hf_buf_done(chain);
        return refuse(f, HF_EMALFORMED, url, "too many different signing chains");
    }
    set->tcb_signing_chain[set->chain_count++] = *chain;
    return 0;
}

/* A signed JSON document, and its signing chain. */
static int get_signed(const struct fetch *f, const char *url, const char *header,
                      struct hf__service_set *set, struct hf_buf *ret_body)
{
    struct hf_buf chain;
    hf_buf_init(&chain, HF_COLLATERAL_CHAIN_MAX);
    hf_buf_init(ret_body, HF_COLLATERAL_DOCUMENT_MAX);
    int r = get(f, url, header, ret_body, &chain);
    if (r == 0)
        return chain_keep(f, set, url, &chain);
    hf_buf_done(&chain);
    return r;
}

static int get_platform(const struct fetch *f, const uint8_t *fmspc, struct hf__service_set *set)
{
    char url[URL_MAX], hex[2 * HF_FMSPC_LEN + 1];
    struct hf__service_platform *p = &set->platform[set->platform_count++];
    memcpy(p->fmspc, fmspc, HF_FMSPC_LEN);
    hf_hex_encode(fmspc, HF_FMSPC_LEN, hex);
    snprintf(url, sizeof url, "%.*s/tdx/certification/v4/tcb?fmspc=%s", (int)f->options->url_len,
             f->options->url, hex);
    return get_signed(f, url, "tcb-info-issuer-chain", set, &p->tcb_info);
}

static int get_identity(const struct fetch *f, struct hf__service_set *set)
{
    char url[URL_MAX];
    snprintf(url, sizeof url, "%.*s/tdx/certification/v4/qe/identity", (int)f->options->url_len,
             f->options->url);
    return get_signed(f, url, "sgx-enclave-identity-issuer-chain", set, &set->qe_identity);
}

static int get_list(const struct fetch *f, const char *url, const char *header,
                    struct hf_buf *ret_list, struct hf_buf *ret_chain)
{
    struct hf_buf body;
    hf_buf_init(&body, 2 * HF_COLLATERAL_DOCUMENT_MAX);
    hf_buf_init(ret_list, HF_COLLATERAL_DOCUMENT_MAX);
    int r = get(f, url, header, &body, ret_chain);
    if (r == 0) {
        r = hf__decode_crl(hf_buf_bytes(&body), ret_list);
        if (r != 0)
            r = refuse(f, r, url, "the revocation list is neither DER, hexadecimal nor PEM");
    }
    hf_buf_done(&body);
    return r;
}

/* The list of one PCK CA, with its chain. */
static int get_pck_list(const struct fetch *f, const char *ca, struct hf__service_list *list)
{
    char url[URL_MAX];
    snprintf(url, sizeof url, "%.*s/sgx/certification/v4/pckcrl?ca=%s&encoding=der",
             (int)f->options->url_len, f->options->url, ca);
    hf_buf_init(&list->issuer_chain, HF_COLLATERAL_CHAIN_MAX);
    return get_list(f, url, "sgx-pck-crl-issuer-chain", &list->list, &list->issuer_chain);
}

static int get_lists(const struct fetch *f, struct hf__service_set *set)
{
    char url[URL_MAX];
    const struct hf__fetch_options *o = f->options;
    for (size_t i = 0; i < o->ca_count; i++) {
        int r = get_pck_list(f, o->ca[i], &set->pck[i]);
        if (r != 0)
            return r;
    }
    snprintf(url, sizeof url, "%.*s/sgx/certification/v4/rootcacrl", (int)o->url_len, o->url);
    return get_list(f, o->root_crl_url != NULL ? o->root_crl_url : url, NULL, &set->root_ca_crl,
                    NULL);
}

/* One document of the evaluation that is announced; empty where it is the one that counts. Whether
 * the service goes on answering. */
static bool get_early_one(const struct fetch *f, const char *url, const char *header,
                          const struct hf_buf *standard, struct hf_buf *ret_body)
{
    struct hf_buf chain;
    hf_buf_init(&chain, HF_COLLATERAL_CHAIN_MAX);
    hf_buf_init(ret_body, HF_COLLATERAL_DOCUMENT_MAX);
    int r = get(f, url, header, ret_body, &chain);
    if (r != 0 || hf_bytes_equal(hf_buf_bytes(ret_body), hf_buf_bytes(standard)))
        hf_buf_done(ret_body);
    hf_buf_done(&chain);
    return r == 0 || r == HF_ENOTFOUND;
}

/* What is announced, once all that counts is there. It is for a warning only: that there is none,
 * or that it cannot be had, fails nothing. */
static void get_early(const struct fetch *f, struct hf__service_set *set)
{
    char url[URL_MAX], hex[2 * HF_FMSPC_LEN + 1], unsaid[HF__FETCH_REASON_MAX] = "";
    const struct fetch quiet = {.options = f->options, .http = f->http, .reason = unsaid};
    snprintf(url, sizeof url, "%.*s/tdx/certification/v4/qe/identity?update=early",
             (int)f->options->url_len, f->options->url);
    bool more = get_early_one(&quiet, url, "sgx-enclave-identity-issuer-chain", &set->qe_identity,
                              &set->early_qe_identity);
    for (size_t i = 0; i < set->platform_count && more; i++) {
        struct hf__service_platform *p = &set->platform[i];
        hf_hex_encode(p->fmspc, HF_FMSPC_LEN, hex);
        snprintf(url, sizeof url, "%.*s/tdx/certification/v4/tcb?fmspc=%s&update=early",
                 (int)f->options->url_len, f->options->url, hex);
        more = get_early_one(&quiet, url, "tcb-info-issuer-chain", &p->tcb_info, &p->early);
    }
}

void hf__service_set_done(struct hf__service_set *set)
{
    for (size_t i = 0; i < set->platform_count; i++) {
        hf_buf_done(&set->platform[i].tcb_info);
        hf_buf_done(&set->platform[i].early);
    }
    free(set->platform);
    hf_buf_done(&set->qe_identity);
    hf_buf_done(&set->early_qe_identity);
    for (size_t i = 0; i < HF_PCK_CAS_MAX; i++) {
        hf_buf_done(&set->pck[i].list);
        hf_buf_done(&set->pck[i].issuer_chain);
    }
    hf_buf_done(&set->root_ca_crl);
    for (size_t i = 0; i < set->chain_count; i++)
        hf_buf_done(&set->tcb_signing_chain[i]);
}

int hf__service_fetch(const struct hf__fetch_options *options, struct hf__service_set *ret,
                      char *ret_reason)
{
    struct fetch f = {.options = options, .reason = ret_reason};
    struct hf__service_set set = {0};
    set.platform = calloc(options->fmspc_count, sizeof *set.platform);
    int r = set.platform == NULL ? HF_ENOMEM : hf__http_new(options, &f.http);
    if (r != 0)
        snprintf(ret_reason, HF__FETCH_REASON_MAX, "%s", hf_error_sentence(r));
    for (size_t i = 0; i < options->fmspc_count && r == 0; i++)
        r = get_platform(&f, options->fmspc[i], &set);
    if (r == 0)
        r = get_identity(&f, &set);
    if (r == 0)
        r = get_lists(&f, &set);
    if (r == 0)
        get_early(&f, &set);
    hf__http_free(f.http);
    if (r != 0) {
        hf__service_set_done(&set);
        return r;
    }
    *ret = set;
    return 0;
}
