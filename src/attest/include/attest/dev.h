/*
 * The `dev` platform: TDX quotes for networks without the hardware, and for tests. Everything is
 * structurally real (quote v4 and v5, QE report, PCK certificate with Intel's extension, CRLs, TCB
 * info, QE identity), but the chain ends at a development root, whose key is a file. One verifier
 * judges both platforms; only a policy that names a development root accepts these. Builds for
 * production do not contain this module.
 *
 * An authority is the root, two PCK CAs (platform and processor) and the signer of collateral. A
 * machine is what one simulated processor owns: a PPID, a PCK certificate, a QE report and an
 * attestation key. A trust domain is what a quote reports. None of the keys here is a secret in the
 * sense of base/secret.h: they protect nothing. Signatures follow from key and content (RFC 6979):
 * from one seed comes one authority, with the same machines, quotes and collateral to the byte.
 */
#ifndef HF_ATTEST_DEV_H
#define HF_ATTEST_DEV_H

#ifdef HF_PRODUCTION
#error "the dev platform does not exist in a build for production"
#endif

#include "attest/producer.h"

enum {
    HF_DEV_SEED_LEN = 32,
    HF_DEV_ROOT_KEY_LEN = 64, /* P-256, x and y, big-endian */
    HF_DEV_ROOT_SPKI_LEN = 91,
    HF_DEV_REGISTER_LEN = 48, /* MRTD, RTMRs and the like: SHA-384 */
    HF_DEV_FMSPC_LEN = 6,
    HF_DEV_SERIAL_LEN = 20,
    HF_DEV_LEVELS_MAX = 8, /* TCB levels, module levels, QE levels in one document */
    HF_DEV_ADVISORIES_MAX = 8,
    HF_DEV_REVOKED_MAX = 64, /* serials in the root's CRL */
};

/* Who issued something, and which list revokes it. */
enum hf_dev_ca { HF_DEV_CA_PLATFORM = 0, HF_DEV_CA_PROCESSOR = 1 };

/* Unix seconds, both ends included. */
struct hf_dev_window {
    uint64_t from_s;
    uint64_t to_s;
};

/* --- the authority --- */

struct hf_dev_authority;

struct hf_dev_authority_spec {
    const uint8_t *seed; /* HF_DEV_SEED_LEN bytes: keys follow from it; NULL: fresh keys */
    struct hf_dev_window root;
    struct hf_dev_window ca;     /* both PCK CAs */
    struct hf_dev_window signer; /* the TCB signing certificate */
    const char *root_name;       /* common names; NULL: those that a verifier looks for */
    const char *signer_name;
};

/* Fresh keys, everything valid from the given time for 20 years. */
void hf_dev_authority_spec_init(struct hf_dev_authority_spec *ret, uint64_t now_s);
/* HF_EINVAL: a window that ends before it begins, or not a date of an X.509
 * certificate. HF_ENOMEM. */
HF_MUST_USE int hf_dev_authority_new(const struct hf_dev_authority_spec *spec,
                                     struct hf_dev_authority **ret);
/* Freeing NULL is legal. Machines made with it stay usable. */
void hf_dev_authority_free(struct hf_dev_authority *a);
/*
 * Writes or reads eight PEM files (root, platform-ca, processor-ca, tcb-signing; .key.pem and
 * .cert.pem) in a folder. Saving makes the folder (0700) and the files (0600), each replaced
 * atomically. HF_ENOTFOUND: no such folder or file. HF_EMALFORMED: not the PEM expected, or a key
 * that does not fit its certificate. HF_EPERMISSION, HF_ENOSPACE, HF_EREADONLY, HF_EIO, HF_ENOMEM.
 */
HF_MUST_USE int hf_dev_authority_save(const struct hf_dev_authority *a, const char *folder);
HF_MUST_USE int hf_dev_authority_load(const char *folder, struct hf_dev_authority **ret);
/* The root's public key, which a dev network's policy names as its trust root. */
void hf_dev_authority_root_key(const struct hf_dev_authority *a,
                               uint8_t ret[static HF_DEV_ROOT_KEY_LEN]);
/* The same as a SubjectPublicKeyInfo (RFC 5480) in DER, the form in which a policy carries it. */
void hf_dev_authority_root_spki(const struct hf_dev_authority *a,
                                uint8_t ret[static HF_DEV_ROOT_SPKI_LEN]);
/* The serial of a PCK CA, for the root's revocation list. */
void hf_dev_authority_ca_serial(const struct hf_dev_authority *a, enum hf_dev_ca ca,
                                uint8_t ret[static HF_DEV_SERIAL_LEN]);

/* The serial of the TCB signing certificate, likewise. */
void hf_dev_authority_signer_serial(const struct hf_dev_authority *a,
                                    uint8_t ret[static HF_DEV_SERIAL_LEN]);

/* --- a machine --- */

struct hf_dev_machine;

