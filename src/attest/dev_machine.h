/* A simulated machine from inside: what its quotes are made of. */
#ifndef HF_ATTEST_DEV_MACHINE_H
#define HF_ATTEST_DEV_MACHINE_H

#include "dev_pki.h"

enum { HF__DEV_REPORT_LEN = 384, HF__DEV_AUTH_DATA_MAX = 64 };

/* Made once: a quote adds only header, body and one signature. */
struct hf_dev_machine {
    EVP_PKEY *attestation_key;
    uint8_t attestation_public[HF_DEV_ROOT_KEY_LEN];
    uint8_t ppid[HF_PPID_LEN];
    uint8_t serial[HF_DEV_SERIAL_LEN];
    uint8_t qe_report[HF__DEV_REPORT_LEN];
    uint8_t qe_signature[HF__DEV_SIGNATURE_LEN];
    uint8_t auth_data[HF__DEV_AUTH_DATA_MAX];
    size_t auth_data_len;
    struct hf_buf chain; /* PEM: PCK certificate, its CA, the root */
};

#endif
