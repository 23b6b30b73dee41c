/* The table of strategies. */
#include "strategy.h"

#include <string.h>

const struct hf__strategy *const hf__strategies[] = {NULL};

const struct hf__strategy *hf__strategy_find(const char *name)
{
    for (size_t i = 0; hf__strategies[i] != NULL; i++) {
        if (strcmp(hf__strategies[i]->name, name) == 0)
            return hf__strategies[i];
    }
    return NULL;
}
