/* Hosts that start software of their own: what no policy lists. */
#include "hostile/image.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    return hf__image_begin(w, nodes, count, "evil", false);
}

const struct hf__strategy hf__strategy_release = {
    .name = "other-release",
    .doc = "hosts start a release that the policy does not list, for a time",
    .begin = begin,
    .end = hf__image_end,
};
