/* Dealings that come to nothing: all that took a share of one are told to forget it, and it does
 * not count as retired before (proto/PROTOCOL.md, 7). */
#include "testnet.h"

#include "provider/provider.h"

#include <criterion/criterion.h>

enum { AWAY_MS = 300000 };

static struct hf_world *up(uint32_t count, uint8_t k, uint8_t n, uint8_t q)
{
    struct hf_world_settings s = testnet_settings(k, n);
    s.policy.q = q;
    s.policy.holder_grace_s = 20;
    return testnet_up_from(&s, count);
}

/* How many of the nodes that run keep a share of node 0's dealing of this number. */
static size_t keepers(struct hf_world *w, uint32_t number)
{
    size_t count = 0;
    for (uint32_t i = 1; i < hf_world_count(w); i++) {
        struct hf_engine *e = hf_world_engine(w, i);
        struct hf_held_row held;
        if (e == NULL)
            continue;
        hf__update_begin(e);
        for (size_t at = 0; hf__held_next(e, hf_world_account(w, 0), &at, &held);)
            count += held.generation.number == number;
    }
    return count;
}

static unsigned rule(struct hf_world *w, enum hf_rule_action action, uint8_t method, long to)
{
    return hf_world_rule(w,
                         (struct hf_rule){.action = action, .method = method, .from = 0, .to = to});
}

/* A holder is lost. In the dealing that follows the deposits of three others are lost too, and
 * further candidates take their places. The disk as it was when its first deposits left. */
static struct hf_disk *disk_while_it_deals(struct hf_world *w)
{
    uint32_t holders[16];
    struct hf_disk *old = NULL;
    testnet_holders(w, 0, holders);
    unsigned deposits = rule(w, HF_RULE_COUNT, HF_METHOD_DEPOSIT, HF_WORLD_ALL);
    for (size_t i = 1; i < 4; i++)
        rule(w, HF_RULE_DROP, HF_METHOD_DEPOSIT, holders[i]);
    hf_world_power_off(w, holders[0]);
    for (uint64_t recorded = hf_world_trace_count(w, 0, HF_TRACE_RECORDED);
         hf_world_trace_count(w, 0, HF_TRACE_RECORDED) == recorded;) {
        hf_world_run_for(w, 100);
        if (old == NULL && hf_world_rule_hits(w, deposits) > 0)
            old = hf_world_disk_copy(w, 0);
    }
    cr_assert_not_null(old);
    hf_world_heal(w);
    return old;
}

static void put_back(struct hf_world *w, struct hf_disk *old)
{
    hf_world_crash(w, 0);
    hf_world_disk_put(w, 0, old);
    hf_disk_free(old);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
}

/* One of those who are still there, so that what is newest is replaced. */
static void lose_a_holder(struct hf_world *w)
{
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_power_off(w, holders[4]);
}

/* One of its holders is lost, and the dealing of this number is replaced: no node keeps a share
 * of it. Ends the world. */
static void is_replaced_and_forgotten(struct hf_world *w, uint32_t number)
{
    lose_a_holder(w);
    hf_world_run_for(w, AWAY_MS);
    testnet_ready(w, 0);
    cr_assert_gt(testnet_generation(w, 0), number);
    cr_assert_eq(keepers(w, number), 0);
    testnet_end(w);
}

Test(given_up, on_an_old_disk_and_recorded_since_is_forgotten_by_those_whom_the_record_names)
{
    struct hf_world *w = up(14, 3, 5, 4);
    struct hf_disk *old = disk_while_it_deals(w);
    uint32_t number = testnet_generation(w, 0);
    hf_world_run_for(w, 30000);
    put_back(w, old);
    cr_assert_eq(testnet_generation(w, 0), number);
    cr_assert_eq(keepers(w, number), 5);
    is_replaced_and_forgotten(w, number);
}

/* The same disk comes back when the dealing has been replaced, and before its holders heard an
 * order. The newest record lists it no more, so the owner never learns that it was recorded. */
