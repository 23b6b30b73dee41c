/* The table of strategies. */
#include "strategy.h"

#include <string.h>

extern const struct hf__strategy hf__strategy_delay, hf__strategy_equivocate, hf__strategy_flood,
    hf__strategy_forge, hf__strategy_machine, hf__strategy_plant_state, hf__strategy_plant_vault,
    hf__strategy_quotes, hf__strategy_release, hf__strategy_replay, hf__strategy_shares,
    hf__strategy_silent;

const struct hf__strategy *const hf__strategies[] = {
    &hf__strategy_delay,
    &hf__strategy_equivocate,
    &hf__strategy_flood,
    &hf__strategy_forge,
    &hf__strategy_machine,
    &hf__strategy_plant_state,
    &hf__strategy_plant_vault,
    &hf__strategy_quotes,
    &hf__strategy_release,
    &hf__strategy_replay,
    &hf__strategy_shares,
    &hf__strategy_silent,
    NULL,
};

const struct hf__strategy *hf__strategy_find(const char *name)
{
    for (size_t i = 0; hf__strategies[i] != NULL; i++) {
        if (strcmp(hf__strategies[i]->name, name) == 0)
            return hf__strategies[i];
    }
    return NULL;
}
