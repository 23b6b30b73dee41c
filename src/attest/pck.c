#include "base/error.h"
#include "cert.h"

/* 1.2.840.113741.1.13.1, below which every part of the extension has a last number of its own. */
static const uint8_t arc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

enum {
    PART_PPID = 1,
    PART_TCB = 2,
    PART_PCEID = 3,
    PART_FMSPC = 4,
    TCB_PCESVN = 17,
    TCB_CPUSVN = 18,
};

/* The numbers below prefix of an OID that has exactly one more; 0 when it is another. */
static unsigned below(struct hf_bytes oid, const uint8_t *prefix, size_t prefix_len)
{
    if (oid.len != prefix_len + 1 || memcmp(oid.data, prefix, prefix_len) != 0 ||
        oid.data[prefix_len] >= 0x80)
        return 0;
    return oid.data[prefix_len];
}

static bool read_octets(struct hf_der *r, size_t len, const char *expected, uint8_t *ret)
{
    struct hf_der at = *r;
    struct hf_bytes v;
    if (!hf__der_bytes(r, HF_DER_OCTET_STRING, expected, &v))
        return false;
    if (v.len != len)
        return hf__der_fail(&at, expected);
    memcpy(ret, v.data, len);
    return true;
}

/* Notes that a part was seen; false when it was seen before. */
static bool mark(const struct hf_der *at, uint32_t *seen, unsigned part)
{
    if ((*seen & 1u << part) != 0)
        return hf__der_fail(at, "each part of the SGX extension once");
    *seen |= 1u << part;
    return true;
}

static bool read_tcb_part(struct hf_der *r, unsigned part, struct hf__pck *pck)
{
    uint64_t number = 0;
    if (part == TCB_CPUSVN)
        return read_octets(r, sizeof pck->platform.cpusvn, "a CPUSVN of 16 bytes",
                           pck->platform.cpusvn);
    if (part == TCB_PCESVN) {
        if (!hf__der_number(r, UINT16_MAX, "a PCESVN of at most 65535", &number))
            return false;
        pck->platform.pcesvn = (uint16_t)number;
        return true;
    }
    if (!hf__der_number(r, UINT8_MAX, "a TCB component of at most 255", &number))
        return false;
    pck->tcb_svns[part - 1] = (uint8_t)number;
    return true;
}

static bool read_tcb(struct hf_der *r, struct hf__pck *pck)
{
    uint8_t prefix[sizeof arc + 1];
    struct hf_der in, pair;
    struct hf_bytes oid;
    uint32_t seen = 0;
    memcpy(prefix, arc, sizeof arc);
    prefix[sizeof arc] = PART_TCB;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, "the TCB", &in))
        return false;
    struct hf_der start = in;
    while (!hf__der_at_end(&in)) {
        struct hf_der at = in;
        if (!hf__der_enter(&in, HF_DER_SEQUENCE, "a part of the TCB", &pair) ||
            !hf__der_bytes(&pair, HF_DER_OID, "the type of a part of the TCB", &oid))
            return false;
        unsigned part = below(oid, prefix, sizeof prefix);
        if (part < 1 || part > TCB_CPUSVN)
            continue;
        if (!mark(&at, &seen, part) || !read_tcb_part(&pair, part, pck) ||
            !hf__der_done(&pair, "the end of a part of the TCB"))
            return false;
    }
    uint32_t all = ((1u << (TCB_CPUSVN + 1)) - 1) & ~1u;
    return seen == all || hf__der_fail(&start, "16 components, PCESVN and CPUSVN");
}

static bool read_part(struct hf_der *r, unsigned part, struct hf__pck *pck)
{
    switch (part) {
    case PART_PPID:
        return read_octets(r, sizeof pck->platform.ppid, "a PPID of 16 bytes", pck->platform.ppid);
    case PART_TCB:
        return read_tcb(r, pck);
    case PART_PCEID:
        return read_octets(r, sizeof pck->platform.pceid, "a PCE id of 2 bytes",
                           pck->platform.pceid);
    default:
        return read_octets(r, sizeof pck->platform.fmspc, "an FMSPC of 6 bytes",
                           pck->platform.fmspc);
    }
}

static bool read_all(struct hf_der *r, struct hf__pck *pck)
{
    struct hf_der in, pair;
    struct hf_bytes oid;
    uint32_t seen = 0;
    if (!hf__der_enter(r, HF_DER_SEQUENCE, "an SGX extension", &in) ||
        !hf__der_done(r, "the end of the SGX extension"))
        return false;
    struct hf_der start = in;
    while (!hf__der_at_end(&in)) {
        struct hf_der at = in;
        if (!hf__der_enter(&in, HF_DER_SEQUENCE, "a part of the SGX extension", &pair) ||
            !hf__der_bytes(&pair, HF_DER_OID, "the type of a part of the SGX extension", &oid))
            return false;
        unsigned part = below(oid, arc, sizeof arc);
        if (part < PART_PPID || part > PART_FMSPC)
            continue;
        if (!mark(&at, &seen, part) || !read_part(&pair, part, pck) ||
            !hf__der_done(&pair, "the end of a part of the SGX extension"))
            return false;
    }
    return seen == (1u << PART_PPID | 1u << PART_TCB | 1u << PART_PCEID | 1u << PART_FMSPC) ||
           hf__der_fail(&start, "PPID, TCB, PCE id and FMSPC");
}

int hf__pck_parse(struct hf_bytes sgx, struct hf__pck *ret, struct hf_fault *ret_fault)
{
    struct hf__pck pck = {0};
    struct hf_fault fault = {0};
    struct hf_der r = hf__der_of(sgx, &fault);
    if (!read_all(&r, &pck)) {
        *ret_fault = fault;
        return HF_EMALFORMED;
    }
    *ret = pck;
    return 0;
}
