#include "attest/quote.h"
#include "base/error.h"
#include "crypto/suite.h"
#include "p256.h"

enum {
    ATTESTATION_KEY_P256 = 2,
    BODY_SGX = 1,
    BODY_TDX_10 = 2,
    BODY_TDX_15 = 3,
    CERTIFICATION_QE_REPORT = 6,
};

/* A place in the quote; reading past the end notes what was expected, once. */
struct cursor {
    const uint8_t *base;
    const uint8_t *p;
    const uint8_t *end;
    struct hf_fault *fault;
};

static int fail_at(const struct cursor *c, const uint8_t *where, int error, const char *expected)
{
    *c->fault = (struct hf_fault){.offset = (size_t)(where - c->base), .expected = expected};
    return error;
}

static int take(struct cursor *c, size_t len, const char *expected, const uint8_t **ret)
{
    if (len > (size_t)(c->end - c->p))
        return fail_at(c, c->p, HF_EQUOTE, expected);
    *ret = c->p;
    c->p += len;
    return 0;
}

static uint64_t little(const uint8_t *p, size_t len)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static int take_number(struct cursor *c, size_t len, const char *expected, uint32_t *ret)
{
    const uint8_t *p;
    int r = take(c, len, expected, &p);
    if (r == 0)
        *ret = (uint32_t)little(p, len);
    return r;
}

/* A length of len_len bytes and as many bytes as it says, which are there. */
static int take_counted(struct cursor *c, size_t len_len, const char *expected,
                        struct hf_bytes *ret)
{
    uint32_t len;
    const uint8_t *data, *at = c->p;
    int r = take_number(c, len_len, expected, &len);
    if (r != 0)
        return r;
    if (take(c, len, expected, &data) != 0)
        return fail_at(c, at, HF_EQUOTE, expected);
    *ret = hf_bytes_of(data, len);
    return 0;
}

static int read_header(struct cursor *c, struct hf_quote *q)
{
    const uint8_t *h;
    int r = take(c, HF_QUOTE_HEADER_LEN, "a quote's header of 48 bytes", &h);
    if (r != 0)
        return r;
    uint64_t version = little(h, 2), tee = little(h + 4, 4);
    /* Versions 1 to 3 are quotes of SGX enclaves, whose headers have no TEE type yet. */
    if (version >= 1 && version <= 3)
        return fail_at(c, h, HF_ENOTTDX, "version 4 or 5: below are quotes of SGX");
    if (version != 4 && version != 5)
        return fail_at(c, h, HF_EQUOTE, "version 4 or 5");
    if (tee != HF_QUOTE_TEE_TDX)
        return fail_at(c, h + 4, HF_ENOTTDX, "TEE type 0x81, TDX");
    if (little(h + 2, 2) != ATTESTATION_KEY_P256)
        return fail_at(c, h + 2, HF_EQUOTE, "attestation key type 2, ECDSA over P-256");
    q->version = (uint16_t)version;
    q->qe_vendor_id = h + 12;
    q->user_data = h + 28;
    return 0;
}

/* Version 5 says what its body is; the six bytes that say it are signed too. */
static int read_descriptor(struct cursor *c, struct hf_quote *q)
{
    uint32_t type, len;
    const uint8_t *at = c->p;
    q->body_type = BODY_TDX_10;
    if (q->version == 4)
        return 0;
    int r = take_number(c, 2, "a body descriptor of 6 bytes", &type);
    if (r != 0)
        return r;
    if (type == BODY_SGX)
        return fail_at(c, at, HF_ENOTTDX, "body type 2 or 3, a TD report");
    if (type != BODY_TDX_10 && type != BODY_TDX_15)
        return fail_at(c, at, HF_EQUOTE, "body type 2 or 3, a TD report");
    r = take_number(c, 4, "a body descriptor of 6 bytes", &len);
    if (r != 0)
        return r;
    if (type == BODY_TDX_10 && len != HF_QUOTE_BODY_10_LEN)
        return fail_at(c, at + 2, HF_EQUOTE, "a body of 584 bytes for type 2");
    if (type == BODY_TDX_15 && len != HF_QUOTE_BODY_15_LEN)
        return fail_at(c, at + 2, HF_EQUOTE, "a body of 648 bytes for type 3");
    q->body_type = (uint16_t)type;
    return 0;
}

static int read_body(struct cursor *c, struct hf_quote *q)
{
    const uint8_t *b;
    bool tdx_15 = q->body_type == BODY_TDX_15;
    int r = take(c, tdx_15 ? HF_QUOTE_BODY_15_LEN : HF_QUOTE_BODY_10_LEN,
                 tdx_15 ? "a TD report of 648 bytes" : "a TD report of 584 bytes", &b);
    if (r != 0)
        return r;
    q->tee_tcb_svn = b;
    q->mrseam = b + 16;
    q->mrsignerseam = b + 64;
    q->seam_attributes = little(b + 112, 8);
    q->td_attributes = little(b + 120, 8);
    q->xfam = little(b + 128, 8);
    q->mrtd = b + 136;
    q->mrconfigid = b + 184;
    q->mrowner = b + 232;
    q->mrownerconfig = b + 280;
    for (size_t i = 0; i < HF_ARRAY_LEN(q->rtmr); i++)
        q->rtmr[i] = b + 328 + HF_MR_LEN * i;
    q->report_data = b + 520;
    q->tee_tcb_svn2 = tdx_15 ? b + 584 : NULL;
    q->mrservicetd = tdx_15 ? b + 600 : NULL;
    return 0;
}

