/* A firmware that a host gives: whatever it is, a digest or a refusal, within bounds. */
#include "attest/tdvf.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t mrtd[HF_MR_LEN];
    int r = hf_tdvf_mrtd(hf_bytes_of(data, len), mrtd);
    hf_assert(r == 0 || r == HF_EMALFORMED || r == HF_ETOOBIG);
    return 0;
}
