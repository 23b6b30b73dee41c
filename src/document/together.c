#include "together.h"

#include "base/error.h"

/* Whether a document may come now. */
static bool may_come(const struct hf__place *places, size_t count, const struct hf__place *p)
{
    if (p != places)
        return *p->at == NULL;
    for (size_t i = 1; i < count; i++)
        if (*places[i].at != NULL)
            return false;
    return true;
}

int hf__document_take(struct hf_pool *pool, const struct hf_network_id *network,
                      const struct hf__place *places, size_t count, struct hf_bytes envelope)
{
    struct hf_document *d;
    const struct hf__place *p = places;
    hf_assert(count > 0 && places[0].kind == HF_DOCUMENT_ROOT);
    int r = hf_document_read(pool, envelope, &d);
    if (r != 0)
        return r;
    const struct hf_document *root = *places[0].at;
    while (p < places + count && p->kind != d->kind)
        p++;
    if (p == places + count || !may_come(places, count, p))
        r = HF_EDOCUMENT;
    else if (p == places || root != places[0].known || d != p->known)
        r = hf_document_verify(d, network, root);
    if (r != 0) {
        hf_document_unref(d);
        return r;
    }
    hf_document_unref(*p->at);
    *p->at = d;
    return 0;
}

void hf__documents_drop(const struct hf__place *places, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        hf_document_unref(*places[i].at);
        *places[i].at = NULL;
    }
}