/* What the PCK certificate's extension says of the platform. */
struct hf_dev_platform {
    uint8_t ppid[HF_PPID_LEN];
    uint8_t fmspc[HF_DEV_FMSPC_LEN];
    uint8_t pceid[2]; /* as in the certificate */
    uint8_t tcb_svns[16];
    uint16_t pcesvn;
    uint8_t cpusvn[16];
};

/* The quoting enclave's report. */
struct hf_dev_qe {
    uint8_t mrenclave[HF_SGX_MR_LEN];
    uint8_t mrsigner[HF_SGX_MR_LEN];
    uint8_t attributes[16];
    uint32_t miscselect;
    uint16_t isvprodid;
    uint16_t isvsvn;
    bool binds_other_key; /* report data that binds another attestation key */
    size_t auth_data_len; /* of the QE authentication data, at most 64; zeros where above 32 */
};

struct hf_dev_machine_spec {
    struct hf_dev_platform platform;
    struct hf_dev_qe qe;
    enum hf_dev_ca ca;
    struct hf_dev_window pck; /* validity of the PCK certificate */
    const uint8_t *seed; /* HF_DEV_SEED_LEN bytes: both keys follow from it; NULL: fresh keys */
    /* a P-256 scalar, 32 bytes, big-endian; NULL: as seed says */
    const uint8_t *attestation_secret;
};

/*
 * A machine like those of the default collateral, up to date, its PCK valid for 7 years from now.
 * machine_id: any bytes, as "node-3"; the PPID is the first 16 bytes of their SHA-256.
 */
void hf_dev_machine_spec_init(struct hf_dev_machine_spec *ret, struct hf_bytes machine_id,
                              uint64_t now_s);
/* The PPID of a machine id, as used above. */
void hf_dev_ppid(struct hf_bytes machine_id, uint8_t ret[static HF_PPID_LEN]);
/* HF_EINVAL: a window or scalar out of range, too much authentication data. HF_ENOMEM. */
HF_MUST_USE int hf_dev_machine_new(const struct hf_dev_authority *a,
                                   const struct hf_dev_machine_spec *spec,
                                   struct hf_dev_machine **ret);
/* Frees a machine; NULL is fine. */
void hf_dev_machine_free(struct hf_dev_machine *m);
/* One PEM file (0600, replaced atomically): attestation key, QE report, PCK
 * chain. Errors as the authority's. */
HF_MUST_USE int hf_dev_machine_save(const struct hf_dev_machine *m, const char *file);
HF_MUST_USE int hf_dev_machine_load(const char *file, struct hf_dev_machine **ret);
/*
 * What a daemon calls at its start: loads the file, or, where there is none, makes the machine of
 * this id with the authority in the folder, saves it and returns it. With the file there, no key is
 * made and nothing signed.
 */
HF_MUST_USE int hf_dev_machine_open(const char *file, const char *authority_folder,
                                    struct hf_bytes machine_id, uint64_t now_s,
                                    struct hf_dev_machine **ret);
/* The serial of its PCK certificate, for a revocation list. */
void hf_dev_machine_serial(const struct hf_dev_machine *m, uint8_t ret[static HF_DEV_SERIAL_LEN]);

/* --- a trust domain and its quotes --- */

enum { HF_DEV_TD_DEBUG = 1 }; /* bit of td_attributes */

struct hf_dev_td {
    uint8_t tee_tcb_svn[16];
    uint8_t mrseam[HF_DEV_REGISTER_LEN];
    uint8_t mrsignerseam[HF_DEV_REGISTER_LEN];
    uint64_t seam_attributes;
    uint64_t td_attributes;
    uint64_t xfam;
    uint8_t mrtd[HF_DEV_REGISTER_LEN];
    uint8_t mrconfigid[HF_DEV_REGISTER_LEN];
    uint8_t mrowner[HF_DEV_REGISTER_LEN];
    uint8_t mrownerconfig[HF_DEV_REGISTER_LEN];
    uint8_t rtmr[4][HF_DEV_REGISTER_LEN];
    uint8_t tee_tcb_svn2[16];                 /* TDX 1.5 bodies only */
    uint8_t mrservicetd[HF_DEV_REGISTER_LEN]; /* TDX 1.5 bodies only */
};

/* The header's version and, for v5, the body's type. */
enum hf_dev_format { HF_DEV_QUOTE_V4, HF_DEV_QUOTE_V5_TDX10, HF_DEV_QUOTE_V5_TDX15 };

/*
 * A TDX 1.5 module, no DEBUG. The measured registers follow from the name of an image (MRTD is its
 * SHA-384, RTMR0-2 likewise with a suffix; RTMR3 is zero): two daemons of one image name have one
 * measurement.
 */
void hf_dev_td_init(struct hf_dev_td *ret, const char *image);
/*
 * Extends RTMR3 with a network id as an image does before any key exists:
 * RTMR3 = SHA-384(RTMR3 || SHA-384(network id)).
 */
