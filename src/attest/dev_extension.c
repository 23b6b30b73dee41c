/*
 * The extension with which Intel's PCK certificates describe the processor, written as DER by hand:
 * nested sequences of (object identifier, value), all below 1.2.840.113741.1.13.1. Source: Intel,
 * "SGX PCK Certificate and Certificate Revocation List Profile Specification", section 1.3.5.
 */
#include "dev_pki.h"
#include "base/error.h"

#include <openssl/objects.h>

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_OCTETS = 0x04,
    TAG_OID = 0x06,
    TAG_ENUMERATED = 0x0a,
    TAG_SEQUENCE = 0x30,
    EXTENSION_MAX = 1024,
};

void hf__dev_put_header(struct hf_buf *out, uint8_t tag, size_t len)
{
    hf_buf_append_u8(out, tag);
    if (len >= 0x100) {
        bool wide = len >= 0x10000; /* a long revocation list */
        hf_assert(len < 0x1000000);
        hf_buf_append_u8(out, wide ? 0x83 : 0x82);
        if (wide)
            hf_buf_append_u8(out, (uint8_t)(len >> 16));
        hf_buf_append_u16(out, (uint16_t)len);
        return;
    }
    if (len >= 0x80)
        hf_buf_append_u8(out, 0x81);
    hf_buf_append_u8(out, (uint8_t)len);
}

/* SEQUENCE { OID base.a[.b], value of this tag }; b = 0: no second arc. */
static void put_entry(struct hf_buf *out, uint8_t a, uint8_t b, uint8_t tag, struct hf_bytes value)
{
    static const uint8_t base[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
    size_t oid_len = sizeof base + (b == 0 ? 1 : 2);
    size_t value_header = value.len >= 0x100 ? 4 : value.len >= 0x80 ? 3 : 2;
    hf__dev_put_header(out, TAG_SEQUENCE, 2 + oid_len + value_header + value.len);
    hf__dev_put_header(out, TAG_OID, oid_len);
    hf_buf_append(out, base, sizeof base);
    hf_buf_append_u8(out, a);
    if (b != 0)
        hf_buf_append_u8(out, b);
    hf__dev_put_header(out, tag, value.len);
    hf_buf_append(out, value.data, value.len);
}

/* A non-negative INTEGER in its shortest form. */
static void put_integer(struct hf_buf *out, uint8_t a, uint8_t b, uint16_t v)
{
    uint8_t wide[3] = {0, (uint8_t)(v >> 8), (uint8_t)v};
    size_t skip = v < 0x80 ? 2 : v < 0x8000 ? 1 : 0;
    put_entry(out, a, b, TAG_INTEGER, hf_bytes_of(wide + skip, sizeof wide - skip));
}

static void put_tcb(struct hf_buf *out, const struct hf_dev_platform *p)
{
    struct hf_buf tcb;
    hf_buf_init(&tcb, EXTENSION_MAX);
    for (uint8_t i = 0; i < 16; i++)
        put_integer(&tcb, 2, (uint8_t)(i + 1), p->tcb_svns[i]);
    put_integer(&tcb, 2, 17, p->pcesvn);
    put_entry(&tcb, 2, 18, TAG_OCTETS, hf_bytes_of(p->cpusvn, sizeof p->cpusvn));
    put_entry(out, 2, 0, TAG_SEQUENCE, hf_buf_bytes(&tcb));
    if (tcb.error != 0 && out->error == 0)
        out->error = tcb.error;
    hf_buf_done(&tcb);
}

/* What only certificates of the platform CA have: the platform's instance and its configuration. */
static void put_configuration(struct hf_buf *out, const struct hf_dev_platform *p)
{
    static const uint8_t yes = 0xff, no = 0;
    struct hf_buf configuration;
    hf_buf_init(&configuration, EXTENSION_MAX);
    put_entry(&configuration, 7, 1, TAG_BOOLEAN, hf_bytes_of(&yes, 1)); /* dynamic platform */
    put_entry(&configuration, 7, 2, TAG_BOOLEAN, hf_bytes_of(&no, 1));  /* cached keys */
    put_entry(&configuration, 7, 3, TAG_BOOLEAN, hf_bytes_of(&yes, 1)); /* SMT enabled */
    put_entry(out, 6, 0, TAG_OCTETS, hf_bytes_of(p->ppid, sizeof p->ppid));
    put_entry(out, 7, 0, TAG_SEQUENCE, hf_buf_bytes(&configuration));
    if (configuration.error != 0 && out->error == 0)
        out->error = configuration.error;
    hf_buf_done(&configuration);
}

static void put_extension(struct hf_buf *out, const struct hf_dev_platform *p, enum hf_dev_ca ca)
{
    uint8_t sgx_type = ca == HF_DEV_CA_PLATFORM ? 1 : 0; /* scalable, standard */
    put_entry(out, 1, 0, TAG_OCTETS, hf_bytes_of(p->ppid, sizeof p->ppid));
    put_tcb(out, p);
    put_entry(out, 3, 0, TAG_OCTETS, hf_bytes_of(p->pceid, sizeof p->pceid));
    put_entry(out, 4, 0, TAG_OCTETS, hf_bytes_of(p->fmspc, sizeof p->fmspc));
    put_entry(out, 5, 0, TAG_ENUMERATED, hf_bytes_of(&sgx_type, 1));
    if (ca == HF_DEV_CA_PLATFORM)
        put_configuration(out, p);
}

static int wrap(struct hf_bytes der, X509_EXTENSION **ret)
{
    int r = HF_EINTERNAL;
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    if (oid != NULL && value != NULL && ASN1_OCTET_STRING_set(value, der.data, (int)der.len) == 1) {
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
        if (extension != NULL) {
            *ret = extension;
            r = 0;
        }
    }
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
    return r;
}

int hf__dev_sgx_extension(const struct hf_dev_platform *platform, enum hf_dev_ca ca,
                          X509_EXTENSION **ret)
{
    struct hf_buf body, whole;
    hf_buf_init(&body, EXTENSION_MAX);
    hf_buf_init(&whole, EXTENSION_MAX);
    put_extension(&body, platform, ca);
    hf__dev_put_header(&whole, TAG_SEQUENCE, body.len);
    hf_buf_append(&whole, body.data, body.len);
    int r = body.error != 0 ? body.error : whole.error;
    if (r == 0)
        r = wrap(hf_buf_bytes(&whole), ret);
    hf_buf_done(&whole);
    hf_buf_done(&body);
    return r;
}
