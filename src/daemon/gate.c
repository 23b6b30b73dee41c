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
    return what;
}

struct hf__gated *hf__gate_pop(struct hf__gate *g)
{
    if (g->first == NULL || !hf__gate_open(g, g->first->after))
        return NULL;
    return hf__gate_drop(g);
}
