#include "attest/collateral.h"
#include "base/error.h"
#include "set.h"

#include <stdlib.h>

struct hf_collateral *hf__collateral_empty(const struct hf__root *root, size_t count)
{
    struct hf_collateral *c = calloc(1, sizeof *c + count * sizeof c->tcb_infos[0]);
    if (c == NULL)
        return NULL;
    atomic_init(&c->refs, 1);
    c->root = *root;
    /* A key that is no point verifies nothing, which is found where it would have to. */
    if (root->trusted && hf__p256_key(root->key, &c->root_key) == HF_ENOMEM) {
        free(c);
        return NULL;
    }
    return c;
}

/* Adds a document where there is one. */
static int add(enum hf_collateral_kind kind, struct hf_bytes text, struct hf__issuer *issuer,
               const struct hf__root *root, struct hf__document **ret)
{
    return text.len == 0 ? 0 : hf__document_new(kind, text, issuer, root, NULL, ret);
}

/* Adds the list of a PCK CA where there is one. */
static int add_list(const struct hf_pck_list_source *source, struct hf_collateral *c)
{
    struct hf__issuer *ca;
    size_t at = c->pck_crls[0] != NULL ? 1 : 0;
    int r = hf__issuer_new(source->issuer_chain, true, &c->root, &ca);
    if (r != 0)
        return r;
    r = add(HF_DOCUMENT_PCK_CRL, source->list, ca, &c->root, &c->pck_crls[at]);
    hf__issuer_unref(ca);
    return r;
}

static bool same_platform(const struct hf__document *a, const struct hf__document *b)
{
    return a->has_fmspc && b->has_fmspc && memcmp(a->fmspc, b->fmspc, HF_FMSPC_LEN) == 0;
}

/* One TCB info a platform: a folder may have two whose names differ in letter case, and their order
 * in it says nothing. The newer stays; one that cannot be used never does beside one that can. */
static int drop_doubles(struct hf_collateral *c)
{
    for (size_t i = 0; i < c->tcb_info_count; i++)
        for (size_t j = i + 1; j < c->tcb_info_count; j++) {
            struct hf__document **a = &c->tcb_infos[i], **b = &c->tcb_infos[j];
            if (!same_platform(*a, *b))
                continue;
            int of_a = hf__collateral_ready(c, *a), of_b = hf__collateral_ready(c, *b);
            if (of_a == HF_ENOMEM || of_b == HF_ENOMEM)
                return HF_ENOMEM;
            struct hf__document *second = *b;
            if (of_b == 0 && (of_a != 0 || hf__document_older(*a, *b))) {
                second = *a;
                *a = *b;
            }
            hf__document_unref(second);
            *b = c->tcb_infos[--c->tcb_info_count];
            j--;
        }
    return 0;
}

int hf_collateral_new(const struct hf_collateral_source *source, const struct hf_roots *roots,
                      struct hf_collateral **ret)
{
    struct hf__root root = hf__root_of(roots);
    struct hf__issuer *signer = NULL;
    if (source->tcb_info_count > HF_COLLATERAL_PLATFORMS_MAX)
        return HF_ETOOBIG;
    struct hf_collateral *c = hf__collateral_empty(&root, source->tcb_info_count);
    int r = c != NULL ? 0 : HF_ENOMEM;
    if (r == 0)
        r = hf__issuer_new(source->tcb_signing_chain, false, &root, &signer);
    if (r == 0)
        r = add(HF_DOCUMENT_QE_IDENTITY, source->qe_identity, signer, &root, &c->qe_identity);
    for (size_t i = 0; r == 0 && i < HF_PCK_CAS_MAX; i++)
        r = add_list(&source->pck_lists[i], c);
    if (r == 0)
        r = add(HF_DOCUMENT_ROOT_CRL, source->root_ca_crl, NULL, &root, &c->root_crl);
    for (size_t i = 0; r == 0 && i < source->tcb_info_count; i++) {
        if (source->tcb_infos[i].len == 0)
            continue;
        r = hf__document_new(HF_DOCUMENT_TCB_INFO, source->tcb_infos[i], signer, &root,
                             source->tcb_fmspcs != NULL ? source->tcb_fmspcs[i] : NULL,
                             &c->tcb_infos[c->tcb_info_count]);
        if (r == 0)
            c->tcb_info_count++;
    }
    if (r == 0)
        r = drop_doubles(c);
    hf__issuer_unref(signer);
    if (r != 0) {
        hf_collateral_unref(c);
        return r;
    }
    *ret = c;
    return 0;
}

struct hf_collateral *hf_collateral_ref(const struct hf_collateral *c)
{
    struct hf_collateral *same = (struct hf_collateral *)(uintptr_t)c;
    atomic_fetch_add(&same->refs, 1);
    return same;
}

