/* One document of a set: read and verified once. */
#include "base/error.h"
#include "set.h"

#include <stddef.h>
#include <stdlib.h>

static bool is_json(const struct hf__document *d)
{
    return d->kind == HF_DOCUMENT_TCB_INFO || d->kind == HF_DOCUMENT_QE_IDENTITY;
}

/* Finds the signed body of a JSON document, and of a TCB info the platform that it is about. */
static void split(struct hf__document *d)
{
    struct hf_fault ignored; /* found again, and kept, when the body is read */
    bool is_info = d->kind == HF_DOCUMENT_TCB_INFO;
    if (!is_json(d))
        return;
    if (hf__document_split(hf_bytes_of(d->text, d->len), is_info ? "tcbInfo" : "enclaveIdentity",
                           &d->body, d->signature, &d->split_fault) != 0)
        d->body = hf_bytes_of(NULL, 0);
    if (is_info && d->body.len > 0)
        d->has_fmspc = hf__tcb_info_fmspc(d->body, d->fmspc, &ignored) == 0;
}

int hf__document_new(enum hf_collateral_kind kind, struct hf_bytes text, struct hf__issuer *issuer,
                     const struct hf__root *root, const uint8_t *asked_fmspc,
                     struct hf__document **ret)
{
    struct hf__document *d = calloc(1, sizeof *d);
    uint8_t *copy = malloc(text.len + 1);
    if (d == NULL || copy == NULL) {
        free(d);
        free(copy);
        return HF_ENOMEM;
    }
    memcpy(copy, text.data, text.len);
    atomic_init(&d->refs, 1);
    hf_assert(pthread_mutex_init(&d->lock, NULL) == 0);
    d->kind = kind;
    d->root = *root;
    d->issuer = issuer != NULL ? hf__issuer_ref(issuer) : NULL;
    d->text = copy;
    d->len = text.len;
    split(d);
    if (!d->has_fmspc && asked_fmspc != NULL) {
        memcpy(d->fmspc, asked_fmspc, sizeof d->fmspc);
        d->has_fmspc = true;
    }
    *ret = d;
    return 0;
}

bool hf__document_older(const struct hf__document *a, const struct hf__document *b)
{
    uint64_t is = a->info.evaluation_number, was = b->info.evaluation_number;
    return is < was || (is == was && a->info.issue_date_s < b->info.issue_date_s);
}

struct hf__document *hf__document_ref(struct hf__document *d)
{
    atomic_fetch_add(&d->refs, 1);
    return d;
}

static void forget(struct hf__document *d)
{
    free(d->tcb_info);
    free(d->qe_identity);
    d->tcb_info = NULL;
    d->qe_identity = NULL;
    hf__crl_done(&d->crl);
}

void hf__document_unref(struct hf__document *d)
{
    if (d == NULL || atomic_fetch_sub(&d->refs, 1) != 1)
        return;
    forget(d);
    hf__issuer_unref(d->issuer);
    hf_assert(pthread_mutex_destroy(&d->lock) == 0);
    free(d->text);
    free(d);
}

/* Takes the dates of the body; its signer's are added when the signature has been verified. */
static void set_dates(struct hf__document *d, const struct hf__document_dates *dates)
{
    d->info.issue_date_s = dates->issue_s;
    d->info.not_before_s = dates->issue_s;
    d->info.not_after_s = dates->next_update_s;
    d->info.evaluation_number = dates->evaluation_number;
}

/* Most lists of advisories are short: gives back what is not used of the room for the longest. */
static void *shrunk(void *p, size_t used)
{
    void *less = realloc(p, used);
    return less != NULL ? less : p;
}

static int read_tcb_info(struct hf__document *d)
{
    struct hf__tcb_info *info = malloc(sizeof *info);
    if (info == NULL)
        return HF_ENOMEM;
    int r = hf__tcb_info_parse(d->body, info, &d->info.fault);
    if (r != 0) {
        free(info);
        return r;
    }
    size_t used = offsetof(struct hf__tcb_info, advisories.item) +
                  info->advisories.count * sizeof info->advisories.item[0];
    d->tcb_info = shrunk(info, used);
    set_dates(d, &d->tcb_info->dates);
    return 0;
}

