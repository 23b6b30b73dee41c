/* Who computes when: the nodes of a host share its cores, and the first to come is served first. */
#include "node/node.h"

#include "suites/cost.h"

#include <stdlib.h>
#include <string.h>

void hf_world_processor_init(struct hf_world_processor *ret)
{
    *ret = (struct hf_world_processor){
        .step = 8000,
        .connect = 450000,
        .accept = 450000,
        .connect_locked = 450000,
        .accept_locked = 450000,
    };
    memcpy(ret->operation, hf__cost_stated, sizeof ret->operation);
}

/* When each core of a node's host has done what it was given, in nanoseconds. */
static uint64_t *cores_of(struct hf_world *w, const struct hf__node *n)
{
    const struct hf_world_processor *p = &w->settings.processor;
    uint32_t host = n->host;
    if (host >= w->hosts_cap) {
        size_t cap = host < 8 ? 16 : (size_t)host * 2;
        w->cores_ns = realloc(w->cores_ns, cap * p->cores * sizeof *w->cores_ns);
        hf_assert(w->cores_ns != NULL);
        memset(w->cores_ns + w->hosts_cap * p->cores, 0,
               (cap - w->hosts_cap) * p->cores * sizeof *w->cores_ns);
        w->hosts_cap = cap;
    }
    return w->cores_ns + (size_t)host * p->cores;
}

uint64_t hf__compute(struct hf_world *w, const struct hf__node *n, uint64_t ns)
{
    bool costs = w->settings.costs, slow = n->slowness > 1;
    uint64_t now_ns = w->now_us * 1000;
    if (slow)
        ns = (uint64_t)((double)ns * (double)n->slowness);
    uint64_t us = costs || slow ? ns / 1000 : 0;
    if (!costs)
        return w->now_us + us;
    w->totals.computed_ns += ns;
    if (w->settings.processor.cores == 0)
        return w->now_us + us;
    uint64_t *cores = cores_of(w, n), *first = cores;
    for (uint32_t i = 1; i < w->settings.processor.cores; i++)
        first = cores[i] < *first ? &cores[i] : first;
    if (*first < now_ns) {
        *first = now_ns + w->settings.processor.wake;
        w->totals.computed_ns += w->settings.processor.wake;
    } else {
        w->totals.cores_waited_us += (*first - now_ns) / 1000;
    }
    *first += ns;
    return (*first + 999) / 1000;
}

uint64_t hf__compute_step(struct hf_world *w, const struct hf__node *n,
                          const struct hf_event *event, const struct hf_update *u)
{
    const struct hf_world_processor *p = &w->settings.processor;
    size_t messages = u->calls_count + u->datagrams_count + u->replies_count;
    messages += event->type == HF_EVENT_DATAGRAM || event->type == HF_EVENT_REQUEST ||
                event->type == HF_EVENT_RESPONSE;
    uint64_t ns = hf__cost_ns + p->step + messages * p->message;
    if (u->writes_count > 0)
        ns += p->write;
    if (u->identity_changed)
        ns += p->certificate;
    if (event->type == HF_EVENT_DOCUMENTS)
        ns += p->documents;
    return hf__compute(w, n, ns);
}
