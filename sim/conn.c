/* Connections that are open, and memory for what travels on them. */
#include "inside.h"

#include <stdlib.h>
#include <string.h>

static struct hf__conn *conn_slot(struct hf_world *w, uint32_t from, uint32_t to)
{
    size_t at = hf__mix((uint64_t)from << 32 | to) & (w->conns_cap - 1);
    while (w->conns[at].used && (w->conns[at].from != from || w->conns[at].to != to))
        at = (at + 1) & (w->conns_cap - 1);
    return &w->conns[at];
}

static void conns_grow(struct hf_world *w)
{
    struct hf__conn *old = w->conns;
    size_t old_cap = w->conns_cap;
    w->conns_cap = old_cap == 0 ? 1024 : old_cap * 2;
    w->conns = calloc(w->conns_cap, sizeof(*w->conns));
    hf_assert(w->conns != NULL);
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].used)
            *conn_slot(w, old[i].from, old[i].to) = old[i];
    }
    free(old);
}

/* Whether the caller must first open a connection; it counts as open afterwards. */
bool hf__conn_opens(struct hf_world *w, const struct hf__message *m)
{
    if (w->conns_count * 2 >= w->conns_cap)
        conns_grow(w);
    const struct hf__node *from = hf__node(w, m->from), *to = hf__node(w, m->to);
    struct hf__conn *c = conn_slot(w, m->from, m->to);
    if (c->used && c->from_incarnation == from->incarnation &&
        c->to_incarnation == to->incarnation && c->from_proven == from->proven &&
        c->to_proven == to->proven)
        return false;
    w->conns_count += !c->used;
    *c = (struct hf__conn){
        .from = m->from,
        .to = m->to,
        .from_incarnation = from->incarnation,
        .to_incarnation = to->incarnation,
        .from_proven = from->proven,
        .to_proven = to->proven,
        .used = true,
    };
    return true;
}

/* Bodies come and go by the million: each size has a list of those given back. */
void *hf__body_take(struct hf_world *w, size_t len)
{
    size_t class = len / HF__BODY_STEP;
    if (class >= HF__BODY_CLASSES) {
        void *large = malloc(len);
        hf_assert(large != NULL);
        return large;
    }
    void *body = w->bodies[class];
    if (body == NULL) {
        body = malloc((class + 1) * HF__BODY_STEP);
        hf_assert(body != NULL);
        return body;
    }
    memcpy(&w->bodies[class], body, sizeof(void *));
    return body;
}

void hf__body_give(struct hf_world *w, void *body, size_t len)
{
    size_t class = len / HF__BODY_STEP;
    if (body == NULL || class >= HF__BODY_CLASSES) {
        free(body);
        return;
    }
    memcpy(body, &w->bodies[class], sizeof(void *));
    w->bodies[class] = body;
}
