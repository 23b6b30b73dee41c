/*
 * What Intel's provisioning certification service says about platforms: QE identity, TCB
 * information per FMSPC, and the revocation lists of the root and of the PCK CAs, of which there
 * are two: platform and processor. To its users a set never changes. Inside, each document is
 * parsed, its signing chain followed to a trusted root and its signature verified once, when it is
 * first needed, and the result remembered: only dates are looked at again, at each verification,
 * for its own time. What is wrong with one document stays with that document: a broken TCB info is
 * no obstacle to the quote of another platform.
 *
 * Sets are counted references, safe to share between threads. Sizes are bounded before anything is
 * parsed.
 */
#ifndef HF_ATTEST_COLLATERAL_H
#define HF_ATTEST_COLLATERAL_H

#include "attest/fault.h"
#include "attest/quote.h"
#include "attest/verdict.h"
#include "base/bytes.h"
#include "base/check.h"

enum {
    /* Bytes of one document; a revocation list grows with every revoked platform. */
    HF_COLLATERAL_DOCUMENT_MAX = 1 << 20,
    HF_COLLATERAL_CHAIN_MAX = 16384,   /* bytes of a PEM chain */
    HF_COLLATERAL_PLATFORMS_MAX = 256, /* TCB infos in a set */
    HF_PCK_CAS_MAX = 2,                /* platform and processor, in whichever order */
    HF_ROOT_KEY_LEN = 64,              /* P-256, x and y, big-endian */
};

/* The subject's common name of every development root. It decides a wording, never a trust: see
 * verify.h. */
#define HF_DEV_ROOT_NAME "Holdfast Development Root CA"

/* Which roots are trusted: Intel's, by the key that is built in; or a development root, by the
 * policy's key. */
struct hf_roots {
    enum hf_trust trust;
    /*
     * HF_ROOT_KEY_LEN bytes, borrowed; or NULL. Needed for HF_TRUST_DEV. Under HF_TRUST_INTEL it is
     * never trusted, and only names what is refused. A production build never trusts it.
     */
    const uint8_t *dev_key;
};

/*
 * The key of a root from its SubjectPublicKeyInfo (RFC 5480) in DER, as a policy carries it.
 * HF_EMALFORMED: not that, or not a point of P-256. HF_ENOMEM.
 */
HF_MUST_USE int hf_root_key_from_spki(struct hf_bytes spki, uint8_t ret[static HF_ROOT_KEY_LEN]);

/* The kinds of documents of a set. */
enum hf_collateral_kind {
    HF_DOCUMENT_QE_IDENTITY,
    HF_DOCUMENT_TCB_INFO,
    HF_DOCUMENT_PCK_CRL,
    HF_DOCUMENT_ROOT_CRL,
};

/* The revocation list of a PCK CA. */
struct hf_pck_list_source {
    struct hf_bytes list;         /* DER */
    struct hf_bytes issuer_chain; /* PEM */
};

/* The documents as they came. All borrowed; an empty one is missing, which is no error before it is
 * needed. */
struct hf_collateral_source {
    struct hf_bytes qe_identity;      /* JSON: {"enclaveIdentity": {...}, "signature": "hex"} */
    const struct hf_bytes *tcb_infos; /* JSON: {"tcbInfo": {...}, "signature": "hex"} */
    size_t tcb_info_count;            /* at most HF_COLLATERAL_PLATFORMS_MAX */
    /*
     * The platform that each was asked for, HF_FMSPC_LEN bytes each; or NULL. A TCB info that does
     * not even say what it is about counts as that platform's, so that it is told from one that is
     * missing.
     */
    const uint8_t (*tcb_fmspcs)[HF_FMSPC_LEN];
    struct hf_bytes tcb_signing_chain; /* PEM, of all the JSON documents */
    struct hf_pck_list_source pck_lists[HF_PCK_CAS_MAX];
    struct hf_bytes root_ca_crl; /* DER */
};

struct hf_collateral;

/* When a TCB evaluation was first seen: the earliest issue date of a document with its number. */
struct hf_evaluation_seen {
    uint32_t number;
    uint64_t issued_s;
};

/*
 * Prepares a set. Documents that are missing, malformed or wrongly signed are remembered as such.
 * ret: a reference of the caller's; give it back with hf_collateral_unref.
 * HF_ENOMEM. HF_ETOOBIG: more TCB infos than HF_COLLATERAL_PLATFORMS_MAX.
 */