Test(given_up, by_another_process_is_never_called_retired)
{
    struct hf_world *w = up(14, 3, 5, 4);
    struct hf_disk *old = disk_while_it_deals(w);
    uint32_t number = testnet_generation(w, 0);
    hf_world_run_for(w, 30000);
    rule(w, HF_RULE_DROP, HF_METHOD_DELETE, HF_WORLD_ALL);
    lose_a_holder(w);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    testnet_ready(w, 0);
    for (int i = 0; i < 2; i++) {
        testnet_restart(w, 0);
        testnet_ready(w, 0);
        hf_world_run_for(w, 30000);
    }
    cr_assert_geq(keepers(w, number), 3);
    hf_world_heal(w);
    put_back(w, old);
    hf_world_run_for(w, AWAY_MS);
    cr_assert_geq(keepers(w, number), 3); /* whom no order can reach */
    testnet_end(w);
}

static unsigned lose_receipts(struct hf_world *w)
{
    return hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                             .method = HF_METHOD_DEPOSIT,
                                             .response = true,
                                             .from = HF_WORLD_ALL,
                                             .to = 0});
}

/* Eleven receipts are lost, and eleven others take the shares: more may keep one than any dealing
 * has holders. */
Test(given_up, places_of_a_dealing_are_told_when_that_is_replaced)
{
    struct hf_world *w = up(40, 4, 11, 7);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    unsigned receipts = lose_receipts(w);
    hf_world_power_off(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CANDIDATE_FAILED, 11, AWAY_MS));
    hf_world_rule_drop(w, receipts);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, AWAY_MS));
    uint32_t number = testnet_generation(w, 0);
    cr_assert_geq(keepers(w, number), 20);
    is_replaced_and_forgotten(w, number);
}

/* Receipts are lost for minutes, and there are many candidates. */
Test(given_up, before_more_may_keep_a_share_than_can_be_told)
{
    struct hf_world *w = up(80, 4, 11, 7);
    uint32_t holders[16], number = testnet_generation(w, 0) + 1;
    testnet_holders(w, 0, holders);
    hf_world_set_issue(w); /* with another beacon: those that are kept are not the first by it */
    hf_world_run_for(w, 20000);
    unsigned receipts = lose_receipts(w);
    hf_world_power_off(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CANDIDATE_FAILED, 17, AWAY_MS));
    cr_assert_geq(keepers(w, number), 17);
    hf_world_run_for(w, 100000);
    hf_world_rule_drop(w, receipts);
    hf_world_run_for(w, AWAY_MS);
    testnet_ready(w, 0);
    cr_assert_gt(testnet_generation(w, 0), number);
    cr_assert_eq(keepers(w, number), 0);
    testnet_end(w);
}

/* The holder that was missed comes back before another dealing begins. */
Test(given_up, is_forgotten_though_no_other_follows)
{
    struct hf_world *w = up(14, 3, 5, 4);
    uint32_t holders[16], number;
    testnet_restart(w, 0);
    testnet_ready(w, 0);
    number = testnet_generation(w, 0) + 1;
    testnet_holders(w, 0, holders);
    lose_receipts(w);
    hf_world_crash(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CANDIDATE_FAILED, 5, AWAY_MS));
    hf_world_start(w, holders[0]);
    cr_assert(hf_world_run_until_state(w, 0, HF_STATE_READY, AWAY_MS));
    cr_assert_geq(keepers(w, number), 5);
    hf_world_run_for(w, AWAY_MS);
    hf_world_heal(w);
    cr_assert_lt(testnet_generation(w, 0), number);
    cr_assert_eq(keepers(w, number), 0);
    testnet_end(w);
}

/* The network holds the deposits back for almost as long as their nonces live: those to holders,
 * who know this owner, and one to a node that does not. */
Test(given_up, leaves_no_share_that_comes_after_the_order_to_forget_it)
{
    struct hf_world *w = up(7, 3, 5, 4);
    uint32_t holders[16], number = testnet_generation(w, 0) + 1;
    testnet_holders(w, 0, holders);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_LATE,
                                      .method = HF_METHOD_DEPOSIT,
                                      .from = 0,
                                      .to = HF_WORLD_ALL,
                                      .delay_us = 26000000});
    hf_world_crash(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CANDIDATE_FAILED, 1, AWAY_MS));
    hf_world_start(w, holders[0]);
    hf_world_run_for(w, AWAY_MS);
    cr_assert_lt(testnet_generation(w, 0), number);
    cr_assert_eq(keepers(w, number), 0);
    testnet_end(w);
}
