/*
 * Layout of TDX quotes. Source: Intel, "TDX DCAP: Quote Generation Library and Quote Verification
 * Library", appendix A.3 (version 4) and A.4 (version 5). All integers are little-endian.
 */
#include "dev_machine.h"
#include "base/error.h"
#include "crypto/suite.h"

#include <openssl/sha.h>
#include <stdio.h>

enum {
    KEY_TYPE_P256 = 2,
    TEE_TYPE_TDX = 0x81,
    CERTIFICATION_PCK_CHAIN = 5,
    CERTIFICATION_QE_REPORT = 6,
    SIGNED_MAX = 48 + 6 + 648,
};

static void put_le(struct hf_buf *out, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hf_buf_append_u8(out, (uint8_t)(v >> (8 * i)));
}

void hf_dev_td_init(struct hf_dev_td *ret, const char *image)
{
    *ret = (struct hf_dev_td){
        .tee_tcb_svn = {5, 1, 6},
        .td_attributes = UINT64_C(1) << 28, /* SEPT_VE_DISABLE, as real guests have it */
        .xfam = 0x61ae7,
        .tee_tcb_svn2 = {5, 1, 6},
    };
    SHA384((const uint8_t *)"holdfast dev module", 19, ret->mrseam);
    SHA384((const uint8_t *)image, strlen(image), ret->mrtd);
    for (int i = 0; i < 3; i++) {
        uint8_t suffixed[HF_DEV_REGISTER_LEN + 1];
        memcpy(suffixed, ret->mrtd, HF_DEV_REGISTER_LEN);
        suffixed[HF_DEV_REGISTER_LEN] = (uint8_t)i;
        SHA384(suffixed, sizeof suffixed, ret->rtmr[i]);
    }
}

void hf_dev_td_bind_network(struct hf_dev_td *td, struct hf_bytes network_id)
{
    uint8_t input[2 * HF_DEV_REGISTER_LEN];
    memcpy(input, td->rtmr[3], HF_DEV_REGISTER_LEN);
    SHA384(network_id.data, network_id.len, input + HF_DEV_REGISTER_LEN);
    SHA384(input, sizeof input, td->rtmr[3]);
}

void hf_dev_td_measurement(const struct hf_dev_td *td, uint8_t ret[static HF_MEASUREMENT_LEN])
{
    uint8_t input[5 * HF_DEV_REGISTER_LEN];
    struct hf_hash digest;
    memcpy(input, td->mrtd, HF_DEV_REGISTER_LEN);
    memcpy(input + HF_DEV_REGISTER_LEN, td->rtmr, sizeof td->rtmr);
    hf_suite_real.hash("holdfast/v1/measurement", hf_bytes_of(input, sizeof input), &digest);
    memcpy(ret, digest.bytes, HF_MEASUREMENT_LEN);
}

static void put_header(struct hf_buf *out, uint16_t version)
{
    static const uint8_t intel_qe[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                         0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    static const uint8_t user_data[20];
    put_le(out, version, 2);
    put_le(out, KEY_TYPE_P256, 2);
    put_le(out, TEE_TYPE_TDX, 4);
    put_le(out, 0, 4); /* QE and PCE SVN, reserved in version 4 */
    hf_buf_append(out, intel_qe, sizeof intel_qe);
    hf_buf_append(out, user_data, sizeof user_data);
}

static void put_body(struct hf_buf *out, const struct hf_dev_td *td, bool is_tdx15,
                     const uint8_t report_data[static 64])
{
    hf_buf_append(out, td->tee_tcb_svn, sizeof td->tee_tcb_svn);
    hf_buf_append(out, td->mrseam, sizeof td->mrseam);
    hf_buf_append(out, td->mrsignerseam, sizeof td->mrsignerseam);
    put_le(out, td->seam_attributes, 8);
    put_le(out, td->td_attributes, 8);
    put_le(out, td->xfam, 8);
    hf_buf_append(out, td->mrtd, sizeof td->mrtd);
    hf_buf_append(out, td->mrconfigid, sizeof td->mrconfigid);
    hf_buf_append(out, td->mrowner, sizeof td->mrowner);
    hf_buf_append(out, td->mrownerconfig, sizeof td->mrownerconfig);
    hf_buf_append(out, td->rtmr, sizeof td->rtmr);
    hf_buf_append(out, report_data, 64);
    if (is_tdx15) {
        hf_buf_append(out, td->tee_tcb_svn2, sizeof td->tee_tcb_svn2);
        hf_buf_append(out, td->mrservicetd, sizeof td->mrservicetd);
    }
}

/* Everything that the attestation key signs. */
static void put_signed(struct hf_buf *out, const struct hf_dev_td *td, enum hf_dev_format format,
                       const uint8_t report_data[static 64])
{
    bool is_tdx15 = format == HF_DEV_QUOTE_V5_TDX15;
    put_header(out, format == HF_DEV_QUOTE_V4 ? 4 : 5);
    if (format != HF_DEV_QUOTE_V4) {
        put_le(out, is_tdx15 ? 3 : 2, 2);
        put_le(out, is_tdx15 ? 648 : 584, 4);
    }
    put_body(out, td, is_tdx15, report_data);
}

static void put_signature_data(struct hf_buf *out, const struct hf_dev_machine *m,
                               const uint8_t signature[static HF__DEV_SIGNATURE_LEN])
{
    size_t inner =
        HF__DEV_REPORT_LEN + HF__DEV_SIGNATURE_LEN + 2 + m->auth_data_len + 6 + m->chain.len;
    put_le(out, HF__DEV_SIGNATURE_LEN + HF_DEV_ROOT_KEY_LEN + 6 + inner, 4);
    hf_buf_append(out, signature, HF__DEV_SIGNATURE_LEN);
    hf_buf_append(out, m->attestation_public, HF_DEV_ROOT_KEY_LEN);
    put_le(out, CERTIFICATION_QE_REPORT, 2);
    put_le(out, inner, 4);
    hf_buf_append(out, m->qe_report, HF__DEV_REPORT_LEN);
    hf_buf_append(out, m->qe_signature, HF__DEV_SIGNATURE_LEN);
    put_le(out, m->auth_data_len, 2);
    hf_buf_append(out, m->auth_data, m->auth_data_len);
    put_le(out, CERTIFICATION_PCK_CHAIN, 2);
    put_le(out, m->chain.len, 4);
    hf_buf_append(out, m->chain.data, m->chain.len);
}

int hf_dev_quote_make(const struct hf_dev_machine *m, const struct hf_dev_td *td,
                      enum hf_dev_format format, const uint8_t report_data[static 64],
                      struct hf_buf *ret_quote)
{
    uint8_t signature[HF__DEV_SIGNATURE_LEN];
    struct hf_buf part;
    hf_buf_init(&part, SIGNED_MAX);
    put_signed(&part, td, format, report_data);
    int r = part.error;
    if (r == 0)
        r = hf__dev_sign(m->attestation_key, hf_buf_bytes(&part), signature);
    if (r == 0) {
        hf_buf_append(ret_quote, part.data, part.len);
        put_signature_data(ret_quote, m, signature);
        r = ret_quote->error;
    }
    hf_buf_done(&part);
    return r;
}
