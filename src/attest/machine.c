#include "machine.h"
#include "base/error.h"

#include <stdlib.h>

int hf__pck_chain_new(struct hf_bytes pem, struct hf__pck_chain **ret,
                      struct hf__chain_fault *ret_fault)
{
    struct hf__pck_chain *c = calloc(1, sizeof *c);
    if (c == NULL)
        return HF_ENOMEM;
    atomic_init(&c->refs, 1);
    int r = hf__chain_parse(pem, 3, false, &c->chain, ret_fault);
    if (r == 0) {
        ret_fault->cert = 0;
        r = hf__pck_parse(c->chain.cert[0].sgx, &c->pck, &ret_fault->fault);
    }
    if (r != 0) {
        hf__pck_chain_unref(c);
        return r;
    }
    hf__chain_validity(&c->chain, &c->not_before_s, &c->not_after_s);
    *ret = c;
    return 0;
}

int hf_quote_read_platform(const struct hf_quote *quote, struct hf_quote_platform *ret)
{
    struct hf__pck_chain *chain;
    struct hf__chain_fault fault;
    if (quote->certification_type != HF_CERTIFICATION_PCK_CHAIN)
        return HF_ECERTDATA;
    int r = hf__pck_chain_new(quote->certification, &chain, &fault);
    if (r != 0)
        return r == HF_EMALFORMED ? HF_EPCKCHAIN : r;
    *ret = chain->pck.platform;
    hf__pck_chain_unref(chain);
    return 0;
}

struct hf__pck_chain *hf__pck_chain_ref(struct hf__pck_chain *chain)
{
    atomic_fetch_add(&chain->refs, 1);
    return chain;
}

void hf__pck_chain_unref(struct hf__pck_chain *chain)
{
    if (chain == NULL || atomic_fetch_sub(&chain->refs, 1) != 1)
        return;
    hf__chain_done(&chain->chain);
    hf__p256_free(chain->key);
    free(chain);
}

struct hf_bytes hf__machine_section(const struct hf_quote *quote)
{
    if (quote->qe_report == NULL)
        return hf_bytes_of(NULL, 0);
    const uint8_t *end = quote->certification.data + quote->certification.len;
    return hf_bytes_of(quote->attestation_key, (size_t)(end - quote->attestation_key));
}

void hf__machine_unref(struct hf__machine *m)
{
    if (m == NULL || atomic_fetch_sub(&m->refs, 1) != 1)
        return;
    hf__pck_chain_unref(m->chain);
    hf__p256_free(m->attestation_key);
    free(m);
}
