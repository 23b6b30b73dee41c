/*
 * A node opens when as many of its holders are open as its record says. Which fewest nodes open all
 * is a hard question in general (target set selection): it is answered by trying all sets of a size
 * where those are few, and else by taking, one after another, the node that opens most.
 */
#include "plan.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES_MAX = 20000 };

/* Scratch of one plan. */
struct plan {
    const struct hf__plan_node *nodes;
    size_t count;
    bool *forced;  /* no set of the others opens it */
    bool *started; /* the set under way */
    bool *open;
    size_t tries;
};

size_t hf__plan_follow(const struct hf__plan_node *nodes, size_t count, bool *ret_open)
{
    size_t open = 0, before;
    for (size_t i = 0; i < count; i++)
        open += ret_open[i];
    do {
        before = open;
        for (size_t i = 0; i < count; i++) {
            unsigned have = 0;
            for (size_t j = 0; j < nodes[i].holders_count && !ret_open[i]; j++)
                have += ret_open[nodes[i].holders[j]];
            if (!ret_open[i] && nodes[i].need > 0 && have >= nodes[i].need) {
                ret_open[i] = true;
                open++;
            }
        }
    } while (open > before && open < count);
    return open;
}

static size_t opened(struct plan *p)
{
    p->tries++;
    memcpy(p->open, p->started, p->count * sizeof *p->open);
    return hf__plan_follow(p->nodes, p->count, p->open);
}

/* Whether some `size` nodes more, from this place on, open all. false at the end of the tries. */
static bool try_sets(struct plan *p, size_t from, size_t size)
{
    if (size == 0)
        return opened(p) == p->count;
    for (size_t i = from; i + size <= p->count && p->tries < TRIES_MAX; i++) {
        if (p->started[i])
            continue;
        p->started[i] = true;
        if (try_sets(p, i + 1, size - 1))
            return true;
        p->started[i] = false;
    }
    return false;
}

/* How near a node brings others that it holds for: the nearer one is to opening, the more. */
static uint64_t pull_of(const struct plan *p, size_t node)
{
    uint64_t pull = 0;
    for (size_t i = 0; i < p->count; i++) {
        unsigned have = 0;
        bool holds = false;
        if (p->open[i])
            continue;
        for (size_t j = 0; j < p->nodes[i].holders_count; j++) {
            have += p->open[p->nodes[i].holders[j]];
            holds |= p->nodes[i].holders[j] == node;
        }
        if (holds && have < p->nodes[i].need)
            pull += UINT64_C(1) << (32 - 2 * (p->nodes[i].need - have));
    }
    return pull;
}

/* The node with the strongest pull, or that opens most where one more opens others. */
static size_t next_of(struct plan *p)
{
    size_t best = p->count, best_open = 0;
    uint64_t best_pull = 0;
    for (size_t i = 0; i < p->count; i++) {
        (void)opened(p);
        if (p->open[i])
            continue;
        uint64_t pull = pull_of(p, i);
        p->started[i] = true;
        size_t open = opened(p);
        p->started[i] = false;
        if (best == p->count || open > best_open || (open == best_open && pull > best_pull)) {
            best = i;
            best_open = open;
            best_pull = pull;
        }
    }
    return best;
}

/* As few as are found in short time. */
static void take_greedily(struct plan *p)
{
    while (opened(p) < p->count)
        p->started[next_of(p)] = true;
    for (size_t i = 0; i < p->count; i++) {
        if (!p->started[i] || p->forced[i])
            continue;
        p->started[i] = false;
        p->started[i] = opened(p) < p->count;
    }
}

/* A node with too few holders among those that ask: whatever is started, it does not follow. */
static void find_forced(struct plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        p->forced[i] = p->nodes[i].need == 0 || p->nodes[i].holders_count < p->nodes[i].need;
    memcpy(p->started, p->forced, p->count * sizeof *p->started);
}

int hf__plan(const struct hf__plan_node *nodes, size_t count, bool *ret_started, bool *ret_fewest)
{
    bool *flags = calloc(2 * count + 1, sizeof *flags);
    if (flags == NULL)
        return HF_ENOMEM;
    struct plan p = {.nodes = nodes,
                     .count = count,
                     .forced = flags,
                     .open = flags + count,
                     .started = ret_started};
    bool found = false;
    find_forced(&p);
    for (size_t size = 0; size <= count && !found && p.tries < TRIES_MAX; size++)
        found = try_sets(&p, 0, size);
    if (!found) {
        find_forced(&p);
        take_greedily(&p);
    }
    *ret_fewest = found;
    free(flags);
    return 0;
}

double hf__plan_odds(size_t members, size_t open, uint8_t n, uint8_t k)
{
    double fewer[HF__PLAN_HOLDERS_MAX + 1] = {1};
    /* One holder after another is drawn from the others; [j]: the odds that j of them are open. */
    if (members < 1u + n || n > HF__PLAN_HOLDERS_MAX)
        return 0;
    for (size_t drawn = 0; drawn < n; drawn++)
        for (size_t j = drawn + 1; j-- > 0;) {
            double left = (double)(members - 1 - drawn);
            double hit = j < open ? (double)(open - j) / left : 0;
            fewer[j + 1] += fewer[j] * hit;
            fewer[j] *= 1 - hit;
        }
    double odds = 0;
    for (size_t j = k; j <= n; j++)
        odds += fewer[j];
    return odds;
}
