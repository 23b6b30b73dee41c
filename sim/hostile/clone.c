/* A copied disk starts on another machine, beside the one that it was copied from. */
#include "hostile/twin.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    return hf__twin_begin(w, nodes, count, false);
}

const struct hf__strategy hf__strategy_clone = {
    .name = "cloned-disk",
    .doc = "a copy of the disk starts on another machine, for a time",
    .begin = begin,
    .end = hf__twin_end,
};
