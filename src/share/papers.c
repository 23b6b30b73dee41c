/* Documents that came with a request, and this person in them. */
#include "share.h"

#include "base/error.h"

#include <string.h>

/* Where a document of this kind belongs; NULL: a kind that has no place here. */
static struct hf_document **place(struct hf__papers *p, uint8_t kind)
{
    switch (kind) {
    case HF_DOCUMENT_ROOT:
        return &p->root;
    case HF_DOCUMENT_POLICY:
        return &p->policy;
    case HF_DOCUMENT_SET:
        return &p->set;
    case HF_DOCUMENT_SHARES:
        return &p->shares;
    default:
        return NULL;
    }
}

/* Each root replaces the one before; of the others there is one each, signed by the last root. */
static int take(struct hf__papers *p, struct hf_bytes envelope)
{
    struct hf_document *d;
    int r = hf_document_read(p->pool, envelope, &d);
    if (r != 0)
        return r;
    r = hf_document_verify(d, &p->network, p->root);
    struct hf_document **at = place(p, d->kind);
    if (r == 0 && (at == NULL || (d->kind != HF_DOCUMENT_ROOT && *at != NULL) ||
                   (d->kind == HF_DOCUMENT_ROOT && p->policy != NULL)))
        r = HF_EDOCUMENT;
    if (r != 0) {
        hf_document_unref(d);
        return r;
    }
    hf_document_unref(*at);
    *at = d;
    return 0;
}

int hf__papers_read(const struct hf_request *q, const struct hf_network_id *network,
                    struct hf__papers *ret)
{
    *ret = (struct hf__papers){0};
    ret->network = *network;
    int r = hf_pool_new(&hf_suite_real, &ret->pool);
    if (r != 0)
        return r;
    for (size_t i = 0; i < q->file.documents_count && r == 0; i++)
        r = take(ret, q->file.documents[i].bytes);
    if (r == 0 && (ret->policy == NULL || ret->set == NULL || ret->shares == NULL))
        r = HF_ENODOCUMENTS;
    if (r != 0)
        hf__papers_done(ret);
    return r;
}

void hf__papers_done(struct hf__papers *p)
{
    hf_document_unref(p->shares);
    hf_document_unref(p->set);
    hf_document_unref(p->policy);
    hf_document_unref(p->root);
    hf_pool_free(p->pool);
    *p = (struct hf__papers){0};
}

uint8_t hf__share_index(const struct hf__person *person, const struct hf_share_set *set)
{
    for (size_t i = 0; i < set->holders_count; i++)
        if (memcmp(set->holders[i].key, person->public_key, HF_KEY_LEN) == 0)
            return (uint8_t)(i + 1);
    return 0;
}
