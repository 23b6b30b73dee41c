#include "dev_machine.h"
#include "base/error.h"

#include <openssl/sha.h>
#include <stdlib.h>

/* Where things stand in an SGX report body. Source: Intel, "SGX Software Developer Guide",
 * sgx_report_body_t. */
enum {
    QE_CPUSVN = 0,
    QE_MISCSELECT = 16,
    QE_ATTRIBUTES = 48,
    QE_MRENCLAVE = 64,
    QE_MRSIGNER = 128,
    QE_ISVPRODID = 256,
    QE_ISVSVN = 258,
    QE_REPORT_DATA = 320,
};

static const uint64_t day_s = 86400;

void hf_dev_ppid(struct hf_bytes machine_id, uint8_t ret[static HF_PPID_LEN])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(machine_id.data, machine_id.len, digest);
    memcpy(ret, digest, HF_PPID_LEN);
}

void hf_dev_machine_spec_init(struct hf_dev_machine_spec *ret, struct hf_bytes machine_id,
                              uint64_t now_s)
{
    struct hf_dev_collateral_spec world;
    hf_dev_collateral_spec_init(&world, now_s, 0);
    *ret = (struct hf_dev_machine_spec){.qe = world.qe, .ca = world.ca};
    hf_dev_ppid(machine_id, ret->platform.ppid);
    memcpy(ret->platform.fmspc, world.fmspc, sizeof world.fmspc);
    memcpy(ret->platform.pceid, world.pceid, sizeof world.pceid);
    memcpy(ret->platform.tcb_svns, world.tcb_level[0].sgx, sizeof ret->platform.tcb_svns);
    memcpy(ret->platform.cpusvn, world.tcb_level[0].sgx, sizeof ret->platform.cpusvn);
    ret->platform.pcesvn = world.tcb_level[0].pcesvn;
    ret->pck = (struct hf_dev_window){.from_s = now_s, .to_s = now_s + 7 * 365 * day_s};
}

static void put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

/* SHA-256(attestation key || authentication data) || 32 zero bytes. Source: Intel, TDX DCAP Quote
 * format, A.4. */
static void bind_key(const struct hf_dev_machine *m, bool other, uint8_t ret[static 64])
{
    uint8_t input[HF_DEV_ROOT_KEY_LEN + HF__DEV_AUTH_DATA_MAX];
    memcpy(input, m->attestation_public, HF_DEV_ROOT_KEY_LEN);
    if (other)
        input[0] ^= 1;
    memcpy(input + HF_DEV_ROOT_KEY_LEN, m->auth_data, m->auth_data_len);
    SHA256(input, HF_DEV_ROOT_KEY_LEN + m->auth_data_len, ret);
    memset(ret + SHA256_DIGEST_LENGTH, 0, 64 - SHA256_DIGEST_LENGTH);
}

static void fill_qe_report(struct hf_dev_machine *m, const struct hf_dev_machine_spec *spec)
{
    const struct hf_dev_qe *qe = &spec->qe;
    uint8_t *r = m->qe_report;
    memcpy(r + QE_CPUSVN, spec->platform.cpusvn, sizeof spec->platform.cpusvn);
    put_le16(r + QE_MISCSELECT, (uint16_t)qe->miscselect);
    put_le16(r + QE_MISCSELECT + 2, (uint16_t)(qe->miscselect >> 16));
    memcpy(r + QE_ATTRIBUTES, qe->attributes, sizeof qe->attributes);
    memcpy(r + QE_MRENCLAVE, qe->mrenclave, sizeof qe->mrenclave);
    memcpy(r + QE_MRSIGNER, qe->mrsigner, sizeof qe->mrsigner);
    put_le16(r + QE_ISVPRODID, qe->isvprodid);
    put_le16(r + QE_ISVSVN, qe->isvsvn);
    bind_key(m, qe->binds_other_key, r + QE_REPORT_DATA);
}

static int make_pck(const struct hf_dev_authority *a, const struct hf_dev_machine_spec *spec,
                    EVP_PKEY *key, X509 **ret)
{
    X509_EXTENSION *sgx = NULL;
    int r = hf__dev_sgx_extension(&spec->platform, spec->ca, &sgx);
    if (r != 0)
        return r;
    struct hf__dev_cert_spec cert = {
        .name = "Holdfast Development PCK Certificate",
        .window = spec->pck,
        .key = key,
        .issuer = a->ca[spec->ca],
        .issuer_key = a->ca_key[spec->ca],
        .path_len = -1,
        .crl_name = spec->ca == HF_DEV_CA_PLATFORM ? "platform-ca.der" : "processor-ca.der",
        .extra = sgx,
    };
    r = hf__dev_cert_new(&cert, ret);
    X509_EXTENSION_free(sgx);
    return r;
}

/* The PCK key signs the QE report here, once, and is not kept. */
static int fill_with_pck(struct hf_dev_machine *m, const struct hf_dev_authority *a,
                         const struct hf_dev_machine_spec *spec)
{
    EVP_PKEY *key = NULL;
    X509 *pck = NULL;
    int r = hf__dev_key_new(spec->seed, "pck", &key);
    if (r == 0)
        r = make_pck(a, spec, key, &pck);
    if (r == 0)
        r = hf__dev_cert_serial(pck, m->serial);
    if (r == 0)
        r = hf__dev_pem_cert(pck, &m->chain);
    if (r == 0)
        r = hf__dev_pem_cert(a->ca[spec->ca], &m->chain);
    if (r == 0)
        r = hf__dev_pem_cert(a->root, &m->chain);
    if (r == 0)
        r = hf__dev_sign(key, hf_bytes_of(m->qe_report, sizeof m->qe_report), m->qe_signature);
    X509_free(pck);
    EVP_PKEY_free(key);
    return r;
}

static int fill(struct hf_dev_machine *m, const struct hf_dev_authority *a,
                const struct hf_dev_machine_spec *spec)
{
    int r = spec->attestation_secret != NULL
                ? hf__dev_key_of_secret(spec->attestation_secret, &m->attestation_key)
                : hf__dev_key_new(spec->seed, "attestation", &m->attestation_key);
    if (r == 0)
        r = hf__dev_key_public(m->attestation_key, m->attestation_public);
    if (r != 0)
        return r;
    m->auth_data_len = spec->qe.auth_data_len;
    for (size_t i = 0; i < m->auth_data_len && i < 32; i++)
        m->auth_data[i] = (uint8_t)i;
    memcpy(m->ppid, spec->platform.ppid, sizeof m->ppid);
    fill_qe_report(m, spec);
    return fill_with_pck(m, a, spec);
}

int hf_dev_machine_new(const struct hf_dev_authority *a, const struct hf_dev_machine_spec *spec,
                       struct hf_dev_machine **ret)
{
    if (spec->qe.auth_data_len > HF__DEV_AUTH_DATA_MAX || !hf__dev_window_ok(spec->pck))
        return HF_EINVAL;
    struct hf_dev_machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return HF_ENOMEM;
    hf_buf_init(&m->chain, HF__DEV_PEM_MAX);
    int r = fill(m, a, spec);
    if (r != 0) {
        hf_dev_machine_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

void hf_dev_machine_free(struct hf_dev_machine *m)
{
    if (m == NULL)
        return;
    EVP_PKEY_free(m->attestation_key);
    hf_buf_done(&m->chain);
    free(m);
}

void hf_dev_machine_serial(const struct hf_dev_machine *m, uint8_t ret[static HF_DEV_SERIAL_LEN])
{
    memcpy(ret, m->serial, HF_DEV_SERIAL_LEN);
}
