#include "crl.h"
#include "base/error.h"
#include "cert.h"

#include <stdlib.h>

static const uint8_t oid_crl_number[] = {0x55, 0x1d, 0x14};
static const uint8_t oid_reason[] = {0x55, 0x1d, 0x15};

#define IS(bytes, oid) hf_bytes_equal((bytes), hf_bytes_of((oid), sizeof(oid)))

/* The extensions of the list or of an entry. crl: where the CRL number goes; NULL in an entry. */
static bool read_extensions(struct hf_der *r, struct hf__crl *crl)
{
    struct hf_der in;
    bool numbered = false;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, "extensions", &in))
        return false;
    while (!hf__der_at_end(&in)) {
        struct hf_der ext, value, at = in;
        struct hf_bytes oid, flag = {0};
        if (!hf__der_enter(&in, HF_DER_SEQUENCE, "an extension", &ext) ||
            !hf__der_bytes(&ext, HF_DER_OID, "an extension's type", &oid))
            return false;
        if (hf__der_is(&ext, HF_DER_BOOLEAN) &&
            !hf__der_bytes(&ext, HF_DER_BOOLEAN, "a critical flag", &flag))
            return false;
        if (!hf__der_enter(&ext, HF_DER_OCTET_STRING, "an extension's value", &value) ||
            !hf__der_done(&ext, "the end of an extension"))
            return false;
        bool critical = flag.len == 1 && flag.data[0] != 0;
        bool known = crl == NULL ? IS(oid, oid_reason) : IS(oid, oid_crl_number);
        if (critical && !known)
            return hf__der_fail(&at, "no critical extension that is not understood");
        if (crl == NULL || !known)
            continue;
        if (numbered)
            return hf__der_fail(&at, "one CRL number");
        if (!hf__der_number(&value, UINT64_MAX, "a CRL number of at most 8 bytes", &crl->number) ||
            !hf__der_done(&value, "the end of a CRL number"))
            return false;
        numbered = true;
    }
    return crl == NULL || numbered || hf__der_fail(&in, "a CRL number");
}

/* One entry: the serial, when it was revoked, and extensions that may name a reason. */
static bool read_entry(struct hf_der *r, struct hf_bytes *ret_serial)
{
    struct hf_der in;
    uint64_t revoked_s;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, "an entry", &in) ||
        !hf__der_integer(&in, HF_SERIAL_LEN_MAX, "a serial number of at most 20 bytes",
                         ret_serial) ||
        !hf__der_time(&in, "a revocation date", &revoked_s))
        return false;
    if (!hf__der_at_end(&in) && !read_extensions(&in, NULL))
        return false;
    return hf__der_done(&in, "the end of an entry");
}

static int compare(const void *pa, const void *pb)
{
    const struct hf_bytes *a = pa, *b = pb;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return a->len == 0 ? 0 : memcmp(a->data, b->data, a->len);
}

/* Reads the entries twice: once to count them, so that what is allocated follows from what is
 * there. */
static int read_entries(struct hf_der *r, struct hf__crl *crl)
{
    struct hf_der entries, again;
    struct hf_bytes serial;
    size_t count = 0;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, "the revoked certificates", &entries))
        return HF_EMALFORMED;
    again = entries;
    for (; !hf__der_at_end(&entries); count++)
        if (!read_entry(&entries, &serial))
            return HF_EMALFORMED;
    crl->serials = calloc(count > 0 ? count : 1, sizeof *crl->serials);
    if (crl->serials == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < count; i++)
        hf_assert(read_entry(&again, &crl->serials[i]));
    crl->serial_count = count;
    qsort(crl->serials, count, sizeof *crl->serials, compare);
    return 0;
}

static int read_tbs(struct hf_der *r, struct hf__crl *crl)
{
    struct hf_der outer;
    uint64_t version;
    if (!hf__der_number(r, 1, "a list of version 2", &version) ||
        !(version == 1 || hf__der_fail(r, "a list of version 2")) || !hf__der_ecdsa_sha256(r) ||
        !hf__der_whole(r, HF_DER_SEQUENCE, "an issuer", &crl->issuer) ||
        !hf__der_time(r, "thisUpdate", &crl->this_update_s) ||
        !hf__der_time(r, "nextUpdate", &crl->next_update_s))
        return HF_EMALFORMED;
    if (hf__der_is(r, HF_DER_SEQUENCE)) {
        int error = read_entries(r, crl);
        if (error != 0)
            return error;
    }
    if (!hf__der_enter(r, HF_DER_CONTEXT_0, "extensions", &outer) ||
        !read_extensions(&outer, crl) || !hf__der_done(&outer, "the end of the extensions") ||
        !hf__der_done(r, "the end of the list's signed part"))
        return HF_EMALFORMED;
    return 0;
}

int hf__crl_parse(struct hf_bytes der, struct hf__crl *ret, struct hf_fault *ret_fault)
{
    struct hf__crl crl = {0};
    struct hf_fault fault = {0};
    struct hf_der r = hf__der_of(der, &fault), in, at, tbs;
    int error = HF_EMALFORMED;
    if (!hf__der_enter(&r, HF_DER_SEQUENCE, "a revocation list", &in) ||
        !hf__der_done(&r, "the end of the revocation list"))
        goto out;
    at = in;
    if (!hf__der_whole(&in, HF_DER_SEQUENCE, "a list's signed part", &crl.tbs) ||
        !hf__der_enter(&at, HF_DER_SEQUENCE, "a list's signed part", &tbs) ||
        !hf__der_ecdsa_sha256(&in) || !hf__der_bits(&in, "a signature", &crl.signature) ||
        !hf__der_done(&in, "the end of the revocation list"))
        goto out;
    error = read_tbs(&tbs, &crl);
out:
    if (error != 0) {
        hf__crl_done(&crl);
        if (error == HF_EMALFORMED)
            *ret_fault = fault;
        return error;
    }
    *ret = crl;
    return 0;
}

void hf__crl_done(struct hf__crl *crl)
{
    free(crl->serials);
    *crl = (struct hf__crl){0};
}

bool hf__crl_lists(const struct hf__crl *crl, struct hf_bytes serial)
{
    return crl->serial_count > 0 &&
           bsearch(&serial, crl->serials, crl->serial_count, sizeof serial, compare) != NULL;
}
