/* What a service sends: an issuer chain in a header, a revocation list in any of its forms. */
#include "base/error.h"
#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_buf out;
    struct hf_bytes in = hf_bytes_of(data, len);
    hf_buf_init(&out, 2048);
    int rc = hf__decode_chain(in, &out);
    hf_assert(rc == 0 || rc == HF_EMALFORMED || rc == HF_ETOOBIG);
    hf_assert(rc != 0 || (out.len <= len && memchr(out.data, 0, out.len) == NULL));
    hf_buf_clear(&out);
    rc = hf__decode_crl(in, &out);
    hf_assert(rc == 0 || rc == HF_EMALFORMED || rc == HF_ETOOBIG);
    hf_assert(out.len <= len);
    hf_buf_done(&out);
    return 0;
}
