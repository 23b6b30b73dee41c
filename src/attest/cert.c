#include "cert.h"
#include "attest/quote.h"
#include "base/error.h"

#define OID(name, ...) static const uint8_t name[] = {__VA_ARGS__}
OID(oid_ec_public_key, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);
OID(oid_p256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);
OID(oid_common_name, 0x55, 0x04, 0x03);
OID(oid_key_usage, 0x55, 0x1d, 0x0f);
OID(oid_basic_constraints, 0x55, 0x1d, 0x13);
OID(oid_sgx, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01);
#undef OID

#define IS(bytes, oid) hf_bytes_equal((bytes), hf_bytes_of((oid), sizeof(oid)))

enum { EXTENSIONS_MAX = 24 };

static bool read_validity(struct hf_der *r, struct hf__cert *c)
{
    struct hf_der in;
    return hf__der_enter(r, HF_DER_SEQUENCE, "a validity", &in) &&
           hf__der_time(&in, "notBefore", &c->not_before_s) &&
           hf__der_time(&in, "notAfter", &c->not_after_s) &&
           hf__der_done(&in, "the end of the validity");
}

/* The subject, and its common name where it has one: the last, as a name ends with what is most
 * specific. */
static bool read_subject(struct hf_der *r, struct hf__cert *c)
{
    struct hf_der all = *r, in, set, pair;
    struct hf_bytes oid;
    if (!hf__der_whole(r, HF_DER_SEQUENCE, "a subject", &c->subject) ||
        !hf__der_enter(&all, HF_DER_SEQUENCE, "a subject", &in))
        return false;
    while (!hf__der_at_end(&in)) {
        uint8_t tag;
        struct hf_bytes whole;
        if (!hf__der_enter(&in, HF_DER_SET, "a part of a name", &set) ||
            !hf__der_enter(&set, HF_DER_SEQUENCE, "a part of a name", &pair) ||
            !hf__der_bytes(&pair, HF_DER_OID, "the type of a part of a name", &oid))
            return false;
        struct hf_der value = pair, content;
        if (!hf__der_any(&pair, "the text of a part of a name", &tag, &whole) ||
            !hf__der_done(&pair, "the end of a part of a name"))
            return false;
        if (IS(oid, oid_common_name) && hf__der_enter(&value, tag, "a common name", &content))
            c->common_name = hf__der_rest(&content);
    }
    return true;
}

bool hf__spki_read(struct hf_der *r, const uint8_t **ret_key)
{
    struct hf_der in, algorithm, at;
    struct hf_bytes oid, curve, point;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, "a public key", &in))
        return false;
    at = in;
    if (!hf__der_enter(&in, HF_DER_SEQUENCE, "a key's algorithm", &algorithm) ||
        !hf__der_bytes(&algorithm, HF_DER_OID, "a key's algorithm", &oid) ||
        !hf__der_bytes(&algorithm, HF_DER_OID, "a named curve", &curve) ||
        !hf__der_done(&algorithm, "the end of a key's algorithm"))
        return false;
    if (!IS(oid, oid_ec_public_key) || !IS(curve, oid_p256))
        return hf__der_fail(&at, "a key on the curve P-256");
    at = in;
    if (!hf__der_bits(&in, "a public key's point", &point) ||
        !hf__der_done(&in, "the end of a public key"))
        return false;
    if (point.len != 1 + HF_P256_KEY_LEN || point.data[0] != 0x04)
        return hf__der_fail(&at, "an uncompressed point of 65 bytes");
    *ret_key = point.data + 1;
    return true;
}

static bool read_basic_constraints(struct hf_der *r, struct hf__cert *c)
{
    struct hf_der in;
    struct hf_bytes flag;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, "basic constraints", &in))
        return false;
    if (hf__der_is(&in, HF_DER_BOOLEAN)) {
        struct hf_der at = in;
        if (!hf__der_bytes(&in, HF_DER_BOOLEAN, "a CA flag", &flag))
            return false;
        if (flag.len != 1 || flag.data[0] != 0xff) /* FALSE is the default, which DER leaves out */
            return hf__der_fail(&at, "a CA flag that is TRUE");
        c->is_ca = true;
    }
    if (hf__der_is(&in, HF_DER_INTEGER)) {
        if (!hf__der_number(&in, 16, "a path length of at most 16", &c->path_len))
            return false;
        c->has_path_len = true;
    }
    return hf__der_done(&in, "the end of basic constraints");
}

