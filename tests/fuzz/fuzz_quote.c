/* Bytes that claim to be a quote: nothing in the parsed quote may lie outside them. */
#include "attest/quote.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool inside(struct hf_bytes all, const uint8_t *p, size_t len)
{
    return p >= all.data && len <= all.len && (size_t)(p - all.data) <= all.len - len;
}

static bool certification_is_inside(struct hf_bytes all, const struct hf_quote *q)
{
    if (!inside(all, q->certification.data, q->certification.len))
        return false;
    return q->qe_report == NULL || (inside(all, q->qe_report, HF_QE_REPORT_LEN) &&
                                    inside(all, q->qe_report_signature, HF_P256_SIGNATURE_LEN) &&
                                    inside(all, q->qe_auth_data.data, q->qe_auth_data.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hf_bytes all = hf_bytes_of(data, len);
    struct hf_quote q;
    struct hf_fault fault = {0};
    struct hf_quote_platform platform;
    int r = hf_quote_parse(all, &q, &fault);
    if (r != 0) {
        struct hf_bytes none;
        const uint8_t *nothing;
        hf_assert(hf_quote_outline(all, &none, &nothing) == r);
        hf_assert(r == HF_EQUOTE || r == HF_ENOTTDX);
        hf_assert(fault.expected != NULL && fault.offset <= len);
        return 0;
    }
    hf_assert(q.len + q.trailing_bytes == len && q.len <= HF_QUOTE_MAX);
    hf_assert(inside(all, q.signed_part.data, q.signed_part.len));
    hf_assert(inside(all, q.report_data, 64) && inside(all, q.signature, HF_P256_SIGNATURE_LEN));
    hf_assert(inside(all, q.attestation_key, HF_P256_KEY_LEN));
    hf_assert(q.tee_tcb_svn2 == NULL || inside(all, q.mrservicetd, HF_MR_LEN));
    hf_assert(certification_is_inside(all, &q));
    struct hf_bytes outline;
    const uint8_t *report_data;
    uint8_t measurement[HF_MEASUREMENT_LEN], tag[HF_REGISTER_TAG_LEN];
    r = hf_quote_outline(all, &outline, &report_data);
    hf_assert(r == 0 && outline.len == q.len && report_data == q.report_data);
    hf_quote_measurement(&q, measurement);
    hf_register_tag(q.mrtd, tag);
    r = hf_quote_read_platform(&q, &platform);
    hf_assert(r == 0 || r == HF_ECERTDATA || r == HF_EPCKCHAIN);
    return 0;
}
