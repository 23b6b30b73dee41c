/* Checks of the quote and its PCK chain, which need nothing but the quote and the trusted root. */
#include "base/error.h"
#include "checks.h"
#include "civil.h"

enum { REPORT_DATA = 320 }; /* in an enclave report */

static int malformed(struct hf__verification *v, int error, const struct hf_fault *fault)
{
    hf__reason(v, "at byte %zu: expected %s", fault->offset, fault->expected);
    return error;
}

static void note_registers(struct hf_verdict *verdict, const struct hf_quote *q)
{
    const uint8_t *const values[HF_HOST_REGISTERS] = {
        [HF_REGISTER_MRSERVICETD] = q->mrservicetd,
        [HF_REGISTER_MRCONFIGID] = q->mrconfigid,
        [HF_REGISTER_MROWNER] = q->mrowner,
        [HF_REGISTER_MROWNERCONFIG] = q->mrownerconfig,
    };
    verdict->service_shown = q->mrservicetd != NULL;
    for (size_t i = 0; i < HF_ARRAY_LEN(values); i++)
        if (values[i] != NULL)
            hf_register_tag(values[i], verdict->host_registers[i]);
}

int hf__check_structure(struct hf__verification *v)
{
    struct hf_fault fault;
    struct hf_quote *q = &v->quote;
    int r = hf_quote_parse(v->bytes, q, &fault);
    if (r != 0)
        return malformed(v, r, &fault);
    v->verdict.debug = (q->td_attributes & HF_TD_ATTRIBUTE_DEBUG) != 0;
    v->verdict.td_attributes = q->td_attributes;
    v->verdict.xfam = q->xfam;
    v->verdict.seam_attributes = q->seam_attributes;
    memcpy(v->verdict.report_data, q->report_data, sizeof v->verdict.report_data);
    hf_quote_measurement(q, v->verdict.measurement);
    note_registers(&v->verdict, q);
    if (v->report != NULL) {
        v->report->has_quote = true;
        v->report->quote = *q;
    }
    hf__reason(v, "version %u, body type %u, %zu bytes, and %zu after them that are ignored",
               q->version, q->body_type, q->len, q->trailing_bytes);
    return 0;
}

int hf__check_quote_signature(struct hf__verification *v)
{
    /* The only vendor of quoting enclaves; the header, where it stands, is signed. */
    static const uint8_t vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    if (v->machine != NULL) {
        v->attestation_key = hf__p256_ref(v->machine->attestation_key);
    } else {
        int r = hf__p256_key(v->quote.attestation_key, &v->attestation_key);
        if (r == HF_EPOINT) {
            hf__reason(v, "the attestation key is not a point of the curve");
            return HF_EQUOTESIG;
        }
        if (r != 0)
            return r;
    }
    if (!hf__p256_verify(v->attestation_key, v->quote.signed_part, v->quote.signature)) {
        hf__reason(v, "header and body are not signed by the attestation key");
        return HF_EQUOTESIG;
    }
    if (memcmp(v->quote.qe_vendor_id, vendor, sizeof vendor) != 0) {
        hf__reason(v, "at byte 12: expected the vendor id of Intel's quoting enclaves");
        return HF_EQUOTE;
    }
    hf__reason(v, "header and body are signed by the attestation key");
    return 0;
}

int hf__check_attestation_key(struct hf__verification *v)
{
    uint8_t digest[HF__SHA256_LEN];
    hf__sha256(hf_bytes_of(v->quote.attestation_key, HF_P256_KEY_LEN), v->quote.qe_auth_data,
               digest);
    if (memcmp(v->quote.qe_report + REPORT_DATA, digest, sizeof digest) != 0) {
        hf__reason(v, "the QE report's data is not the hash of attestation key and QE "
                      "authentication data");
        return HF_EKEYBINDING;
    }
    hf__reason(v,
               "the QE report vouches for the attestation key and %zu bytes of QE "
               "authentication data",
               v->quote.qe_auth_data.len);
    return 0;
}

int hf__check_certification_data(struct hf__verification *v)
{
    if (v->quote.certification_type != HF_CERTIFICATION_PCK_CHAIN) {
        hf__reason(v, "certification data of type %u; only a PCK chain, type 5, is supported",
                   v->quote.certification_type);
        return HF_ECERTDATA;
    }
    if (v->quote.qe_report == NULL) {
        hf__reason(v, "a PCK chain without a QE report around it vouches for nothing");
        return HF_ECERTDATA;
    }
    hf__cache_find(v->params->cache, &v->quote, &v->machine, &v->chain);
    v->chain_known = v->chain != NULL;
    if (v->chain == NULL) {
        struct hf__chain_fault fault;
        int r = hf__pck_chain_new(v->quote.certification, &v->chain, &fault);
        if (r == HF_EMALFORMED && fault.cert >= 0)
            hf__reason(v, "certificate %d, at byte %zu: expected %s", fault.cert + 1,
                       fault.fault.offset, fault.fault.expected);
        else if (r == HF_EMALFORMED)
            hf__reason(v, "at byte %zu of the chain: expected %s", fault.fault.offset,
                       fault.fault.expected);
        if (r != 0)
            return r == HF_EMALFORMED ? HF_EPCKCHAIN : r;
    }
    if (v->report != NULL) {
        v->report->has_platform = true;
        v->report->platform = v->chain->pck.platform;
    }
    hf__reason(v, "a PCK certificate, its CA and a root");
    return 0;
}

