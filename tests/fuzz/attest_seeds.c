/* Writes the seeds of the attestation targets into one folder each: quotes and collateral of the
 * dev platform. */
#include "attest/dev.h"
#include "base/error.h"
#include "base/file.h"
#include "cert.h"
#include "pem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *root;

static void must(int r, const char *what)
{
    if (r == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, hf_error_sentence(r));
    exit(EXIT_FAILURE);
}

static void write_seed(const char *target, const char *name, struct hf_bytes content)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, target);
    (void)mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    must(hf_file_replace(path, content, 0644), path);
}

/* The text, each certificate in it, and the SGX extension of the one that has it. */
static void write_chain(const char *name, struct hf_bytes pem)
{
    uint8_t *storage = malloc(pem.len + 3);
    struct hf_bytes der[HF_CHAIN_CERTS_MAX];
    size_t count;
    struct hf_fault fault;
    struct hf__cert cert;
    char file[64];
    hf_assert(storage != NULL);
    write_seed("cert", name, pem);
    must(hf__pem_certificates(pem, storage, der, &count, &fault), name);
    for (size_t i = 0; i < count; i++) {
        snprintf(file, sizeof file, "%s-%zu.der", name, i);
        write_seed("cert", file, der[i]);
        must(hf__cert_parse(der[i], &cert, &fault), file);
        if (cert.sgx.len == 0)
            continue;
        snprintf(file, sizeof file, "%s-%zu.sgx", name, i);
        write_seed("cert", file, cert.sgx);
    }
    free(storage);
}

static void write_quotes(const struct hf_dev_authority *a, uint64_t now_s)
{
    static const uint8_t report_data[64] = {1, 2, 3};
    struct hf_dev_machine_spec spec;
    struct hf_dev_machine *m;
    struct hf_dev_td td;
    hf_dev_machine_spec_init(&spec, hf_bytes_of("seed", 4), now_s);
    must(hf_dev_machine_new(a, &spec, &m), "machine");
    hf_dev_td_init(&td, "image");
    for (int format = HF_DEV_QUOTE_V4; format <= HF_DEV_QUOTE_V5_TDX15; format++) {
        struct hf_buf quote;
        struct hf_quote parsed;
        char name[32];
        hf_buf_init(&quote, HF_QUOTE_MAX);
        must(hf_dev_quote_make(m, &td, (enum hf_dev_format)format, report_data, &quote), "quote");
        snprintf(name, sizeof name, "format-%d", format);
        write_seed("quote", name, hf_buf_bytes(&quote));
        must(hf_quote_parse(hf_buf_bytes(&quote), &parsed, NULL), name);
        if (format == HF_DEV_QUOTE_V4)
            write_chain("pck", parsed.certification);
        hf_buf_done(&quote);
    }
    hf_dev_machine_free(m);
}

static void write_collateral(const struct hf_dev_authority *a, uint64_t now_s)
{
    struct hf_dev_collateral_spec spec;
    struct hf_dev_collateral c;
    hf_dev_collateral_spec_init(&spec, now_s, 86400);
    uint8_t revoked[3][HF_DEV_SERIAL_LEN];
    for (uint8_t i = 0; i < 3; i++)
        memset(revoked[i], 0x40 + i, HF_DEV_SERIAL_LEN);
    spec.pck_revoked = (const uint8_t(*)[HF_DEV_SERIAL_LEN])revoked;
    spec.pck_revoked_count = 3;
    must(hf_dev_collateral_make(a, &spec, &c), "collateral");
    write_seed("tcb_info", "tcb_info.json", hf_buf_bytes(&c.tcb_info));
    write_seed("qe_identity", "qe_identity.json", hf_buf_bytes(&c.qe_identity));
    write_seed("crl", "pck_crl.der", hf_buf_bytes(&c.pck_crl));
    write_seed("crl", "root_ca_crl.der", hf_buf_bytes(&c.root_ca_crl));
    write_chain("signing", hf_buf_bytes(&c.tcb_signing_chain));
    hf_dev_collateral_done(&c);
}

int main(int argc, char **argv)
{
    static const uint8_t seed[HF_DEV_SEED_LEN] = {1};
    const uint64_t now_s = UINT64_C(1782907200);
    struct hf_dev_authority_spec spec;
    struct hf_dev_authority *a;
    if (argc != 2) {
        fprintf(stderr, "usage: attest_seeds FOLDER\n");
        return EXIT_FAILURE;
    }
    root = argv[1];
    (void)mkdir(root, 0755);
    hf_dev_authority_spec_init(&spec, now_s);
    spec.seed = seed;
    must(hf_dev_authority_new(&spec, &a), "authority");
    write_quotes(a, now_s);
    write_collateral(a, now_s);
    hf_dev_authority_free(a);
    return EXIT_SUCCESS;
}
