/* A host runs two copies of its node at once, on the machine that the shares were deposited from.
 * Either may win the claim; in the end the copy is gone, and the other starts anew. */
#include "hostile/twin.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    return hf__twin_begin(w, nodes, count, true);
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__twin_end(w, run);
    for (size_t i = 0; i < run->count; i++)
        hf__hostile_restart(w, run->nodes[i]);
}

const struct hf__strategy hf__strategy_copy = {
    .name = "second-copy",
    .doc = "a copy of the disk starts on the same machine, for a time",
    .begin = begin,
    .end = end,
};
