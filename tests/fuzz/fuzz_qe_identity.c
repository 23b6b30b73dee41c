/* Bytes that claim to be a signed QE identity: within its bounds, its
 * advisories inside the bytes. */
#include "base/error.h"
#include "tcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct hf__qe_identity parsed;
    uint8_t signature[HF_TCB_SIGNATURE_LEN];
    struct hf_bytes body;
    struct hf_fault fault = {0};
    int r = hf__document_split(hf_bytes_of(data, len), "enclaveIdentity", &body, signature, &fault);
    if (r == 0)
        r = hf__qe_identity_parse(body, &parsed, &fault);
    if (r != 0) {
        hf_assert(r == HF_EMALFORMED && fault.expected != NULL && fault.offset <= len);
        return 0;
    }
    hf_assert(parsed.svn_level_count <= HF_TCB_SVN_LEVELS_MAX);
    hf_assert(parsed.advisories.count <= HF_TCB_ADVISORIES_MAX);
    for (size_t i = 0; i < parsed.advisories.count; i++) {
        const uint8_t *text = parsed.advisories.item[i].text;
        hf_assert(text >= data && text + parsed.advisories.item[i].len <= data + len);
    }
    return 0;
}
