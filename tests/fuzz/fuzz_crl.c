/* Bytes that claim to be a revocation list: what was read lies inside them, sorted, and is found
 * again. */
#include "base/error.h"
#include "crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf__crl crl;
    struct hf_fault fault = {0};
    int r = hf__crl_parse(hf_bytes_of(data, len), &crl, &fault);
    if (r != 0) {
        hf_assert(r == HF_EMALFORMED && fault.expected != NULL && fault.offset <= len);
        return 0;
    }
    hf_assert(crl.serial_count <= len);
    for (size_t i = 0; i < crl.serial_count; i++) {
        struct hf_bytes s = crl.serials[i];
        hf_assert(s.data >= data && s.data + s.len <= data + len);
        hf_assert(hf__crl_lists(&crl, s));
    }
    hf__crl_done(&crl);
    return 0;
}