static bool read_key_usage(struct hf_der *r, struct hf__cert *c)
{
    struct hf_der at = *r;
    struct hf_bytes bits;
    if (!hf__der_bytes(r, HF_DER_BIT_STRING, "a key usage", &bits))
        return false;
    if (bits.len < 2 || bits.len > 3 || bits.data[0] > 7)
        return hf__der_fail(&at, "a key usage of at most 9 bits");
    c->key_usage = bits.data[1];
    return true;
}

/* What an extension says, when it is one of ours; known tells whether it is understood. */
static bool read_extension_value(struct hf_der *value, struct hf_bytes oid, struct hf__cert *c,
                                 bool *ret_known)
{
    *ret_known = true;
    if (IS(oid, oid_basic_constraints))
        return read_basic_constraints(value, c) &&
               hf__der_done(value, "the end of basic constraints");
    if (IS(oid, oid_key_usage))
        return read_key_usage(value, c) && hf__der_done(value, "the end of a key usage");
    if (IS(oid, oid_sgx)) {
        c->sgx = hf__der_rest(value);
        return true;
    }
    *ret_known = false;
    return true;
}

static bool read_extensions(struct hf_der *r, struct hf__cert *c)
{
    struct hf_der outer, in;
    struct hf_bytes seen[EXTENSIONS_MAX];
    size_t count = 0;
    if (!hf__der_enter(r, HF_DER_CONTEXT_3, "extensions", &outer) ||
        !hf__der_enter(&outer, HF_DER_SEQUENCE, "extensions", &in))
        return false;
    while (!hf__der_at_end(&in)) {
        struct hf_der ext, value, at = in;
        struct hf_bytes oid, flag = {0};
        bool known;
        if (!hf__der_enter(&in, HF_DER_SEQUENCE, "an extension", &ext) ||
            !hf__der_bytes(&ext, HF_DER_OID, "an extension's type", &oid))
            return false;
        for (size_t i = 0; i < count; i++)
            if (hf_bytes_equal(seen[i], oid))
                return hf__der_fail(&at, "each extension once");
        if (count == EXTENSIONS_MAX)
            return hf__der_fail(&at, "at most 24 extensions");
        seen[count++] = oid;
        if (hf__der_is(&ext, HF_DER_BOOLEAN) &&
            !hf__der_bytes(&ext, HF_DER_BOOLEAN, "a critical flag", &flag))
            return false;
        if (!hf__der_enter(&ext, HF_DER_OCTET_STRING, "an extension's value", &value) ||
            !hf__der_done(&ext, "the end of an extension") ||
            !read_extension_value(&value, oid, c, &known))
            return false;
        bool critical = flag.len == 1 && flag.data[0] != 0;
        if (critical && !known)
            return hf__der_fail(&at, "no critical extension that is not understood");
    }
    return hf__der_done(&outer, "the end of the extensions");
}

static bool read_tbs(struct hf_der *r, struct hf__cert *c)
{
    struct hf_der version;
    uint64_t number;
    return hf__der_enter(r, HF_DER_CONTEXT_0, "a certificate of version 3", &version) &&
           hf__der_number(&version, 2, "a certificate of version 3", &number) &&
           (number == 2 || hf__der_fail(r, "a certificate of version 3")) &&
           hf__der_done(&version, "a certificate of version 3") &&
           hf__der_integer(r, HF_SERIAL_LEN_MAX, "a serial number of at most 20 bytes",
                           &c->serial) &&
           hf__der_ecdsa_sha256(r) && hf__der_whole(r, HF_DER_SEQUENCE, "an issuer", &c->issuer) &&
           read_validity(r, c) && read_subject(r, c) && hf__spki_read(r, &c->key) &&
           read_extensions(r, c) && hf__der_done(r, "the end of the certificate's signed part");
}

int hf__cert_parse(struct hf_bytes der, struct hf__cert *ret, struct hf_fault *ret_fault)
{
    struct hf__cert c = {.der = der};
    struct hf_fault fault = {0};
    struct hf_der r = hf__der_of(der, &fault), in, tbs_at, tbs;
    bool good = hf__der_enter(&r, HF_DER_SEQUENCE, "a certificate", &in);
    if (good)
        good = hf__der_done(&r, "the end of the certificate");
    if (good) {
        tbs_at = in;
        good = hf__der_whole(&in, HF_DER_SEQUENCE, "a certificate's signed part", &c.tbs) &&
               hf__der_enter(&tbs_at, HF_DER_SEQUENCE, "a certificate's signed part", &tbs) &&
               read_tbs(&tbs, &c) && hf__der_ecdsa_sha256(&in) &&
               hf__der_bits(&in, "a signature", &c.signature) &&
               hf__der_done(&in, "the end of the certificate");
    }
    if (!good) {
        *ret_fault = fault;
        return HF_EMALFORMED;
    }
    *ret = c;
    return 0;
}