static int read_qe_identity(struct hf__document *d)
{
    struct hf__qe_identity *id = malloc(sizeof *id);
    if (id == NULL)
        return HF_ENOMEM;
    int r = hf__qe_identity_parse(d->body, id, &d->info.fault);
    if (r != 0) {
        free(id);
        return r;
    }
    size_t used = offsetof(struct hf__qe_identity, advisories.item) +
                  id->advisories.count * sizeof id->advisories.item[0];
    d->qe_identity = shrunk(id, used);
    set_dates(d, &d->qe_identity->dates);
    return 0;
}

static int read_json(struct hf__document *d)
{
    if (d->body.len == 0) {
        d->info.fault = d->split_fault;
        return HF_EMALFORMED;
    }
    int r = d->kind == HF_DOCUMENT_TCB_INFO ? read_tcb_info(d) : read_qe_identity(d);
    if (r == HF_EMALFORMED)
        d->info.fault.offset += (size_t)(d->body.data - d->text);
    return r;
}

static int read_crl(struct hf__document *d)
{
    int r = hf__crl_parse(hf_bytes_of(d->text, d->len), &d->crl, &d->info.fault);
    if (r != 0)
        return r;
    d->info.issue_date_s = d->crl.this_update_s;
    d->info.not_before_s = d->crl.this_update_s;
    d->info.not_after_s = d->crl.next_update_s;
    d->info.evaluation_number = d->crl.number;
    return 0;
}

/* The root's list is signed with the root's key, which is known without any chain. */
static int verify_root_crl(struct hf__document *d, const struct hf__known *known)
{
    if (!d->root.trusted)
        return HF_ECOLLSIG;
    EVP_PKEY *key = known->key(known->context, d->root.key);
    if (key == NULL)
        return HF_ECOLLSIG;
    bool good = hf__p256_verify_der(key, d->crl.tbs, d->crl.signature);
    hf__p256_free(key);
    return good ? 0 : HF_ECOLLSIG;
}

static int verify_issued(struct hf__document *d, const struct hf__known *known)
{
    int r = hf__issuer_ready(d->issuer, known);
    if (r != 0) {
        if (r == HF_ECOLLATERAL)
            d->info.fault = d->issuer->fault;
        return r;
    }
    const struct hf__cert *signer = &d->issuer->chain.cert[0];
    bool good;
    if (d->kind == HF_DOCUMENT_PCK_CRL)
        good = hf_bytes_equal(d->crl.issuer, signer->subject) &&
               hf__p256_verify_der(d->issuer->key, d->crl.tbs, d->crl.signature);
    else
        good = hf__p256_verify(d->issuer->key, d->body, d->signature);
    if (!good)
        return HF_ECOLLSIG;
    if (d->issuer->not_before_s > d->info.not_before_s)
        d->info.not_before_s = d->issuer->not_before_s;
    if (d->issuer->not_after_s < d->info.not_after_s)
        d->info.not_after_s = d->issuer->not_after_s;
    return 0;
}

static int make_ready(struct hf__document *d, const struct hf__known *known)
{
    if (d->len > HF_COLLATERAL_DOCUMENT_MAX) {
        d->info.fault = (struct hf_fault){.expected = "a document of at most 1 MiB"};
        return HF_ECOLLATERAL;
    }
    int r = is_json(d) ? read_json(d) : read_crl(d);
    if (r != 0)
        return r == HF_EMALFORMED ? HF_ECOLLATERAL : r;
    if (d->info.not_after_s < d->info.not_before_s) {
        d->info.fault = (struct hf_fault){.expected = "an end of validity after its beginning"};
        return HF_ECOLLATERAL;
    }
    if (d->kind == HF_DOCUMENT_ROOT_CRL)
        return verify_root_crl(d, known);
    return verify_issued(d, known);
}

int hf__document_ready(struct hf__document *d, const struct hf__known *known)
{
    if (atomic_load(&d->ready))
        return d->info.error;
    hf_assert(pthread_mutex_lock(&d->lock) == 0);
    int error = d->info.error;
    if (!atomic_load(&d->ready)) {
        error = make_ready(d, known);
        d->info.error = error;
        if (error != HF_ENOMEM)
            atomic_store(&d->ready, true);
        else
            forget(d);
    }
    hf_assert(pthread_mutex_unlock(&d->lock) == 0);
    return error;
}
