/* A stop for a while that is asked for before (proto/LOCAL.md, 3): when it is granted, and that it
 * alarms no owner. */
#include "testnet.h"

#include "base/error.h"
#include "members/members.h"

#include <criterion/criterion.h>

Test(drain, is_refused_while_an_owner_would_be_left_with_too_few_live_providers)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    cr_assert_eq(hf_world_drain(w, holders[0], false, TESTNET_MS), 0);
    hf_world_crash(w, holders[1]);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), HF_EDRAIN);
    hf_world_start(w, holders[1]);
    testnet_ready(w, HF_WORLD_ALL);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    testnet_end(w);
}

/* Each of them could be spared alone, and all of them together could not. */
Test(drain, is_a_reservation_that_the_next_one_to_ask_is_told_of)
{
    struct hf_world *w = testnet_up(9, 3, 7);
    uint32_t holders[16], granted = 0;
    testnet_holders(w, 0, holders);
    for (size_t i = 0; i < 7; i++)
        granted += hf_world_drain(w, holders[i], true, TESTNET_MS) == 0;
    struct hf_status status;
    cr_assert(hf_world_status(w, 0, &status));
    cr_assert_eq(7 - granted, status.q > 4 ? status.q : 4);
    testnet_end(w);
}

/* Its other holders are slow to say whether they are there: meanwhile the operator thinks better of
 * it. */
Test(drain, that_is_called_off_while_it_asks_does_not_begin)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    struct hf_status status;
    testnet_holders(w, 0, holders);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                      .method = HF_METHOD_NONCE,
                                      .from = HF_WORLD_ALL,
                                      .to = HF_WORLD_ALL,
                                      .delay_us = 1000000});
    hf_world_local(w, holders[0], HF_LOCAL_DRAIN, NULL);
    hf_world_run_for(w, 100);
    cr_assert_eq(hf_world_drain(w, holders[0], false, TESTNET_MS), 0);
    hf_world_run_for(w, 20000);
    cr_assert(hf_world_status(w, holders[0], &status) && !status.draining);
    testnet_end(w);
}

/* The operator is told of the disk at once, and nothing is under way then that is done later. */
Test(drain, and_leave_are_refused_at_once_while_the_disk_takes_nothing)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_disk_fail(w, 3, HF_ENOSPACE);
    cr_assert_eq(hf_world_drain(w, 3, true, 60000), HF_ENOSPACE, "it finds out by that");
    cr_assert(!testnet_status(w, 3).draining);
    for (int i = 0; i < 2; i++) {
        int r = i == 0 ? HF_ENOSPACE : 0;
        uint64_t before_us = hf_world_now_us(w);
        cr_assert_eq(hf_world_leave(w, 3, 86400, 60000), r);
        cr_assert_lt(hf_world_now_us(w) - before_us, 2000000);
        cr_assert_eq(hf_world_stay(w, 3, 60000), r);
        cr_assert_eq(hf_world_drain(w, 3, true, 60000), r);
        cr_assert_eq(hf_world_drain(w, 3, false, 60000), 0);
        hf_world_disk_fail(w, 3, 0);
        hf_world_run_for(w, 60000);
    }
    testnet_end(w);
}

/* The node takes shares again by itself, and counts as live. */
Test(drain, that_is_not_followed_up_ends_after_an_hour)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    hf_world_run_for(w, 1800000);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    hf_world_run_for(w, 3500000);
    cr_assert(testnet_status(w, holders[0]).draining);
    cr_assert_eq(hf_world_drain(w, holders[1], true, TESTNET_MS), HF_EDRAIN);
    hf_world_run_for(w, 200000);
    cr_assert(!testnet_status(w, holders[0]).draining);
    cr_assert_eq(hf_world_drain(w, holders[1], true, TESTNET_MS), 0);
    testnet_end(w);
}

/* Taken back, and killed before the news of that has left: a restart ends it all the same. */
Test(drain, that_was_taken_back_unheard_ends_with_the_restart)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    hf_world_run_for(w, 10000);
    hf_world_isolate(w, holders[0]);
    cr_assert_eq(hf_world_drain(w, holders[0], false, TESTNET_MS), 0);
    hf_world_run_for(w, 100);
    hf_world_crash(w, holders[0]);
    hf_world_heal(w);
    hf_world_start(w, holders[0]);
    testnet_ready(w, HF_WORLD_ALL);
    hf_world_run_for(w, 60000);
    hf__update_begin(hf_world_engine(w, 0));
    cr_assert(!hf__view(hf_world_engine(w, 0), hf_world_account(w, holders[0])).draining);
    testnet_end(w);
}

/* An announced restart is no alarm at any node whose share is away, within the grace and while the
 * others are enough; one that was not announced is, and so is one that lasts. */
Test(drain, is_no_alarm_while_it_lasts_no_longer_than_the_grace)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.holder_grace_s = 120;
    struct hf_world *w = testnet_up_from(&s, 6);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    hf_world_run_for(w, 5000);
    hf_world_crash(w, holders[0]);
    for (int i = 0; i < 20; i++) {
        hf_world_run_for(w, 5000);
        cr_assert_eq(hf_world_state(w, 0), HF_STATE_READY, "after %d s", 5 * (i + 1));
    }
    struct hf_status status = testnet_status(w, 0);
    size_t missed = 0;
    for (size_t i = 0; i < status.providers_count; i++)
        missed += status.providers[i].error != 0;
    cr_assert_eq(missed, 1);
    cr_assert(hf_world_run_until_state(w, 0, HF_STATE_DEGRADED, 60000));
    hf_world_start(w, holders[0]);
    testnet_ready(w, 0);
    hf_world_crash(w, holders[0]);
    cr_assert(hf_world_run_until_state(w, 0, HF_STATE_DEGRADED, 60000));
    hf_world_start(w, holders[0]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