/* The QE report with its signature and authentication data, then the certification data inside. */
static int read_qe_report(struct cursor *c, struct hf_quote *q)
{
    uint32_t type;
    int r = take(c, HF_QE_REPORT_LEN, "a QE report of 384 bytes", &q->qe_report);
    if (r == 0)
        r = take(c, HF_P256_SIGNATURE_LEN, "the QE report's signature of 64 bytes",
                 &q->qe_report_signature);
    if (r == 0)
        r = take_counted(c, 2, "QE authentication data as long as it says", &q->qe_auth_data);
    if (r == 0)
        r = take_number(c, 2, "the type of the inner certification data", &type);
    if (r == 0)
        r = take_counted(c, 4, "inner certification data as long as it says", &q->certification);
    if (r == 0 && c->p != c->end)
        r = fail_at(c, c->p, HF_EQUOTE, "the end of the certification data");
    if (r == 0)
        q->certification_type = (uint16_t)type;
    return r;
}

static int read_signature_data(struct cursor *c, struct hf_quote *q)
{
    uint32_t type;
    struct hf_bytes data;
    int r = take(c, HF_P256_SIGNATURE_LEN, "the quote's signature of 64 bytes", &q->signature);
    if (r == 0)
        r = take(c, HF_P256_KEY_LEN, "an attestation key of 64 bytes", &q->attestation_key);
    if (r == 0)
        r = take_number(c, 2, "the type of the certification data", &type);
    if (r == 0)
        r = take_counted(c, 4, "certification data as long as it says", &data);
    if (r == 0 && c->p != c->end)
        r = fail_at(c, c->p, HF_EQUOTE, "the end of the signature data");
    if (r != 0)
        return r;
    if (type == CERTIFICATION_QE_REPORT) {
        struct cursor inner = {c->base, data.data, data.data + data.len, c->fault};
        return read_qe_report(&inner, q);
    }
    q->certification_type = (uint16_t)type;
    q->certification = data;
    return 0;
}

int hf_quote_parse(struct hf_bytes bytes, struct hf_quote *ret, struct hf_fault *ret_fault)
{
    struct hf_quote q = {0};
    struct hf_fault fault = {0};
    struct hf_bytes data;
    if (bytes.len == 0)
        bytes = hf_bytes_of("", 0); /* no arithmetic on a pointer that may be NULL */
    struct cursor c = {bytes.data, bytes.data, hf_bytes_end(bytes), &fault};
    int r = read_header(&c, &q);
    if (r == 0)
        r = read_descriptor(&c, &q);
    if (r == 0)
        r = read_body(&c, &q);
    q.signed_part = hf_bytes_of(bytes.data, (size_t)(c.p - c.base));
    if (r == 0)
        r = take_counted(&c, 4, "signature data as long as it says", &data);
    if (r == 0 && (size_t)(c.p - c.base) > HF_QUOTE_MAX)
        r = fail_at(&c, data.data, HF_EQUOTE, "a quote of at most 16384 bytes");
    if (r == 0) {
        struct cursor inner = {c.base, data.data, data.data + data.len, &fault};
        r = read_signature_data(&inner, &q);
    }
    if (r != 0) {
        if (ret_fault != NULL)
            *ret_fault = fault;
        return r;
    }
    q.len = (size_t)(c.p - c.base);
    q.trailing_bytes = bytes.len - q.len;
    *ret = q;
    return 0;
}

int hf_quote_outline(struct hf_bytes bytes, struct hf_bytes *ret_quote,
                     const uint8_t **ret_report_data)
{
    struct hf_quote q;
    int r = hf_quote_parse(bytes, &q, NULL);
    if (r != 0)
        return r;
    *ret_quote = hf_bytes_of(bytes.data, q.len);
    *ret_report_data = q.report_data;
    return 0;
}

void hf_quote_measurement(const struct hf_quote *quote, uint8_t ret[static HF_MEASUREMENT_LEN])
{
    uint8_t registers[5 * HF_MR_LEN];
    struct hf_hash digest;
    memcpy(registers, quote->mrtd, HF_MR_LEN);
    for (size_t i = 0; i < HF_ARRAY_LEN(quote->rtmr); i++)
        memcpy(registers + HF_MR_LEN * (i + 1), quote->rtmr[i], HF_MR_LEN);
    hf_suite_real.hash("holdfast/v1/measurement", hf_bytes_of(registers, sizeof registers),
                       &digest);
    memcpy(ret, digest.bytes, HF_MEASUREMENT_LEN);
}

void hf_register_tag(const uint8_t value[static HF_MR_LEN], uint8_t ret[static HF_REGISTER_TAG_LEN])
{
    static const uint8_t zeros[HF_MR_LEN];
    uint8_t digest[HF__SHA256_LEN];
    hf__sha256(hf_bytes_of(value, HF_MR_LEN), hf_bytes_of(NULL, 0), digest);
    if (memcmp(value, zeros, sizeof zeros) == 0)
        memset(digest, 0, sizeof digest);
    memcpy(ret, digest, HF_REGISTER_TAG_LEN);
}
