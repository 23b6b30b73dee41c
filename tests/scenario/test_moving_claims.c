/* Claims while a vote moves (proto/CLAIMS.md, 7; proto/REPAIR.md, 4): two instances of an owner ask
 * both ends of a transfer, and a leaver that lies about its vote gives it beside its successor's.
 * No two claims stand with one number, and no key is released twice first: the checkers `claim` and
 * `one` watch. */
#include "owner_down.h"

#include "base/error.h"

#include <criterion/criterion.h>

enum { WEEK_S = 7 * 86400, K = 3, NODES = 10 };

static struct hf_world *down_with_quorum(uint8_t q, uint32_t holders[static 16])
{
    struct hf_world_settings s = testnet_settings(K, N);
    s.policy.holder_grace_s = 30;
    s.policy.q = q;
    struct hf_world *w = testnet_up_from(&s, NODES);
    cr_assert_eq(testnet_holders(w, OWNER, holders), N);
    hf_world_crash(w, OWNER);
    hf_world_run_for(w, 90000);
    return w;
}

/* A copy of the owner's disk on another node of the same machine. */
static uint32_t clone_of_owner(struct hf_world *w)
{
    uint32_t clone = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, OWNER);
    hf_world_disk_put(w, clone, disk);
    hf_disk_free(disk);
    hf_world_machine(w, clone, OWNER);
    return clone;
}

static bool speaks(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    return hf_world_status(w, node, &s) && s.claimed;
}

static void cut_both(struct hf_world *w, uint32_t a, uint32_t b)
{
    hf_world_cut(w, a, b);
    hf_world_cut(w, b, a);
}

/* The owner reaches those on one side, its copy those on the other; the leaver and its successor
 * are on different ones. */
static void race_in_the_middle(uint8_t method, bool response)
{
    uint32_t holders[16];
    struct hf_world *w = down_with_quorum(3, holders);
    unsigned late = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                                      .method = method,
                                                      .response = response,
                                                      .from = HF_WORLD_ALL,
                                                      .to = HF_WORLD_ALL,
                                                      .delay_us = 8000000});
    cr_assert_eq(hf_world_leave(w, holders[0], WEEK_S, TESTNET_MS), 0);
    for (unsigned i = 0; i < 600 && hf_world_rule_hits(w, late) == 0; i++)
        hf_world_run_for(w, 100);
    cr_assert_gt(hf_world_rule_hits(w, late), 0);
    uint32_t clone = clone_of_owner(w);
    for (uint32_t i = 1; i < NODES; i++) {
        bool first = i == holders[0] || i == holders[1] || i == holders[2];
        cut_both(w, first ? clone : OWNER, i);
    }
    hf_world_start(w, OWNER);
    hf_world_start(w, clone);
    hf_world_run_for(w, 60000);
    cr_assert(speaks(w, OWNER) + speaks(w, clone) <= 1);
    hf_world_heal(w);
    hf_world_run_for(w, WAIT_MS);
    cr_assert(speaks(w, OWNER) + speaks(w, clone) == 1);
    testnet_key_lives(w, speaks(w, OWNER) ? OWNER : clone);
    testnet_end(w);
}

Test(moving_claims, of_two_instances_at_both_ends_of_a_transfer_stand_for_one)
{
    static const uint8_t methods[] = {HF_METHOD_TAKE, HF_METHOD_TRANSFER, HF_METHOD_HANDOVER};
    for (size_t m = 0; m < HF_ARRAY_LEN(methods); m++)
        for (int response = 0; response < 2; response++)
            race_in_the_middle(methods[m], response == 1);
}

/* Its host puts the leaver's disk back to before it ceased: it votes beside its successor. With
 * q = 4 of n = 5 two such are withstood. */
Test(moving_claims, withstand_a_leaver_that_votes_on)
{
    uint32_t holders[16];
    struct hf_world *w = down_with_quorum(4, holders);
    struct hf_disk *before = hf_world_disk_copy(w, holders[0]);
    cr_assert_eq(hf_world_leave(w, holders[0], WEEK_S, TESTNET_MS), 0);
    cr_assert(hf_world_run_until_state(w, holders[0], HF_STATE_LEFT, WAIT_MS));
    hf_world_crash(w, holders[0]);
    hf_world_disk_put(w, holders[0], before);
    hf_disk_free(before);
    hf_world_start(w, holders[0]);
    hf_world_run_for(w, 30000);
    uint32_t clone = clone_of_owner(w);
    for (uint32_t i = 1; i < NODES; i++) {
        if (i == holders[0])
            continue;
        cut_both(w, i == holders[1] || i == holders[2] ? clone : OWNER, i);
    }
    hf_world_start(w, OWNER);
    hf_world_start(w, clone);
    hf_world_run_for(w, 120000);
    cr_assert(speaks(w, OWNER) + speaks(w, clone) <= 1);
    hf_world_heal(w);
    hf_world_run_for(w, WAIT_MS);
    cr_assert(speaks(w, OWNER) + speaks(w, clone) == 1);
    testnet_end(w);
}
