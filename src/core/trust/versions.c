/* Which documents this node judges by, beside what its peers say of theirs. */
#include "base/error.h"
#include "trust/trust.h"

void hf__versions(const struct hf_engine *e, struct hf_versions *ret)
{
    hf_assert(e->trust->roots_count <= HF_ROOTS_MAX);
    *ret = (struct hf_versions){
        .root = e->trust->roots_count,
        .policy = e->trust->policy != NULL ? hf_document_version(e->trust->policy) : 0,
        .epoch = e->trust->set != NULL ? hf_document_version(e->trust->set) : 0,
        .share_set = e->trust->shares != NULL ? hf_document_version(e->trust->shares) : 0,
    };
}

int hf__versions_check(const struct hf_engine *e, const struct hf_versions *theirs)
{
    struct hf_versions own;
    hf__versions(e, &own);
    hf_assert(own.root > 0 || (own.policy == 0 && own.epoch == 0)); /* they verify by one */
    if (theirs->root > own.root || theirs->policy > own.policy || theirs->epoch > own.epoch)
        return HF_EBEHIND;
    return 0;
}

/* A share set decides nothing that peers ask of each other: being without the newest, or with one
 * that this node cannot take because it has expired meanwhile, must not end what they do. */
bool hf__versions_lack(const struct hf_engine *e, const struct hf_versions *theirs)
{
    hf_assert(theirs != NULL);
    struct hf_versions own;
    hf__versions(e, &own);
    return hf__versions_check(e, theirs) != 0 || theirs->share_set > own.share_set;
}

int hf__documents_ready(const struct hf_engine *e)
{
    if (e->trust->policy == NULL || e->trust->set == NULL)
        return HF_ENODOCUMENTS;
    uint64_t now_s = hf__now_s(e);
    hf_assert(now_s > 0 && now_s <= HF_WIRE_TIME_MAX);
    if (hf_document_expires_s(e->trust->policy) < now_s ||
        hf_document_expires_s(e->trust->set) < now_s)
        return HF_EEXPIRED;
    return 0;
}
