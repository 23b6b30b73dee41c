/* What an operator and the authority do to a member for good. */
#include "scenario/action.h"

#include "authority/authority.h"
#include "node/node.h"

void hf__member_remove(struct hf_world *w, uint32_t node)
{
    const struct hf__node *n = hf__node(w, node);
    if (!n->registered || n->gone || n->copy || !hf__set_spares(w, node))
        return;
    hf_world_power_off(w, node);
    hf__node(w, node)->gone = true;
    hf_world_set_remove(w, node);
    hf_world_set_issue(w);
}

void hf__member_leave(struct hf_world *w, uint32_t node, uint64_t seconds)
{
    struct hf__node *n = hf__node(w, node);
    if (!n->registered || n->gone || n->copy || n->leaves || n->engine == NULL ||
        !hf__set_spares(w, node))
        return;
    n->leaves = true;
    hf__local_leave(w, node, seconds);
}

/* A person has made sure that no other machine runs it. */
static bool runs_twice(const struct hf_world *w, uint32_t node)
{
    for (size_t i = 0; i < w->copies_count; i++) {
        const struct hf__node *copy = w->nodes[w->copies[i]];
        if (copy->engine != NULL && hf_account_equal(&copy->account, &w->nodes[node]->account))
            return true;
    }
    return false;
}

void hf__member_floor(struct hf_world *w, uint32_t node)
{
    const struct hf__node *n = hf__node(w, node);
    if (n->engine != NULL && n->state == HF_STATE_CLAIMING && !n->copy && !runs_twice(w, node) &&
        hf_world_set_floor(w, node))
        hf_world_set_issue(w);
}
