/* Hosts that start their node's disk on another machine, or with an older or unknown release, and
 * give it back in the end. */
#include "plot.h"

static void restart(struct hf_world *w, uint32_t node)
{
    hf_world_crash(w, node);
    hf_world_start(w, node);
}

static void *begin_machine(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        /* One that deposits from there belongs there. */
        if (hf_world_vault_state(w, nodes[i]) != HF_VAULT_PLACED)
            continue;
        hf_world_machine(w, nodes[i], 1000000 + nodes[i]);
        restart(w, nodes[i]);
    }
    return p;
}

static void end_machine(struct hf_world *w, void *ctx)
{
    struct hf__plot *p = ctx;
    p->on = false;
    for (size_t i = 0; i < p->count; i++) {
        hf_world_machine(w, p->nodes[i], p->nodes[i]);
        restart(w, p->nodes[i]);
    }
}

const struct hf__strategy hf__strategy_machine = {
    .name = "another-platform",
    .doc = "hosts start the disk on a machine that nobody listed, for a time",
    .begin = begin_machine,
    .end = end_machine,
};

/* Everybody but the targets has been upgraded; the targets then start the release before. */
static void *begin_release(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__plot *p = hf__plot_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        hf_world_image(w, nodes[i], hf__draw_below(&p->r, 2) == 0 ? "holdfast-0" : "evil");
        restart(w, nodes[i]);
    }
    return p;
}

static void end_release(struct hf_world *w, void *ctx)
{
    struct hf__plot *p = ctx;
    p->on = false;
    for (size_t i = 0; i < p->count; i++) {
        hf_world_image(w, p->nodes[i], "holdfast-1");
        restart(w, p->nodes[i]);
    }
}

const struct hf__strategy hf__strategy_release = {
    .name = "other-release",
    .doc = "hosts start a release that the policy does not list, for a time",
    .begin = begin_release,
    .end = end_release,
};