int hf__check_qe_report_signature(struct hf__verification *v)
{
    if (v->machine == NULL &&
        !hf__p256_verify(v->chain->key, hf_bytes_of(v->quote.qe_report, HF_QE_REPORT_LEN),
                         v->quote.qe_report_signature)) {
        hf__reason(v, "the QE report is not signed by the PCK");
        return HF_EQESIG;
    }
    hf__reason(v, "the QE report is signed by the PCK");
    return 0;
}

int hf__check_pck_chain(struct hf__verification *v)
{
    if (!v->chain_known) {
        const struct hf_collateral *c = v->params->collateral;
        struct hf__known known = hf__collateral_known(c);
        /* The set's own chains hold the same CA and root: verified there, they
         * are verified here. */
        for (size_t i = 0; c != NULL && i < HF_PCK_CAS_MAX; i++)
            if (hf__collateral_ready(c, c->pck_crls[i]) == HF_ENOMEM)
                return HF_ENOMEM;
        int r = hf__chain_verify(&v->chain->chain, &known);
        if (r == HF_ESIGNATURE) {
            hf__reason(v, "a certificate of the chain is not signed by the next");
            return HF_EPCKSIG;
        }
        if (r != 0)
            return r;
    }
    if (v->machine == NULL)
        hf__cache_add(v->params->cache, &v->quote, v->chain, v->attestation_key);
    v->verdict.trust = (uint8_t)v->params->roots.trust;
    memcpy(v->verdict.ppid, v->chain->pck.platform.ppid, sizeof v->verdict.ppid);
    hf__reason(v, "each certificate is signed by the next, up to the root");
    return 0;
}

/* Whether a root that is not trusted is one of the dev platform: by its key,
 * or else by what it says it is. */
static bool is_dev_root(const struct hf__verification *v, const struct hf__cert *root)
{
    const uint8_t *key = v->params->roots.dev_key;
    static const char name[] = HF_DEV_ROOT_NAME;
    return (key != NULL && memcmp(root->key, key, HF_ROOT_KEY_LEN) == 0) ||
           hf_bytes_equal(root->common_name, hf_bytes_of(name, sizeof name - 1));
}

/* Comes before every signature: a chain that can be made without a machine of Intel's, costs the
 * verifier no more than reading it. */
int hf__check_root(struct hf__verification *v)
{
    struct hf__root trusted = hf__root_of(&v->params->roots);
    const struct hf__cert *root = hf__chain_root(&v->chain->chain);
    if (!hf__root_is(&trusted, root->key)) {
        if (is_dev_root(v, root)) {
            hf__reason(v, "the chain ends in a development root, which is not trusted here");
            return HF_EDEVQUOTE;
        }
        hf__reason(v, "the chain ends in a root with another key than the trusted one");
        return HF_EUNTRUSTED;
    }
    if (v->chain->key == NULL) {
        int r = hf__p256_key(v->chain->chain.cert[0].key, &v->chain->key);
        if (r == HF_EPOINT) {
            hf__reason(v, "certificate 1: expected a PCK that is a point of the curve");
            return HF_EPCKCHAIN;
        }
        if (r != 0)
            return r;
    }
    hf__reason(v,
               v->params->roots.trust == HF_TRUST_INTEL ? "Intel's root" : "the development root");
    return 0;
}

int hf__check_pck_dates(struct hf__verification *v)
{
    static const char *const which[] = {"the PCK certificate", "the PCK's CA", "the root"};
    const struct hf__chain *chain = &v->chain->chain;
    uint64_t at_s = v->params->at_s;
    char from[HF_CIVIL_TEXT_LEN], to[HF_CIVIL_TEXT_LEN];
    bool early = v->chain->not_before_s > at_s;
    bool late = v->chain->not_after_s < at_s;
    for (size_t i = 0; (early || late) && v->reason != NULL && i < chain->count; i++) {
        const struct hf__cert *c = &chain->cert[i];
        if (early ? at_s >= c->not_before_s : at_s <= c->not_after_s)
            continue;
        hf__civil_format(c->not_before_s, from);
        hf__civil_format(c->not_after_s, to);
        hf__reason(v, "%s is valid from %s to %s", which[i], from, to);
        break;
    }
    if (early)
        return HF_EPCKEARLY;
    if (late)
        return HF_EPCKEXPIRED;
    if (v->reason != NULL) {
        hf__civil_format(v->chain->not_before_s, from);
        hf__civil_format(v->chain->not_after_s, to);
        hf__reason(v, "the chain is valid from %s to %s", from, to);
    }
    return 0;
}
