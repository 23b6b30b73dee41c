/* A host puts one older row into the vault's file. The world says of an opened vault what the store
 * does: that its head does not fit. (The store itself is put to this by
 * tests/unit/test_store_tamper.c.) */
#include "hostile/hostile.h"

static struct hf__strategy_run *begin(struct hf_world *w, const uint32_t *nodes, size_t count)
{
    struct hf__observer observer = {0};
    struct hf__strategy_run *run = hf__hostile_new(w, nodes, count, observer, 0);
    for (size_t i = 0; i < count; i++) {
        hf_world_crash(w, nodes[i]);
        hf_world_vault_damage(w, nodes[i], HF_EROLLBACK);
        hf_world_start(w, nodes[i]);
        run->acts++;
    }
    return run;
}

static void end(struct hf_world *w, struct hf__strategy_run *run)
{
    hf__hostile_end(w, run);
    for (size_t i = 0; i < run->count; i++) {
        hf_world_vault_damage(w, run->nodes[i], 0);
        hf__hostile_restart(w, run->nodes[i]);
    }
}

const struct hf__strategy hf__strategy_rollback_row = {
    .name = "rolled-back-row",
    .doc = "one row of the vault is an older one, for a time",
    .begin = begin,
    .end = end,
};