void hf_dev_td_bind_network(struct hf_dev_td *td, struct hf_bytes network_id);
/* The digest that policies list: hf_suite_real.hash("holdfast/v1/measurement",
 * MRTD || RTMR0..3). */
void hf_dev_td_measurement(const struct hf_dev_td *td, uint8_t ret[static HF_MEASUREMENT_LEN]);

/*
 * A quote of the trust domain, signed by the machine's attestation key: one ECDSA signature.
 * Thread-safe. ret_quote: an initialised buffer, to which it is appended. HF_ETOOBIG, HF_ENOMEM:
 * the buffer. HF_EINTERNAL.
 */
HF_MUST_USE int hf_dev_quote_make(const struct hf_dev_machine *m, const struct hf_dev_td *td,
                                  enum hf_dev_format format, const uint8_t report_data[static 64],
                                  struct hf_buf *ret_quote);
/* A producer of v4 quotes. Takes the machine over on success; the
 * trust domain is copied. HF_ENOMEM. */
HF_MUST_USE int hf_dev_producer_new_takes(struct hf_dev_machine *machine,
                                          const struct hf_dev_td *td, struct hf_producer **ret);

/* --- collateral --- */

struct hf_dev_level_text {
    const char *status; /* "UpToDate", "OutOfDate", ...: written as it is */
    uint64_t date_s;
    const char *advisories[HF_DEV_ADVISORIES_MAX]; /* NULL after the last */
};

struct hf_dev_tcb_level {
    uint8_t sgx[16];
    uint8_t tdx[16];
    uint16_t pcesvn;
    struct hf_dev_level_text text;
};

struct hf_dev_svn_level {
    uint16_t isvsvn;
    struct hf_dev_level_text text;
};

struct hf_dev_levels {
    size_t count;
    struct hf_dev_svn_level level[HF_DEV_LEVELS_MAX];
};

/* What a whole set of collateral says; the defaults make a default machine UpToDate. */
struct hf_dev_collateral_spec {
    uint8_t fmspc[HF_DEV_FMSPC_LEN];
    uint8_t pceid[2];
    enum hf_dev_ca ca;             /* whose list and chain */
    struct hf_dev_window tcb_info; /* issueDate and nextUpdate */
    struct hf_dev_window qe_identity;
    struct hf_dev_window pck_crl;
    struct hf_dev_window root_crl;
    uint32_t evaluation_number; /* tcbEvaluationDataNumber of both documents */
    size_t tcb_level_count;
    struct hf_dev_tcb_level tcb_level[HF_DEV_LEVELS_MAX];
    uint8_t module_mrsigner[HF_DEV_REGISTER_LEN];
    uint8_t module_version; /* of the one module identity, "TDX_01" for 1 */
    struct hf_dev_levels module;
    struct hf_dev_qe qe; /* the fields that the identity fixes */
    struct hf_dev_levels qe_levels;
    size_t pck_revoked_count;
    const uint8_t (*pck_revoked)[HF_DEV_SERIAL_LEN]; /* borrowed; may be NULL when there are none */
    size_t root_revoked_count;
    uint8_t root_revoked[HF_DEV_REVOKED_MAX][HF_DEV_SERIAL_LEN];
};

/* A set in memory; the fields are named after the files. */
struct hf_dev_collateral {
    char fmspc[2 * HF_DEV_FMSPC_LEN + 1]; /* lower-case hexadecimal */
    struct hf_buf tcb_info;               /* tcb_info_<fmspc>.json */
    struct hf_buf qe_identity;            /* qe_identity.json */
    struct hf_buf tcb_signing_chain;      /* .pem */
    struct hf_buf pck_crl;                /* .der */
    struct hf_buf pck_crl_issuer_chain;   /* .pem */
    struct hf_buf root_ca_crl;            /* .der */
};

/* Valid for the given number of seconds from now. */
void hf_dev_collateral_spec_init(struct hf_dev_collateral_spec *ret, uint64_t now_s,
                                 uint64_t valid_s);
/* HF_EINVAL: a count or a window out of range. HF_ENOMEM, HF_EINTERNAL. ret: free with _done. */
HF_MUST_USE int hf_dev_collateral_make(const struct hf_dev_authority *a,
                                       const struct hf_dev_collateral_spec *spec,
                                       struct hf_dev_collateral *ret);
/* Frees what the collateral holds. */
void hf_dev_collateral_done(struct hf_dev_collateral *c);
/*
 * The TCB info alone, for one more platform of a set: appended. Of the spec count what describes
 * the platform, its levels and its module. Errors as hf_dev_collateral_make.
 */
HF_MUST_USE int hf_dev_tcb_info_make(const struct hf_dev_authority *a,
                                     const struct hf_dev_collateral_spec *spec, struct hf_buf *ret);
/*
 * Writes the six files into a folder, made if need be; one folder holds several FMSPCs when it is
 * called for each with the same issue dates. Errors as hf_dev_authority_save.
 */
HF_MUST_USE int hf_dev_collateral_write(const struct hf_dev_collateral *c, const char *folder);

#endif
