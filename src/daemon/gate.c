#include "gate.h"

bool hf__gate_open(const struct hf__gate *g, uint64_t after)
{
    return after <= g->durable;
}

void hf__gate_push(struct hf__gate *g, struct hf__gated *what, uint64_t after)
{
    hf_assert(!hf__gate_open(g, after));
    /* Behind what waits for a later write: what leaves, leaves in the order in which it came. */
    if (g->first != NULL && g->last->after > after)
        after = g->last->after;
    what->next = NULL;
    what->after = after;
    if (g->first == NULL)
        g->first = what;
    else
        g->last->next = what;
    g->last = what;
    g->count++;
    g->bytes += what->size;
}

bool hf__gate_room(const struct hf__gate *g, uint64_t who, size_t size)
{
    size_t count = 0;
    if (who == 0)
        return true;
    for (const struct hf__gated *at = g->first; at != NULL; at = at->next)
        count += at->who == who;
    return count < HF__GATE_EACH_MAX && size <= HF__GATE_BYTES_MAX &&
           g->bytes <= HF__GATE_BYTES_MAX - size;
}

struct hf__gated *hf__gate_pull(struct hf__gate *g,
                                bool (*match)(const struct hf__gated *what, void *user), void *user)
{
    struct hf__gated *before = NULL;
    for (struct hf__gated *at = g->first; at != NULL; before = at, at = at->next) {
        if (!match(at, user))
            continue;
        if (before == NULL)
            g->first = at->next;
        else
            before->next = at->next;
        if (g->last == at)
            g->last = before;
        g->count--;
        g->bytes -= at->size;
        return at;
    }
    return NULL;
}

void hf__gate_advance(struct hf__gate *g, uint64_t durable)
{
    hf_assert(durable >= g->durable);
    g->durable = durable;
}

struct hf__gated *hf__gate_drop(struct hf__gate *g)
{
    struct hf__gated *what = g->first;
    if (what == NULL)
        return NULL;
    g->first = what->next;
    g->count--;
    g->bytes -= what->size;
    return what;
}

struct hf__gated *hf__gate_pop(struct hf__gate *g)
{
    if (g->first == NULL || !hf__gate_open(g, g->first->after))
        return NULL;
    return hf__gate_drop(g);
}
