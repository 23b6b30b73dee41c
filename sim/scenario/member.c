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
    if (n->engine == NULL || n->copy || runs_twice(w, node))
        return;
    if (hf_world_set_sequence_floor(w, node)) {
        hf_world_set_issue(w);
        hf_world_crash(w, node);
        hf_world_start(w, node);
    } else if (n->state == HF_STATE_CLAIMING && hf_world_set_floor(w, node)) {
        hf_world_set_issue(w);
    }
}

/* Its operator writes the account into its configuration. One that was not placed had none that
 * another knew; a strategy that keeps the disk would put it back. */
void hf__member_anew(struct hf_world *w, uint32_t node)
{
    struct hf__node *n = hf__node(w, node);
    if (n->copy || n->planted || n->gone)
        return;
    bool placed = n->disk.vault == HF_VAULT_PLACED && n->has_account;
    struct hf_account account = n->account;
    hf_world_crash(w, node);
    hf_world_disk_wipe(w, node);
    hf_world_told(w, node, placed ? &account : NULL);
    hf_world_start(w, node);
}

bool hf__member_behind(struct hf_world *w, uint32_t node)
{
    const struct hf__node *n = hf__node(w, node);
    struct hf_status status;
    bool copied = false;
    if (n->copy || n->state != HF_STATE_BLOCKED || !hf_world_status(w, node, &status) ||
        (status.reason != HF_EVAULTKEY && status.reason != HF_EHANDEDOVER))
        return false;
    for (size_t i = 0; i < w->copies_count; i++)
        copied = copied || hf_account_equal(&w->nodes[w->copies[i]]->account, &n->account);
    return copied;
}
