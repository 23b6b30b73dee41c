/* The state of the world as it is read: nodes, accounts, what happened, who observes. */
#include "world/world.h"

#include <stdlib.h>
#include <string.h>

uint64_t hf_world_now_us(const struct hf_world *w)
{
    return w->now_us;
}

void hf__push(struct hf_world *w, uint64_t at_us, uint64_t what)
{
    hf__queue_push(&w->queue, at_us < w->now_us ? w->now_us : at_us, what);
}

void hf__renew(struct hf_world *w, uint64_t name)
{
    hf_assert(name != 0);
    w->fresh = name;
    for (int i = 0; i < HF__PURPOSES; i++)
        hf__stream_init(&w->streams[i], w->settings.seed ^ name,
                        hf__purpose_name((enum hf__purpose)i), 0);
}

/* ---- Nodes ---- */

uint32_t hf_world_count(const struct hf_world *w)
{
    return w->nodes_count;
}

bool hf_world_status(struct hf_world *w, uint32_t node, struct hf_status *ret)
{
    struct hf__node *n = hf__node(w, node);
    if (n->engine == NULL)
        return false;
    hf_engine_status(n->engine, n->durable_seq, ret);
    return true;
}

enum hf_state hf_world_state(const struct hf_world *w, uint32_t node)
{
    return hf__node(w, node)->engine == NULL ? HF_STATE_STARTING : hf__node(w, node)->state;
}

struct hf_engine *hf_world_engine(struct hf_world *w, uint32_t node)
{
    return hf__node(w, node)->engine;
}

/* ---- Accounts ---- */

static size_t account_slot(const struct hf_world *w, const struct hf_account *account)
{
    uint64_t word;
    memcpy(&word, account->bytes, sizeof word);
    size_t at = hf__mix(word) & (w->by_account_cap - 1);
    while (w->by_account[at] != HF__NOBODY &&
           !hf_account_equal(&w->nodes[w->by_account[at]]->account, account))
        at = (at + 1) & (w->by_account_cap - 1);
    return at;
}

static void accounts_grow(struct hf_world *w)
{
    free(w->by_account);
    w->by_account_cap = w->by_account_cap == 0 ? 64 : w->by_account_cap * 2;
    w->by_account = malloc(w->by_account_cap * sizeof(uint32_t));
    hf_assert(w->by_account != NULL);
    memset(w->by_account, 0xff, w->by_account_cap * sizeof(uint32_t));
    w->by_account_count = 0;
    for (uint32_t i = 0; i < w->nodes_count; i++) {
        if (!w->nodes[i]->has_account || w->nodes[i]->copy)
            continue;
        w->by_account[account_slot(w, &w->nodes[i]->account)] = i;
        w->by_account_count++;
    }
}

void hf__account_set(struct hf_world *w, struct hf__node *n, const struct hf_account *account)
{
    if (n->has_account && hf_account_equal(&n->account, account))
        return;
    /* A vault that was made anew has another account: the table is then made anew as well. */
    bool other = n->has_account;
    n->copy = hf_world_find(w, account) >= 0;
    if (n->copy) {
        other = false;
        w->copies = hf__grow(w->copies, w->copies_count, &w->copies_cap, sizeof(uint32_t));
        w->copies[w->copies_count++] = n->number;
    }
    n->has_account = true;
    n->registered = n->registered && !other;
    n->account = *account;
    if (other)
        w->by_account_cap /= 2;
    if (other || (w->by_account_count + 1) * 2 > w->by_account_cap) {
        accounts_grow(w);
        return;
    }
    if (n->copy)
        return;
    w->by_account[account_slot(w, account)] = n->number;
    w->by_account_count++;
}

