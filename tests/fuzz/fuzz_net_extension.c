/* The decoder of the certificate extension: what it takes has one encoding, and
 * that is the input. */
#include "base/check.h"
#include "extension.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf__extension e;
    uint8_t again[HF__EXTENSION_LEN];
    if (hf__extension_decode(hf_bytes_of(data, len), &e) != 0)
        return 0;
    hf__extension_encode(&e, again);
    hf_assert(hf_bytes_equal(hf_bytes_of(data, len), hf_bytes_of(again, sizeof(again))));
    return 0;
}
