/* Bytes that claim to be a certificate, or the SGX extension of one, or a chain of them in PEM. */
#include "base/error.h"
#include "chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A failure says where and what; a success says nothing. */
static void check(int r, const struct hf_fault *fault, size_t len)
{
    hf_assert(r == 0 || r == HF_EMALFORMED);
    hf_assert(r == 0 || (fault->expected != NULL && fault->offset <= len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_bytes all = hf_bytes_of(data, len);
    struct hf__cert cert;
    struct hf__pck pck;
    struct hf_fault fault = {0};
    int r = hf__cert_parse(all, &cert, &fault);
    check(r, &fault, len);
    if (r == 0 && cert.sgx.len != 0) {
        fault = (struct hf_fault){0};
        check(hf__pck_parse(cert.sgx, &pck, &fault), &fault, cert.sgx.len);
    }
    fault = (struct hf_fault){0};
    check(hf__pck_parse(all, &pck, &fault), &fault, len);

    struct hf__chain chain;
    struct hf__chain_fault chain_fault = {.cert = -1};
    r = hf__chain_parse(all, 3, false, &chain, &chain_fault);
    hf_assert(r == 0 || (r == HF_EMALFORMED && chain_fault.fault.expected != NULL));
    if (r == 0)
        hf__chain_done(&chain);
    return 0;
}