/* One node is its account's from now on, and the other that has it is a copy. */
static void pass(struct hf_world *w, struct hf__node *from, struct hf__node *to)
{
    if (!to->copy || from->copy || !from->has_account ||
        !hf_account_equal(&from->account, &to->account))
        return;
    for (size_t i = 0; i < w->copies_count; i++)
        if (w->copies[i] == to->number)
            w->copies[i] = from->number;
    from->copy = true;
    to->copy = false;
    to->registered = from->registered;
    to->was_registered = from->was_registered;
    from->registered = false;
    w->by_account[account_slot(w, &to->account)] = to->number;
    for (size_t i = 0; i < w->authority.members_count; i++)
        if (w->authority.members[i].node == from->number)
            w->authority.members[i].node = to->number;
}

void hf__account_moves(struct hf_world *w, struct hf__node *n)
{
    if (n->takes_over >= 0)
        pass(w, hf__node(w, (uint32_t)n->takes_over), n);
}

void hf__account_returns(struct hf_world *w, struct hf__node *n)
{
    if (n->takes_over >= 0)
        pass(w, n, hf__node(w, (uint32_t)n->takes_over));
}

const struct hf_account *hf_world_account(const struct hf_world *w, uint32_t node)
{
    const struct hf__node *n = hf__node(w, node);
    return n->has_account ? &n->account : NULL;
}

long hf_world_find(const struct hf_world *w, const struct hf_account *account)
{
    if (w->by_account_cap == 0)
        return -1;
    uint32_t node = w->by_account[account_slot(w, account)];
    return node == HF__NOBODY ? -1 : (long)node;
}

/* ---- What happened ---- */

void hf__hash_run(struct hf_world *w, uint64_t a, uint64_t b)
{
    uint64_t h = w->totals.trace_hash ^ w->now_us;
    h = (h ^ a) * 0x9fb21c651e98df25u;
    h = (hf__rotl(h, 29) ^ b) * 0xd6e8feb86659fd93u;
    w->totals.trace_hash = h ^ (h >> 32);
}

void hf__traced(struct hf_world *w, struct hf__node *n, const struct hf_trace *t)
{
    hf_assert((size_t)t->type < HF_ARRAY_LEN(w->trace_counts));
    w->trace_counts[t->type]++;
    hf__hash_run(w, (uint64_t)t->type << 32 | (uint32_t)t->error, t->a ^ hf__rotl(t->b, 32));
    for (size_t i = 0; i < w->observers_count; i++) {
        if (w->observers[i].trace != NULL)
            w->observers[i].trace(w->observers[i].ctx, w, n->number, t);
    }
    if (!w->settings.traces)
        return;
    w->traces = hf__grow(w->traces, w->traces_count, &w->traces_cap, sizeof *w->traces);
    w->traces[w->traces_count++] = (struct hf_world_trace){
        .at_us = w->now_us,
        .node = n->number,
        .incarnation = n->incarnation,
        .trace = *t,
    };
}

const struct hf_world_trace *hf_world_traces(const struct hf_world *w, size_t *ret_count)
{
    *ret_count = w->traces_count;
    return w->traces;
}

uint64_t hf_world_trace_count(const struct hf_world *w, long node, enum hf_trace_type type)
{
    uint64_t count = 0;
    if (node == HF_WORLD_ALL)
        return w->trace_counts[type];
    for (size_t i = 0; i < w->traces_count; i++)
        count += w->traces[i].node == (uint32_t)node && w->traces[i].trace.type == type;
    return count;
}

const struct hf_violation *hf_world_violation(const struct hf_world *w)
{
    return w->violated ? &w->violation : NULL;
}

uint32_t hf__observe(struct hf_world *w, const struct hf__observer *observer)
{
    hf_assert(w->observers_count < HF__OBSERVERS_MAX);
    w->observers[w->observers_count] = *observer;
    return (uint32_t)w->observers_count++;
}

void hf__wake(struct hf_world *w, uint32_t observer, uint32_t mark, uint64_t at_us)
{
    hf__push(w, at_us, hf__what(HF__WAKE, mark, observer));
}

const struct hf_suite *hf_world_suite(const struct hf_world *w)
{
    return w->suite;
}
