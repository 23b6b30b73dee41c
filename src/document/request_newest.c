/* Documents that come with requests, verified (proto/QUORUM.md, 5). */
#include "document/request_newest.h"

#include "base/error.h"
#include "together.h"

/* What one request brought. */
struct brought {
    struct hf_document *root, *policy, *set, *shares;
};

enum { PLACES = 4 };

static void places_of(struct brought *b, const struct hf_request_newest *known,
                      struct hf__place ret[static PLACES])
{
    const struct hf__place places[PLACES] = {{HF_DOCUMENT_ROOT, &b->root, known->root},
                                             {HF_DOCUMENT_POLICY, &b->policy, known->policy},
                                             {HF_DOCUMENT_SET, &b->set, known->set},
                                             {HF_DOCUMENT_SHARES, &b->shares, known->shares}};
    memcpy(ret, places, sizeof places);
}

static void keep(struct hf_document **at, struct hf_document *d, bool newer)
{
    if (!newer && *at != NULL && hf_document_version(d) <= hf_document_version(*at))
        return;
    hf_document_unref(*at);
    *at = hf_document_ref(d);
}

/* What a newer root signed beats what an older one did. */
static void merge(struct hf_request_newest *p, const struct brought *b)
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

int hf_request_newest_init(const struct hf_network_id *network, struct hf_request_newest *ret)
{
    *ret = (struct hf_request_newest){.network = *network};
    return hf_pool_new(&hf_suite_real, &ret->pool);
}

int hf_request_newest_add(struct hf_request_newest *p, const struct hf_request *q)
{
    struct brought b = {0};
    struct hf__place places[PLACES];
    int r = 0;
    places_of(&b, p, places);
    for (size_t i = 0; i < q->file.documents_count && r == 0; i++)
        r = hf__document_take(p->pool, &p->network, places, PLACES, q->file.documents[i].bytes);
    if (r == 0 && (b.policy == NULL || b.set == NULL || b.shares == NULL))
        r = HF_ENODOCUMENTS;
    if (r == 0)
        merge(p, &b);
    hf__documents_drop(places, PLACES);
    return r;
}

struct hf_request_documents hf_request_newest_documents(const struct hf_request_newest *p)
{
    return (struct hf_request_documents){
        .network = &p->network, .policy = p->policy, .set = p->set, .shares = p->shares};
}

void hf_request_newest_done(struct hf_request_newest *p)
{
    hf_document_unref(p->shares);
    hf_document_unref(p->set);
    hf_document_unref(p->policy);
    hf_document_unref(p->root);
    hf_pool_free(p->pool);
    *p = (struct hf_request_newest){0};
}