HF_MUST_USE int hf_collateral_new(const struct hf_collateral_source *source,
                                  const struct hf_roots *roots, struct hf_collateral **ret);
/*
 * The same from a folder: qe_identity.json, tcb_info_<fmspc>.json, tcb_signing_chain.pem,
 * pck_crl.der, pck_crl_issuer_chain.pem, and beside them, where a fleet has machines of both CAs,
 * pck_crl_2.der, pck_crl_2_issuer_chain.pem; root_ca_crl.der. A file that is not there is a missing
 * document. HF_ENOMEM, HF_ETOOBIG, HF_EIO: the folder or a file cannot be read, HF_ENOTFOUND: no
 * such folder.
 */
HF_MUST_USE int hf_collateral_load(const char *folder, const struct hf_roots *roots,
                                   struct hf_collateral **ret);
/*
 * The set of a TCB evaluation that is announced and does not count yet: that of the folder, with
 * early_tcb_info_<fmspc>.json and early_qe_identity.json in the place of those without `early_`,
 * where they are there. For looking ahead only: nothing is judged by it. HF_ECOLLMISSING: none of
 * them is there. Else as hf_collateral_load.
 */
HF_MUST_USE int hf_collateral_load_early(const char *folder, const struct hf_roots *roots,
                                         struct hf_collateral **ret);
/* Another reference to the same set. */
struct hf_collateral *hf_collateral_ref(const struct hf_collateral *c);
/* Gives a reference back; NULL is legal. */
void hf_collateral_unref(struct hf_collateral *c);

/* What a set says of one of its documents. */
struct hf_document_info {
    int error;                  /* 0, or why the document cannot be used, its dates aside */
    struct hf_fault fault;      /* for HF_ECOLLATERAL */
    uint64_t not_before_s;      /* Unix time; the newest of issue date and its certificates' */
    uint64_t not_after_s;       /* the earliest of next update and its certificates' */
    uint64_t issue_date_s;      /* of the document itself */
    uint64_t evaluation_number; /* tcbEvaluationDataNumber; for a CRL, the CRL number */
};

/*
 * fmspc: HF_FMSPC_LEN bytes for HF_DOCUMENT_TCB_INFO, else NULL. Of several lists of PCK CAs the
 * first.
 * HF_ECOLLMISSING: the set has no such document.
 */
HF_MUST_USE int hf_collateral_info(const struct hf_collateral *c, enum hf_collateral_kind kind,
                                   const uint8_t *fmspc, struct hf_document_info *ret);
/*
 * Whether a set is fit for use at a time: every document there, good, and inside its dates; for the
 * fetcher. ret_document, which may be NULL, gets the kind of the first that is not.
 * HF_ECOLLMISSING, HF_ECOLLATERAL, HF_ECOLLSIG, HF_ECOLLEARLY, HF_ECOLLEXPIRED.
 */
HF_MUST_USE int hf_collateral_check(const struct hf_collateral *c, uint64_t at_s,
                                    enum hf_collateral_kind *ret_document);
/* The earliest end of validity of any good document; 0 when there is none. */
uint64_t hf_collateral_expiry_s(const struct hf_collateral *c);
/* The newest issue date of any good document; 0 when there is none: a floor for a clock. */
uint64_t hf_collateral_issue_date_s(const struct hf_collateral *c);

/*
 * A set with the newer of each document, so that what is held is never replaced by something older.
 * Newer means a higher tcbEvaluationDataNumber (CRL number), or the same with a later issue date
 * (this update); lists of different PCK CAs stand beside each other. A document of `offered` that
 * cannot be used, or is not yet valid at at_s, replaces nothing; one of `held` that cannot be used
 * is replaced by any that can. held may be NULL. ret: a reference of the caller's. ret_older, which
 * may be NULL: how many documents of `offered` were older than the held ones and left out.
 * HF_ENOMEM. HF_ETOOBIG: more than HF_COLLATERAL_PLATFORMS_MAX TCB infos together.
 */
HF_MUST_USE int hf_collateral_merge(const struct hf_collateral *held,
                                    const struct hf_collateral *offered, uint64_t at_s,
                                    struct hf_collateral **ret, size_t *ret_older);

#endif