void hf_collateral_unref(struct hf_collateral *c)
{
    if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    hf__p256_free(c->root_key);
    hf__document_unref(c->qe_identity);
    for (size_t i = 0; i < HF_PCK_CAS_MAX; i++)
        hf__document_unref(c->pck_crls[i]);
    hf__document_unref(c->root_crl);
    for (size_t i = 0; i < c->tcb_info_count; i++)
        hf__document_unref(c->tcb_infos[i]);
    free(c);
}

struct hf__document *hf__collateral_find(const struct hf_collateral *c,
                                         enum hf_collateral_kind kind, const uint8_t *fmspc)
{
    switch (kind) {
    case HF_DOCUMENT_QE_IDENTITY:
        return c->qe_identity;
    case HF_DOCUMENT_PCK_CRL:
        return c->pck_crls[0];
    case HF_DOCUMENT_ROOT_CRL:
        return c->root_crl;
    case HF_DOCUMENT_TCB_INFO:
        break;
    }
    struct hf__document *unreadable = NULL;
    for (size_t i = 0; i < c->tcb_info_count; i++) {
        struct hf__document *d = c->tcb_infos[i];
        if (d->has_fmspc && memcmp(d->fmspc, fmspc, HF_FMSPC_LEN) == 0)
            return d;
        if (!d->has_fmspc)
            unreadable = d;
    }
    /* One that says nothing of itself may be the one: malformed is then nearer the truth than
     * missing. */
    return unreadable;
}

void hf__collateral_single(const struct hf_collateral *c,
                           struct hf__document *ret[static HF__SINGLE])
{
    ret[0] = c->qe_identity;
    ret[1] = c->root_crl;
    memcpy(ret + 2, c->pck_crls, sizeof c->pck_crls);
}

bool hf__is_list_of(const struct hf__document *list, const struct hf__cert *ca)
{
    const struct hf__cert *signer = &list->issuer->chain.cert[0];
    return hf_bytes_equal(list->crl.issuer, ca->subject) &&
           memcmp(signer->key, ca->key, HF_P256_KEY_LEN) == 0;
}

int hf__collateral_pck_crl(const struct hf_collateral *c, const struct hf__cert *ca,
                           struct hf__document **ret)
{
    *ret = c->pck_crls[0];
    for (size_t i = 0; i < HF_PCK_CAS_MAX; i++) {
        int r = hf__collateral_ready(c, c->pck_crls[i]);
        if (r == HF_ENOMEM)
            return r;
        if (r == 0 && hf__is_list_of(c->pck_crls[i], ca))
            *ret = c->pck_crls[i];
    }
    return 0;
}

/* Whether one issuer's verified chain has this certificate under an issuer of this key. */
static bool issuer_knows(const struct hf__issuer *issuer, const struct hf__cert *cert,
                         const uint8_t key[static HF_P256_KEY_LEN])
{
    if (issuer == NULL || !atomic_load(&issuer->ready) || issuer->error != 0)
        return false;
    const struct hf__chain *chain = &issuer->chain;
    for (size_t i = 0; i < chain->count; i++) {
        const struct hf__cert *above = &chain->cert[i + 1 < chain->count ? i + 1 : i];
        if (hf_bytes_equal(chain->cert[i].der, cert->der) &&
            memcmp(above->key, key, HF_P256_KEY_LEN) == 0)
            return true;
    }
    return false;
}

/* The signer of the JSON documents; NULL where there is none. */
static const struct hf__issuer *json_issuer(const struct hf_collateral *c)
{
    const struct hf__document *d = c->qe_identity;
    if (d == NULL && c->tcb_info_count > 0)
        d = c->tcb_infos[0];
    return d != NULL ? d->issuer : NULL;
}

static const struct hf__issuer *crl_issuer(const struct hf_collateral *c, size_t i)
{
    return c->pck_crls[i] != NULL ? c->pck_crls[i]->issuer : NULL;
}

static bool knows(const void *context, const struct hf__cert *cert,
                  const uint8_t issuer_key[static HF_P256_KEY_LEN])
{
    const struct hf_collateral *c = context;
    bool known = c != NULL && issuer_knows(json_issuer(c), cert, issuer_key);
    for (size_t i = 0; c != NULL && !known && i < HF_PCK_CAS_MAX; i++)
        known = issuer_knows(crl_issuer(c, i), cert, issuer_key);
    return known;
}

/* The decoded key of one issuer, where it is this one. */
static EVP_PKEY *issuer_key(const struct hf__issuer *issuer,
                            const uint8_t key[static HF_P256_KEY_LEN])
{
    bool usable = issuer != NULL && atomic_load(&issuer->ready) && issuer->error == 0;
    if (!usable || memcmp(issuer->chain.cert[0].key, key, HF_P256_KEY_LEN) != 0)
        return NULL;
    return hf__p256_ref(issuer->key);
}

