/* Of black starts: a root secret is opened with the answers of m share holders to that request. */
#include "checkers/checkers.h"

#include "authority/authority.h"

void hf__check_former(struct hf_world *w, uint32_t node, const struct hf_local_reply *r)
{
    if (r->error == 0 && hf__blackstart_former(w, r->id))
        hf__violate(w, node, "quorum", "n%u took an answer by a share of before", node);
}

void hf__check_quorum(struct hf_world *w, uint32_t node, const struct hf_trace *t)
{
    uint8_t m;
    if (t->type != HF_TRACE_BLACKSTART_OPENED || t->error != 0)
        return;
    int count = __builtin_popcount(hf__people_answered(w, &t->hash, &m));
    if (m == 0 || count < m)
        hf__violate(w, node, "quorum",
                    "n%u opened its root secret with the answers of %d share holders", node, count);
}
