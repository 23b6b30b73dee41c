/* Hosts that start an older release, which the policy still accepts, with a rank below that of the
 * one that their node has shown. */
#include "hostile/image.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    hf_world_policy_accept(w, "holdfast-0", 0);
    return hf__image_begin(w, nodes, count, "holdfast-0", true);
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf_world_policy_withdraw(w, "holdfast-0");
    hf__image_end(w, run);
}

const struct hf__strategy hf__strategy_older = {
    .name = "older-release",
    .doc = "hosts start an accepted release of a lower rank than before, for a time",
    .begin = begin,
    .end = end,
};
