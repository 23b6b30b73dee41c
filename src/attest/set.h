/*
 * The inside of a set of collateral. Documents and their issuers are counted references that sets
 * share, so that merging two sets verifies nothing again. Each is read and verified once, when it
 * is first needed, under its own lock: the set of a large network has many platforms of which a
 * node meets few.
 */
#ifndef HF_ATTEST_SET_H
#define HF_ATTEST_SET_H

#include "chain.h"
#include "crl.h"
#include "tcb.h"

#include <pthread.h>
#include <stdatomic.h>

/* The key that everything in a set must lead to. */
struct hf__root {
    bool trusted; /* false: no key is, and nothing verifies */
    uint8_t key[HF_ROOT_KEY_LEN];
};

/* Whether a public key, as x and y, is the root that counts. */
static inline bool hf__root_is(const struct hf__root *root,
                               const uint8_t key[static HF_ROOT_KEY_LEN])
{
    return root->trusted && memcmp(root->key, key, HF_ROOT_KEY_LEN) == 0;
}

/* Which key hf_roots trusts in this build. */
struct hf__root hf__root_of(const struct hf_roots *roots);

/* Who signs a document: the leaf of a chain. */
struct hf__issuer {
    atomic_uint refs;
    struct hf__root root;
    bool is_ca; /* signs a CRL; otherwise JSON documents */
    uint8_t *text;
    size_t len;
    pthread_mutex_t lock; /* of what follows, until ready; from then on it never changes */
    atomic_bool ready;
    int error; /* 0, HF_ECOLLMISSING, HF_ECOLLATERAL, HF_ECOLLSIG */
    struct hf_fault fault;
    struct hf__chain chain;
    EVP_PKEY *key;
    uint64_t not_before_s, not_after_s;
};

/* ret: one reference. pem is copied. HF_ENOMEM. */
HF_MUST_USE int hf__issuer_new(struct hf_bytes pem, bool is_ca, const struct hf__root *root,
                               struct hf__issuer **ret);
/* The same issuer, with one reference more. */
struct hf__issuer *hf__issuer_ref(struct hf__issuer *issuer);
/* NULL is legal. */
void hf__issuer_unref(struct hf__issuer *issuer);
/* Reads and verifies it, the first time. Returns its error, or HF_ENOMEM,
 * after which it may be tried again. */
HF_MUST_USE int hf__issuer_ready(struct hf__issuer *issuer, const struct hf__known *known);

struct hf__document {
    atomic_uint refs;
    enum hf_collateral_kind kind;
    struct hf__root root;
    struct hf__issuer *issuer; /* NULL for the root's CRL */
    uint8_t *text;
    size_t len;
    /* Of JSON: the signed bytes, within text, and their signature; body
     * is empty where there is none. */
    struct hf_bytes body;
    uint8_t signature[HF_TCB_SIGNATURE_LEN];
    struct hf_fault split_fault; /* why there is none */
    bool has_fmspc; /* of a TCB info: whether it, or who asked for it, says what it is about */
    uint8_t fmspc[HF_FMSPC_LEN];
    pthread_mutex_t lock; /* of what follows, until ready; from then on it never changes */
    atomic_bool ready;
    struct hf_document_info info;
    struct hf__tcb_info *tcb_info; /* the one that fits the kind */
    struct hf__qe_identity *qe_identity;
    struct hf__crl crl;
};

/*
 * ret: one reference. text is copied, issuer referenced. asked_fmspc: HF_FMSPC_LEN bytes, or NULL.
 * HF_ENOMEM.
 */
HF_MUST_USE int hf__document_new(enum hf_collateral_kind kind, struct hf_bytes text,
                                 struct hf__issuer *issuer, const struct hf__root *root,
                                 const uint8_t *asked_fmspc, struct hf__document **ret);
/* The same document, with one reference more. */
struct hf__document *hf__document_ref(struct hf__document *d);
/* Gives one reference back; the last one frees it. NULL is fine. */
void hf__document_unref(struct hf__document *d);
/* Reads and verifies it, the first time. Returns its error, or HF_ENOMEM,
 * after which it may be tried again. */
HF_MUST_USE int hf__document_ready(struct hf__document *d, const struct hf__known *known);

/* Whether a is older than b, both read: a lower number, or the same and an earlier issue date. */
bool hf__document_older(const struct hf__document *a, const struct hf__document *b);

struct hf_collateral {
    atomic_uint refs;
    struct hf__root root;
    EVP_PKEY *root_key; /* decoded; NULL where no root is trusted, or its key is no point */
    struct hf__document *qe_identity;              /* NULL where missing, as those below */
    struct hf__document *pck_crls[HF_PCK_CAS_MAX]; /* the missing ones last */
    struct hf__document *root_crl;
    size_t tcb_info_count;
    struct hf__document *tcb_infos[];
};

/* An empty set with room for count TCB infos; NULL when out of memory. */
struct hf_collateral *hf__collateral_empty(const struct hf__root *root, size_t count);
/* Borrowed; NULL where the set has none. fmspc: for a TCB info. */
struct hf__document *hf__collateral_find(const struct hf_collateral *c,
                                         enum hf_collateral_kind kind, const uint8_t *fmspc);
/*
 * The list of the PCK CA that ca is, by name and key; where the set has none of it, the first, of
 * whichever CA, which may be NULL. HF_ENOMEM.
 */
HF_MUST_USE int hf__collateral_pck_crl(const struct hf_collateral *c, const struct hf__cert *ca,
                                       struct hf__document **ret);
/* Whether a list, read and good, is of the CA that ca is. */
bool hf__is_list_of(const struct hf__document *list, const struct hf__cert *ca);
/* The documents that are no TCB infos, NULL for each that is missing. */
enum { HF__SINGLE = 2 + HF_PCK_CAS_MAX };
void hf__collateral_single(const struct hf_collateral *c,
                           struct hf__document *ret[static HF__SINGLE]);
/* Certificates that the set's own chains have verified so far; for
 * hf__chain_verify. c may be NULL. */
struct hf__known hf__collateral_known(const struct hf_collateral *c);
/* hf__document_ready with what the set knows. HF_ECOLLMISSING: d is NULL. */
HF_MUST_USE int hf__collateral_ready(const struct hf_collateral *c, struct hf__document *d);

#endif
