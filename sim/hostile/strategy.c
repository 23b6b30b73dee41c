/* The table of strategies. */
#include "hostile/strategy.h"

#include <string.h>

/* X(constant of its file) */
#define STRATEGY_MAP(X)                                                                            \
    X(clone)                                                                                       \
    X(collude)                                                                                     \
    X(connections)                                                                                 \
    X(copy)                                                                                        \
    X(delay)                                                                                       \
    X(equivocate)                                                                                  \
    X(flood)                                                                                       \
    X(forge)                                                                                       \
    X(machine)                                                                                     \
    X(mixed)                                                                                       \
    X(moves)                                                                                       \
    X(old)                                                                                         \
    X(older)                                                                                       \
    X(parts)                                                                                       \
    X(plant_config)                                                                                \
    X(plant_policy)                                                                                \
    X(plant_providers)                                                                             \
    X(plant_vault)                                                                                 \
    X(quotes)                                                                                      \
    X(recall)                                                                                      \
    X(release)                                                                                     \
    X(replay)                                                                                      \
    X(rollback)                                                                                    \
    X(rollback_row)                                                                                \
    X(shares)                                                                                      \
    X(silent)                                                                                      \
    X(split)                                                                                       \
    X(stale)                                                                                       \
    X(takers)

#define X(name) extern const struct hf__strategy hf__strategy_##name;
STRATEGY_MAP(X)
#undef X

const struct hf__strategy *const hf__strategies[] = {
#define X(name) &hf__strategy_##name,
    STRATEGY_MAP(X)
#undef X
        NULL,
};

_Static_assert(HF_ARRAY_LEN(hf__strategies) <= HF__STRATEGIES_MAX, "room for every strategy");

size_t hf__strategy_index(const char *name)
{
    size_t i = 0;
    while (hf__strategies[i] != NULL && strcmp(hf__strategies[i]->name, name) != 0)
        i++;
    return i;
}

struct hf__strategy_run *hf__strategy_begin(struct hf_world *w, const struct hf__strategy *s,
                                            const uint32_t *nodes, size_t count)
{
    w->beginning = s->name;
    struct hf__strategy_run *run = s->begin(w, nodes, count);
    w->beginning = NULL;
    return run;
}

const struct hf__strategy *hf__strategy_find(const char *name)
{
    return hf__strategies[hf__strategy_index(name)];
}
