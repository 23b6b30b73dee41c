/* Faults that are named one by one: rules on messages, cuts, partitions. */
#include "network/network.h"

#include <string.h>

static bool meets(const struct hf_rule *r, const struct hf__message *m)
{
    return r->response == m->response && (r->method == 0 || r->method == m->method) &&
           (r->from == HF_WORLD_ALL || (uint32_t)r->from == m->from) &&
           (r->to == HF_WORLD_ALL || (uint32_t)r->to == m->to);
}

static enum hf_fate act(struct hf_world *w, const struct hf_rule *r, struct hf__message *m,
                        uint64_t *ret_delay_us)
{
    switch (r->action) {
    case HF_RULE_DROP:
        return HF_FATE_DROP;
    case HF_RULE_RESET:
        return HF_FATE_RESET;
    case HF_RULE_DELAY:
        *ret_delay_us += r->delay_us;
        return HF_FATE_PASS;
    case HF_RULE_LATE:
        m->ghost = m->ghost || !m->response;
        *ret_delay_us += r->delay_us;
        return HF_FATE_PASS;
    case HF_RULE_DUPLICATE:
        *ret_delay_us += r->delay_us;
        return HF_FATE_REPLACE;
    case HF_RULE_CORRUPT:
        if (m->len > 0)
            hf__message_spoil(m, hf__draw_below(&w->streams[HF__FOR_RULES], m->len));
        return HF_FATE_PASS;
    case HF_RULE_CRASH_TO:
        if (m->to != HF__NOBODY)
            hf__push(w, w->now_us, hf__what(HF__DIES, hf__node(w, m->to)->incarnation, m->to));
        return HF_FATE_DROP;
    case HF_RULE_CRASH_FROM:
        if (m->from != HF__NOBODY)
            hf__push(w, w->now_us, hf__what(HF__DIES, hf__node(w, m->from)->incarnation, m->from));
        return HF_FATE_PASS;
    case HF_RULE_COUNT:
        return HF_FATE_PASS;
    }
    hf_unreachable();
}

enum hf_fate hf__rules_judge(struct hf_world *w, struct hf__message *m, uint64_t *ret_delay_us)
{
    for (size_t i = 0; i < w->rules_count; i++) {
        struct hf__rule *r = &w->rules[i];
        if (r->dropped || !meets(&r->rule, m))
            continue;
        r->met++;
        if (r->met <= r->rule.skip || (r->rule.count > 0 && r->met > r->rule.skip + r->rule.count))
            continue;
        r->hits++;
        enum hf_fate fate = act(w, &r->rule, m, ret_delay_us);
        if (r->rule.action != HF_RULE_COUNT)
            return fate;
    }
    return HF_FATE_PASS;
}

unsigned hf_world_rule(struct hf_world *w, struct hf_rule rule)
{
    w->rules = hf__grow(w->rules, w->rules_count, &w->rules_cap, sizeof *w->rules);
    w->rules[w->rules_count] = (struct hf__rule){.rule = rule};
    return (unsigned)w->rules_count++;
}

unsigned hf_world_rule_hits(const struct hf_world *w, unsigned rule)
{
    hf_assert(rule < w->rules_count);
    return w->rules[rule].hits;
}

void hf_world_rule_drop(struct hf_world *w, unsigned rule)
{
    hf_assert(rule < w->rules_count);
    w->rules[rule].dropped = true;
}

/* ---- Cuts ---- */

bool hf__cut_between(const struct hf_world *w, uint32_t from, uint32_t to)
{
    if (from == HF__NOBODY || to == HF__NOBODY)
        return false;
    if (w->partitioned) {
        const struct hf__node *a = hf__node(w, from), *b = hf__node(w, to);
        if (a->isolated || b->isolated || a->group != b->group)
            return true;
    }
    for (size_t i = 0; i < w->cuts_count; i++) {
        const struct hf__cut *c = &w->cuts[i];
        if ((c->from == HF_WORLD_ALL || (uint32_t)c->from == from) &&
            (c->to == HF_WORLD_ALL || (uint32_t)c->to == to))
            return true;
    }
    return false;
}

void hf_world_cut(struct hf_world *w, long from, long to)
{
    w->cuts = hf__grow(w->cuts, w->cuts_count, &w->cuts_cap, sizeof *w->cuts);
    w->cuts[w->cuts_count++] = (struct hf__cut){.from = from, .to = to};
}

void hf_world_mend(struct hf_world *w, long from, long to)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->cuts_count; i++) {
        if (w->cuts[i].from != from || w->cuts[i].to != to)
            w->cuts[kept++] = w->cuts[i];
    }
    w->cuts_count = kept;
}

void hf_world_isolate(struct hf_world *w, uint32_t node)
{
    hf__node(w, node)->isolated = true;
    w->partitioned = true;
}

void hf_world_partition(struct hf_world *w, const uint8_t *group)
{
    bool isolated = false;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        w->nodes[i]->group = group == NULL ? 0 : group[i];
        isolated = isolated || w->nodes[i]->isolated;
    }
    w->partitioned = group != NULL || isolated;
}

void hf_world_heal(struct hf_world *w)
{
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        w->nodes[i]->group = 0;
        w->nodes[i]->isolated = false;
    }
    for (size_t i = 0; i < w->rules_count; i++)
        w->rules[i].dropped = true;
    w->partitioned = false;
    w->cuts_count = 0;
}

static bool between(const struct hf__call *c, long a, long b)
{
    return (a == HF_WORLD_ALL || (uint32_t)a == c->node) &&
           (b == HF_WORLD_ALL || (uint32_t)b == c->to);
}

void hf_world_break(struct hf_world *w, long a, long b)
{
    for (uint32_t i = 0; i < w->calls.count; i++) {
        const struct hf__call *c = hf__slab_at(&w->calls, i);
        if ((c->mark & 1) != 0 && !c->ghost && c->node != HF__NOBODY &&
            (between(c, a, b) || between(c, b, a)))
            hf__network_fail(w, i, c->mark, HF_ECONNRESET, w->now_us);
    }
    for (size_t i = 0; i < w->conns_cap; i++) {
        struct hf__conn *c = &w->conns[i];
        if ((a == HF_WORLD_ALL || c->from == (uint32_t)a || c->to == (uint32_t)a) &&
            (b == HF_WORLD_ALL || c->from == (uint32_t)b || c->to == (uint32_t)b))
            c->from_incarnation = 0;
    }
}

struct hf_world_network *hf_world_network(struct hf_world *w)
{
    return &w->settings.network;
}

void hf_world_watch(struct hf_world *w, hf_watch_fn *watch, void *ctx)
{
    w->watch = watch;
    w->watch_ctx = ctx;
}
