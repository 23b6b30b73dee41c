/*
 * A machine as one PEM file: its attestation key, a block of this project's own with what the
 * quoting enclave made (PPID, serial, QE report, signature, authentication data), and the PCK chain
 * as quotes carry it.
 */
#include "dev_machine.h"
#include "base/error.h"
#include "base/file.h"

#include <openssl/pem.h>
#include <stdlib.h>

static const char block_name[] = "HOLDFAST DEV QE REPORT";

enum {
    BLOCK_FIXED = HF_PPID_LEN + HF_DEV_SERIAL_LEN + HF__DEV_REPORT_LEN + HF__DEV_SIGNATURE_LEN,
    CHAIN_CERTS = 3,
};

static int put_block(const struct hf_dev_machine *m, struct hf_buf *pem)
{
    struct hf_buf block;
    hf_buf_init(&block, BLOCK_FIXED + HF__DEV_AUTH_DATA_MAX);
    hf_buf_append(&block, m->ppid, sizeof m->ppid);
    hf_buf_append(&block, m->serial, sizeof m->serial);
    hf_buf_append(&block, m->qe_report, sizeof m->qe_report);
    hf_buf_append(&block, m->qe_signature, sizeof m->qe_signature);
    hf_buf_append(&block, m->auth_data, m->auth_data_len);
    int r = block.error;
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (r == 0 &&
        (bio == NULL || PEM_write_bio(bio, block_name, "", block.data, (long)block.len) <= 0))
        r = HF_ENOMEM;
    if (r == 0) {
        long len = BIO_get_mem_data(bio, &text);
        hf_buf_append(pem, text, (size_t)len);
        r = pem->error;
    }
    BIO_free(bio);
    hf_buf_done(&block);
    return r;
}

int hf_dev_machine_save(const struct hf_dev_machine *m, const char *file)
{
    struct hf_buf pem;
    hf_buf_init(&pem, HF__DEV_PEM_MAX);
    int r = hf__dev_pem_key(m->attestation_key, &pem);
    if (r == 0)
        r = put_block(m, &pem);
    if (r == 0) {
        hf_buf_append(&pem, m->chain.data, m->chain.len);
        r = pem.error;
    }
    if (r == 0)
        r = hf_file_replace(file, hf_buf_bytes(&pem), 0600);
    hf_buf_done(&pem);
    return r;
}

static int take_block(struct hf_dev_machine *m, const uint8_t *p, size_t len)
{
    if (len < BLOCK_FIXED || len > BLOCK_FIXED + HF__DEV_AUTH_DATA_MAX)
        return HF_EMALFORMED;
    memcpy(m->ppid, p, sizeof m->ppid);
    p += sizeof m->ppid;
    memcpy(m->serial, p, sizeof m->serial);
    p += sizeof m->serial;
    memcpy(m->qe_report, p, sizeof m->qe_report);
    p += sizeof m->qe_report;
    memcpy(m->qe_signature, p, sizeof m->qe_signature);
    m->auth_data_len = len - BLOCK_FIXED;
    memcpy(m->auth_data, p + sizeof m->qe_signature, m->auth_data_len);
    return 0;
}

/* The chain is kept as it stands in the file; what is read here only shows that it is one. */
static int take_chain(struct hf_dev_machine *m, BIO *bio, struct hf_bytes rest)
{
    for (int i = 0; i < CHAIN_CERTS; i++) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (cert == NULL)
            return HF_EMALFORMED;
        X509_free(cert);
    }
    hf_buf_append(&m->chain, rest.data, rest.len);
    return m->chain.error;
}

static int take_all(struct hf_dev_machine *m, BIO *bio, struct hf_bytes text)
{
    m->attestation_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    if (m->attestation_key == NULL ||
        hf__dev_key_public(m->attestation_key, m->attestation_public) != 0)
        return HF_EMALFORMED;
    char *name = NULL, *header = NULL;
    unsigned char *block = NULL;
    long len = 0;
    if (PEM_read_bio(bio, &name, &header, &block, &len) != 1)
        return HF_EMALFORMED;
    int r = strcmp(name, block_name) == 0 ? take_block(m, block, (size_t)len) : HF_EMALFORMED;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(block);
    size_t left = BIO_ctrl_pending(bio);
    if (r != 0 || left > text.len)
        return HF_EMALFORMED;
    return take_chain(m, bio, hf_bytes_of(text.data + text.len - left, left));
}

int hf_dev_machine_load(const char *file, struct hf_dev_machine **ret)
{
    struct hf_buf pem;
    hf_buf_init(&pem, HF__DEV_PEM_MAX);
    int r = hf_file_read(file, &pem);
    struct hf_dev_machine *m = r == 0 ? calloc(1, sizeof *m) : NULL;
    BIO *bio = m != NULL ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
    if (r == 0 && bio == NULL)
        r = HF_ENOMEM;
    if (r == 0) {
        hf_buf_init(&m->chain, HF__DEV_PEM_MAX);
        r = take_all(m, bio, hf_buf_bytes(&pem));
    }
    BIO_free(bio);
    hf_buf_done(&pem);
    if (r != 0) {
        hf_dev_machine_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

static int make_and_save(const char *file, const char *authority_folder, struct hf_bytes machine_id,
                         uint64_t now_s, struct hf_dev_machine **ret)
{
    struct hf_dev_authority *a = NULL;
    struct hf_dev_machine *m = NULL;
    struct hf_dev_machine_spec spec;
    int r = hf_dev_authority_load(authority_folder, &a);
    if (r != 0)
        return r;
    hf_dev_machine_spec_init(&spec, machine_id, now_s);
    r = hf_dev_machine_new(a, &spec, &m);
    if (r == 0)
        r = hf_dev_machine_save(m, file);
    hf_dev_authority_free(a);
    if (r != 0) {
        hf_dev_machine_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

int hf_dev_machine_open(const char *file, const char *authority_folder, struct hf_bytes machine_id,
                        uint64_t now_s, struct hf_dev_machine **ret)
{
    int r = hf_dev_machine_load(file, ret);
    if (r != HF_ENOTFOUND)
        return r;
    return make_and_save(file, authority_folder, machine_id, now_s, ret);
}
