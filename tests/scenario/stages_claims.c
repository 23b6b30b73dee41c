/* Stages for checkers of who speaks for an account. */
#include "stages.h"
#include "testnet.h"
#include "world/world.h"

#include <criterion/criterion.h>

/* Two that wait for each other's word, while a holder of both is down. */
struct hf_world *stage_provisional(void)
{
    struct hf_world *w = testnet_new(4, 2, 3);
    hf_world_start_all(w);
    run_s(w, 60);
    unsigned rule = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                      .method = HF_METHOD_CLAIM,
                                                      .from = HF_WORLD_ALL,
                                                      .to = HF_WORLD_ALL});
    for (uint32_t i = 0; i < 2; i++) {
        testnet_restart(w, i);
        run_s(w, 5);
    }
    hf_world_crash(w, 3);
    hf_world_rule_drop(w, rule);
    run_s(w, 120);
    return w;
}

/* The floor goes on from another record than the one that node 0 has. */
struct hf_world *stage_void(void)
{
    uint32_t holders[16];
    struct hf_world *w = testnet_up(12, 2, 3);
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[1]);
    hf_world_crash(w, holders[2]);
    cr_assert(hf_world_set_floor(w, 0));
    for (size_t i = 0; i < w->authority.members_count; i++)
        if (w->authority.members[i].node == 0)
            w->authority.members[i].floor->favoured[0] ^= 1;
    hf_world_set_issue(w);
    run_s(w, 120);
    return w;
}

/* Lines of a copy of node 0 to this holder, both ways. */
static void cut_off(struct hf_world *w, uint32_t node, uint32_t holder)
{
    hf_world_cut(w, node, holder);
    hf_world_cut(w, holder, node);
}

/* Node 0 and a copy of its disk each deal without having heard of the other: the dealings have one
 * number. When they hear each other, one is left, and has the other's shares deleted. */
struct hf_world *stage_forks(void)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.holder_grace_s = 20;
    s.seed = 5; /* one of those by which both come to deal before they hear of each other */
    struct hf_world *w = testnet_up_from(&s, 15);
    uint32_t holders[16], copy = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    testnet_holders(w, 0, holders);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, 0);
    hf_world_isolate(w, 0);
    cut_off(w, copy, holders[2]);
    hf_world_start(w, copy);
    run_s(w, 100);
    hf_world_heal(w);
    for (size_t i = 0; i < 3; i++)
        cut_off(w, i < 2 ? 0 : copy, holders[i]);
    run_s(w, 60);
    hf_world_heal(w);
    run_s(w, 200);
    return w;
}
