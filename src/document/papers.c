/* Documents that come with requests, verified (proto/QUORUM.md, 5). */
#include "document/papers.h"

#include "base/error.h"
#include "pool.h"

/* What one request brought. */
struct brought {
    struct hf_document *root, *policy, *set, *shares;
};

static void drop(struct brought *b)
{
    hf_document_unref(b->shares);
    hf_document_unref(b->set);
    hf_document_unref(b->policy);
    hf_document_unref(b->root);
    *b = (struct brought){0};
}

/* Where a document of this kind belongs; NULL: a kind that has no place here. */
static struct hf_document **place(struct brought *b, uint8_t kind)
{
    switch (kind) {
    case HF_DOCUMENT_ROOT:
        return &b->root;
    case HF_DOCUMENT_POLICY:
        return &b->policy;
    case HF_DOCUMENT_SET:
        return &b->set;
    case HF_DOCUMENT_SHARES:
        return &b->shares;
    default:
        return NULL;
    }
}

/* Whether this very document was verified under this very root before. */
static bool verified(const struct hf_papers *p, const struct brought *b,
                     const struct hf_document *d)
{
    return b->root != NULL && b->root == p->root &&
           (d == p->policy || d == p->set || d == p->shares);
}

/* Each root replaces the one before; of the others there is one each, signed by the last root. */
static int take(const struct hf_papers *p, struct brought *b, struct hf_bytes envelope)
{
    struct hf_document *d;
    int r = hf_document_read(p->pool, envelope, &d);
    if (r != 0)
        return r;
    if (!verified(p, b, d))
        r = hf_document_verify(d, &p->network, b->root);
    struct hf_document **at = place(b, d->kind);
    if (r == 0 && (at == NULL || (d->kind != HF_DOCUMENT_ROOT && *at != NULL) ||
                   (d->kind == HF_DOCUMENT_ROOT && b->policy != NULL)))
        r = HF_EDOCUMENT;
    if (r != 0) {
        hf_document_unref(d);
        return r;
    }
    hf_document_unref(*at);
    *at = d;
    return 0;
}

static void keep(struct hf_document **at, struct hf_document *d, bool newer)
{
    if (!newer && *at != NULL && hf_document_version(d) <= hf_document_version(*at))
        return;
    hf_document_unref(*at);
    *at = hf_document_ref(d);
}

/* What a newer root signed beats what an older one did. */
static void merge(struct hf_papers *p, const struct brought *b)
{
    uint32_t root = hf_document_version(b->root);
    bool newer = p->root == NULL || root > hf_document_version(p->root);
    if (!newer && root < hf_document_version(p->root))
        return;
    keep(&p->root, b->root, newer);
    keep(&p->policy, b->policy, newer);
    keep(&p->set, b->set, newer);
    keep(&p->shares, b->shares, newer);
}

int hf_papers_init(const struct hf_network_id *network, struct hf_papers *ret)
{
    *ret = (struct hf_papers){.network = *network};
    return hf_pool_new(&hf_suite_real, &ret->pool);
}

int hf_papers_add(struct hf_papers *p, const struct hf_request *q)
{
    struct brought b = {0};
    int r = 0;
    for (size_t i = 0; i < q->file.documents_count && r == 0; i++)
        r = take(p, &b, q->file.documents[i].bytes);
    if (r == 0 && (b.policy == NULL || b.set == NULL || b.shares == NULL))
        r = HF_ENODOCUMENTS;
    if (r == 0)
        merge(p, &b);
    drop(&b);
    return r;
}

struct hf_request_documents hf_papers_documents(const struct hf_papers *p)
{
    return (struct hf_request_documents){
        .network = &p->network, .policy = p->policy, .set = p->set, .shares = p->shares};
}

void hf_papers_done(struct hf_papers *p)
{
    hf_document_unref(p->shares);
    hf_document_unref(p->set);
    hf_document_unref(p->policy);
    hf_document_unref(p->root);
    hf_pool_free(p->pool);
    *p = (struct hf_papers){0};
}