static EVP_PKEY *decoded(const void *context, const uint8_t key[static HF_P256_KEY_LEN])
{
    const struct hf_collateral *c = context;
    if (c == NULL)
        return NULL;
    if (c->root_key != NULL && hf__root_is(&c->root, key))
        return hf__p256_ref(c->root_key);
    EVP_PKEY *found = NULL;
    for (size_t i = 0; found == NULL && i < HF_PCK_CAS_MAX; i++)
        found = issuer_key(crl_issuer(c, i), key);
    return found != NULL ? found : issuer_key(json_issuer(c), key);
}

struct hf__known hf__collateral_known(const struct hf_collateral *c)
{
    return (struct hf__known){.knows = knows, .key = decoded, .context = c};
}

int hf__collateral_ready(const struct hf_collateral *c, struct hf__document *d)
{
    struct hf__known known = hf__collateral_known(c);
    return d == NULL ? HF_ECOLLMISSING : hf__document_ready(d, &known);
}

int hf_collateral_info(const struct hf_collateral *c, enum hf_collateral_kind kind,
                       const uint8_t *fmspc, struct hf_document_info *ret)
{
    struct hf__document *d = hf__collateral_find(c, kind, fmspc);
    int r = hf__collateral_ready(c, d);
    if (d == NULL || r == HF_ENOMEM)
        return r;
    *ret = d->info;
    return 0;
}

/* Calls visit for every document there is. */
static void each(const struct hf_collateral *c,
                 void (*visit)(const struct hf_collateral *c, struct hf__document *d, void *out),
                 void *out)
{
    struct hf__document *single[HF__SINGLE];
    hf__collateral_single(c, single);
    for (size_t i = 0; i < HF__SINGLE; i++)
        if (single[i] != NULL)
            visit(c, single[i], out);
    for (size_t i = 0; i < c->tcb_info_count; i++)
        visit(c, c->tcb_infos[i], out);
}

static int check_one(const struct hf_collateral *c, struct hf__document *d, uint64_t at_s)
{
    int r = hf__collateral_ready(c, d);
    if (r == 0 && at_s < d->info.not_before_s)
        r = HF_ECOLLEARLY;
    if (r == 0 && at_s > d->info.not_after_s)
        r = HF_ECOLLEXPIRED;
    return r;
}

int hf_collateral_check(const struct hf_collateral *c, uint64_t at_s,
                        enum hf_collateral_kind *ret_document)
{
    struct hf__document *const single[] = {c->qe_identity, c->pck_crls[0], c->root_crl,
                                           c->pck_crls[1]};
    static const enum hf_collateral_kind kinds[] = {HF_DOCUMENT_QE_IDENTITY, HF_DOCUMENT_PCK_CRL,
                                                    HF_DOCUMENT_ROOT_CRL, HF_DOCUMENT_PCK_CRL};
    size_t count = c->pck_crls[1] != NULL ? 4 : 3; /* the second list need not be there */
    enum hf_collateral_kind kind = HF_DOCUMENT_TCB_INFO;
    int r = c->tcb_info_count > 0 ? 0 : HF_ECOLLMISSING;
    for (size_t i = 0; r == 0 && i < count; i++) {
        kind = kinds[i];
        r = check_one(c, single[i], at_s);
    }
    for (size_t i = 0; r == 0 && i < c->tcb_info_count; i++) {
        kind = HF_DOCUMENT_TCB_INFO;
        r = check_one(c, c->tcb_infos[i], at_s);
    }
    if (r != 0 && ret_document != NULL)
        *ret_document = kind;
    return r;
}

static void earliest_end(const struct hf_collateral *c, struct hf__document *d, void *out)
{
    uint64_t *end_s = out;
    if (hf__collateral_ready(c, d) == 0 && (*end_s == 0 || d->info.not_after_s < *end_s))
        *end_s = d->info.not_after_s;
}

uint64_t hf_collateral_expiry_s(const struct hf_collateral *c)
{
    uint64_t end_s = 0;
    each(c, earliest_end, &end_s);
    return end_s;
}

static void newest_issue(const struct hf_collateral *c, struct hf__document *d, void *out)
{
    uint64_t *issue_s = out;
    if (hf__collateral_ready(c, d) == 0 && d->info.issue_date_s > *issue_s)
        *issue_s = d->info.issue_date_s;
}

uint64_t hf_collateral_issue_date_s(const struct hf_collateral *c)
{
    uint64_t issue_s = 0;
    each(c, newest_issue, &issue_s);
    return issue_s;
}
