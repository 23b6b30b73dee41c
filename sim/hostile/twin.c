#include "hostile/twin.h"

uint32_t hf__twin_of(struct hf_world *w, uint32_t node, bool same_machine)
{
    struct hf_disk *copy = hf_world_disk_copy(w, node);
    uint32_t twin = hf_world_add(w);
    hf__node(w, twin)->image_next = hf__node(w, node)->image_next;
    hf_world_disk_put(w, twin, copy);
    hf_disk_free(copy);
    if (same_machine)
        hf_world_machine(w, twin, hf__node(w, node)->machine_next);
    hf_world_start(w, twin);
    return twin;
}

struct hf__strategy_run *hf__twin_begin(struct hf_world *w, const uint32_t *nodes, size_t count,
                                        bool same_machine)
{
    struct hf__observer observer = {0};
    struct hf__strategy_run *run =
        hf__hostile_new(w, nodes, count, observer, count * sizeof(uint32_t));
    uint32_t *twins = run->more;
    for (size_t i = 0; i < count; i++) {
        twins[i] = HF__NOBODY;
        /* One that is not placed yet is made anew wherever it starts: no copy of another. */
        if (hf_world_vault_state(w, nodes[i]) != HF_VAULT_PLACED)
            continue;
        twins[i] = hf__twin_of(w, nodes[i], same_machine);
        run->acts++;
    }
    return run;
}

void hf__twin_end(struct hf_world *w, struct hf__strategy_run *run)
{
    const uint32_t *twins = run->more;
    hf__hostile_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        if (twins[i] == HF__NOBODY)
            continue;
        hf_world_crash(w, twins[i]);
        hf__node(w, twins[i])->gone = true;
        hf__hostile_take_back(w, run->nodes[i]);
    }
}
