/* A provider leaves: its owners move, and none loses a backup (proto/GOSSIP.md, 4). */
#include "testnet.h"

#include "base/error.h"
#include "base/hex.h"
#include "owner/owner.h"
#include "provider/provider.h"

#include <criterion/criterion.h>

enum { WEEK_S = 7 * 86400, MONTH_S = 30 * 86400 };

static size_t owners_of(struct hf_world *w, uint32_t provider)
{
    size_t count = 0;
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        count += i != provider && testnet_holds(w, i, provider);
    return count;
}

static void leave(struct hf_world *w, uint32_t node, uint64_t seconds)
{
    cr_assert_eq(hf_world_leave(w, node, seconds, TESTNET_MS), 0);
}

static void has_left(struct hf_world *w, uint32_t node)
{
    cr_assert(hf_world_run_until_state(w, node, HF_STATE_LEFT, TESTNET_MS));
}

/* All but those that are down or gone are ready, with n holders none of whom has left. */
static void all_have_n_holders(struct hf_world *w, const uint32_t *gone, size_t gone_count)
{
    for (uint32_t i = 0; i < hf_world_count(w); i++) {
        bool skip = !hf_world_running(w, i);
        for (size_t j = 0; j < gone_count; j++)
            skip = skip || gone[j] == i;
        if (skip)
            continue;
        testnet_ready(w, i);
        for (size_t j = 0; j < gone_count; j++)
            cr_assert_not(testnet_holds(w, i, gone[j]), "node %u still counts on %u", i, gone[j]);
    }
}

Test(leave, of_a_provider_restores_n_backups_at_all_its_owners)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16], gone;
    testnet_holders(w, 0, holders);
    gone = holders[0];
    cr_assert_gt(owners_of(w, gone), 1);
    leave(w, gone, WEEK_S);
    cr_assert_eq(hf_world_state(w, gone), HF_STATE_LEAVING);
    has_left(w, gone);
    cr_assert_eq(owners_of(w, gone), 0);
    all_have_n_holders(w, &gone, 1);
    /* All know it; and it may be stopped. */
    hf_world_run_for(w, 5000);
    for (uint32_t i = 0; i < 12; i++)
        cr_assert_eq(hf__view(hf_world_engine(w, i), hf_world_account(w, gone)).state,
                     HF_MEMBER_LEFT);
    hf_world_crash(w, gone);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* A reason goes into a signed event that all keep and print. */
Test(leave, whose_reason_is_no_line_of_text_is_refused)
{
    static const char *const reasons[] = {"a\nb", "\x7f", "\xc2\x9b", "\xff", "\xed\xa0\x80"};
    struct hf_world *w = testnet_up(6, 2, 3);
    for (size_t i = 0; i < HF_ARRAY_LEN(reasons); i++)
        cr_assert_eq(hf__leave_begin(hf_world_engine(w, 0),
                                     hf_bytes_of(reasons[i], strlen(reasons[i])), WEEK_S),
                     HF_EINVAL, "%zu", i);
    testnet_end(w);
}

/* As many operators as shares, with three validators each, and no set that says who leaves. */
Test(leave, of_one_of_an_operators_validators_lets_another_take_its_places)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.operators = 5;
    s.policy.domain_rule = HF_DOMAIN_OPERATORS;
    struct hf_world *w = testnet_from(&s, 15);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    uint32_t holders[16], gone;
    size_t count = testnet_holders(w, 0, holders);
    cr_assert_eq(count, 5);
    gone = holders[0];
    leave(w, gone, WEEK_S);
    has_left(w, gone);
    cr_assert_eq(owners_of(w, gone), 0);
    all_have_n_holders(w, &gone, 1);
    for (uint32_t i = 0; i < 15; i++) {
        count = testnet_holders(w, i, holders);
        for (size_t a = 0; i != gone && a < count; a++)
            for (size_t b = 0; b < a; b++)
                cr_assert_neq(holders[a] % 5, holders[b] % 5);
    }
    testnet_end(w);
}

Test(leave, of_one_of_n_plus_two_members_leaves_each_owner_the_n_others)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16], gone;
    testnet_holders(w, 0, holders);
    gone = holders[0];
    for (uint32_t i = 0; i < 7; i++) {
        testnet_restart(w, i);
        testnet_ready(w, i);
    }
    testnet_ready(w, HF_WORLD_ALL);
    leave(w, gone, WEEK_S);
    has_left(w, gone);
    all_have_n_holders(w, &gone, 1);
    testnet_end(w);
}

Test(leave, is_taken_back_before_anything_is_forgotten)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_stay(w, holders[0], TESTNET_MS), HF_EINVAL);
    leave(w, holders[0], WEEK_S);
    cr_assert_eq(hf_world_stay(w, holders[0], TESTNET_MS), 0);
    testnet_ready(w, holders[0]);
    hf_world_run_for(w, 10000);
    for (uint32_t i = 0; i < 12; i++)
        cr_assert_eq(hf__view(hf_world_engine(w, i), hf_world_account(w, holders[0])).state,
                     HF_MEMBER_MEMBER);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(leave, stands_when_a_later_set_still_names_the_leaver)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16], gone;
    testnet_holders(w, 0, holders);
    gone = holders[0];
    leave(w, gone, WEEK_S);
    has_left(w, gone);
    hf_world_run_for(w, 5000);
    hf_world_crash(w, gone);
    for (int i = 0; i < 3; i++) {
        hf_world_set_issue(w);
        hf_world_run_for(w, 30000);
    }
    testnet_restart(w, 0);
    all_have_n_holders(w, &gone, 1);
    cr_assert_eq(hf__view(hf_world_engine(w, 0), hf_world_account(w, gone)).state, HF_MEMBER_LEFT);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(leave, of_k_holders_one_after_another_loses_nothing)
{
    struct hf_world *w = testnet_up(16, 3, 5);
    uint32_t first[16], gone[3];
    testnet_holders(w, 0, first);
    for (size_t i = 0; i < 3; i++) {
        gone[i] = first[i];
        leave(w, gone[i], WEEK_S);
        has_left(w, gone[i]);
        all_have_n_holders(w, gone, i + 1);
        hf_world_crash(w, gone[i]);
    }
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(leave, of_n_minus_k_holders_at_the_same_moment_loses_nothing)
{
    struct hf_world *w = testnet_up(16, 3, 5);
    uint32_t gone[16];
    testnet_holders(w, 0, gone);
    for (size_t i = 0; i < 2; i++)
        leave(w, gone[i], WEEK_S);
    for (size_t i = 0; i < 2; i++)
        has_left(w, gone[i]);
    all_have_n_holders(w, gone, 2);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Who still keeps a share of a generation, by the row in its vault. */
static size_t keepers(struct hf_world *w, const uint8_t key[static 48])
{
    size_t count = 0;
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        count += hf_world_row(w, i, HF_ROW_HELD, hf_bytes_of(key, 48)) != NULL;
    return count;
}

Test(leave, makes_the_departed_share_worthless_once_its_generation_is_retired)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    uint8_t key[48];
    testnet_holders(w, 0, holders);
    memcpy(key, hf_world_account(w, 0)->bytes, 32);
    memcpy(key + 32, hf_world_engine(w, 0)->owner->recorded.id, 16);
    cr_assert_eq(keepers(w, key), 5);
    /* What the host of the leaver keeps of its disk. */
    struct hf_disk *copy = hf_world_disk_copy(w, holders[0]);
    leave(w, holders[0], WEEK_S);
    has_left(w, holders[0]);
    testnet_ready(w, 0);
    hf_world_run_for(w, 60000);
    cr_assert_lt(keepers(w, key), 1);
    /* Put back, it is one share of five of which no node has another. */
    hf_world_crash(w, holders[0]);
    hf_world_disk_put(w, holders[0], copy);
    cr_assert_eq(keepers(w, key), 1);
    hf_disk_free(copy);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Its host's clock was a month ahead: no member takes a word of then. */
Test(leave, that_a_wrong_clock_has_dated_is_said_again_once_the_clock_is_right)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16], gone;
    testnet_holders(w, 0, holders);
    gone = holders[0];
    hf_world_clock_shift(w, gone, MONTH_S);
    leave(w, gone, WEEK_S);
    hf_world_run_for(w, 20000);
    cr_assert_gt(owners_of(w, gone), 0);
    hf_world_clock_shift(w, gone, -MONTH_S);
    has_left(w, gone);
    cr_assert_eq(owners_of(w, gone), 0);
    all_have_n_holders(w, &gone, 1);
    testnet_end(w);
}

Test(leave, survives_a_restart_of_the_leaver)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16], gone;
    testnet_holders(w, 0, holders);
    gone = holders[0];
    hf_world_crash(w, 0); /* one owner does not move */
    leave(w, gone, WEEK_S);
    hf_world_run_for(w, 20000);
    cr_assert_eq(hf_world_state(w, gone), HF_STATE_LEAVING);
    testnet_restart(w, gone);
    cr_assert(hf_world_run_until_state(w, gone, HF_STATE_LEAVING, TESTNET_MS));
    hf_world_start(w, 0);
    has_left(w, gone);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(leave, after_its_deadline_forgets_an_absent_owner_of_whom_enough_is_left)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0);
    leave(w, holders[0], 60);
    hf_world_run_for(w, 40000);
    cr_assert_eq(hf_world_state(w, holders[0]), HF_STATE_LEAVING);
    struct hf_status s;
    cr_assert(hf_world_status(w, holders[0], &s));
    cr_assert_eq(s.waiting_owners, 1);
    cr_assert_arr_eq(s.waiting[0].bytes, hf_world_account(w, 0)->bytes, 32);
    has_left(w, holders[0]);
    cr_assert_eq(hf_world_stay(w, holders[0], TESTNET_MS), HF_EFORGOTTEN);
    hf_world_crash(w, holders[0]);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    all_have_n_holders(w, holders, 1);
    testnet_end(w);
}

Test(leave, waits_for_an_owner_of_whom_too_little_is_left_until_a_person_abandons_it)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    char owner[65], nobody[65];
    testnet_holders(w, 0, holders);
    hf_hex_encode(hf_world_account(w, 0)->bytes, 32, owner);
    hf_hex_encode((const uint8_t[32]){1}, 32, nobody);
    hf_world_crash(w, 0);
    hf_world_crash(w, holders[1]); /* k + 1 = 4 others would be needed */
    testnet_none_takes(w);
    leave(w, holders[0], 30);
    cr_assert_eq(hf_world_abandon(w, holders[0], owner, TESTNET_MS), HF_ELEAVEWAITS);
    hf_world_run_for(w, 120000);
    cr_assert_eq(hf_world_state(w, holders[0]), HF_STATE_LEAVING);
    cr_assert_eq(hf_world_abandon(w, holders[0], "no account", TESTNET_MS), HF_EINVAL);
    cr_assert_eq(hf_world_abandon(w, holders[0], nobody, TESTNET_MS), HF_ENOSHARE);
    hf_world_start(w, holders[1]);
    hf_world_start(w, 0);
    has_left(w, holders[0]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(leave, is_refused_before_the_node_is_placed_and_takes_no_new_share)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t late = hf_world_add(w);
    hf_world_start(w, late);
    cr_assert_neq(hf_world_leave(w, late, WEEK_S, TESTNET_MS), 0);
    uint32_t gone = 4;
    leave(w, gone, WEEK_S);
    hf_world_run_for(w, 3000);
    cr_assert(hf_world_run_until_state(w, late, HF_STATE_READY, TESTNET_MS));
    cr_assert_not(testnet_holds(w, late, gone));
    testnet_end(w);
}

/* An owner that has not heard of the leave is refused, and takes the next candidate. */
Test(leave, is_told_to_an_owner_that_did_not_hear_of_it)
{
    struct hf_world *w = testnet_up(8, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_GOSSIP,
                                      .from = HF_WORLD_ALL,
                                      .to = HF_WORLD_ALL});
    for (uint32_t i = 1; i < 8; i++)
        if (!testnet_holds(w, 0, i))
            leave(w, i, WEEK_S); /* all that could take the place of another */
    hf_world_crash(w, holders[0]);
    hf_world_set_remove(w, holders[0]);
    hf_world_set_issue(w);
    testnet_reason(w, 0, HF_STATE_DEGRADED, HF_ESELECTION);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_ELEAVING));
    testnet_end(w);
}

/* Its offer is from before it said that it leaves. */
Test(leave, takes_no_share_that_it_had_offered_to_take)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t late = hf_world_add(w);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                      .method = HF_METHOD_DEPOSIT,
                                      .from = late,
                                      .to = HF_WORLD_ALL,
                                      .delay_us = 3000000});
    hf_world_start(w, late);
    cr_assert(hf_world_run_until_trace(w, late, HF_TRACE_DEALING, 1, TESTNET_MS));
    hf_world_run_for(w, 2000);
    uint64_t stored[12];
    for (uint32_t i = 0; i < 12; i++) {
        stored[i] = hf_world_trace_count(w, i, HF_TRACE_SHARE_STORED);
        leave(w, i, WEEK_S);
    }
    hf_world_run_for(w, 3000);
    for (uint32_t i = 0; i < 12; i++)
        cr_assert_eq(hf_world_trace_count(w, i, HF_TRACE_SHARE_STORED), stored[i]);
    testnet_end(w);
}

/* In the second leave nothing was forgotten yet. */
Test(leave, ends_with_its_registration)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16], gone;
    testnet_holders(w, 0, holders);
    gone = holders[0];
    hf_world_crash(w, 0);
    leave(w, gone, 60);
    has_left(w, gone);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    hf_world_set_register(w, gone);
    hf_world_set_issue(w);
    testnet_ready(w, gone);
    cr_assert(hf_world_engine(w, gone)->members->forgot);
    leave(w, gone, WEEK_S);
    cr_assert_not(hf_world_engine(w, gone)->members->forgot);
    has_left(w, gone);
    testnet_end(w);
}

Test(leave, is_not_said_again_for_the_next_registration)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0); /* one owner does not move */
    leave(w, holders[1], WEEK_S);
    hf_world_run_for(w, 20000);
    cr_assert_eq(hf_world_state(w, holders[1]), HF_STATE_LEAVING);
    hf_world_crash(w, holders[1]);
    hf_world_start(w, 0);
    testnet_ready(w, 0);
    hf_world_set_register(w, holders[1]);
    hf_world_set_issue(w);
    hf_world_start(w, holders[1]);
    testnet_ready(w, holders[1]);
    hf_world_run_for(w, 60000);
    testnet_ready(w, holders[1]);
    cr_assert_null(hf__view_leave(hf_world_engine(w, 0), hf_world_account(w, holders[1])));
    testnet_end(w);
}

/* A holder's share of node 0's newest generation cannot be read any more, or has no vote. */
static void weaken(struct hf_world *w, uint32_t holder, bool spoilt)
{
    struct hf_engine *e = hf_world_engine(w, holder);
    const struct hf_account *owner = hf_world_account(w, 0);
    struct hf_held_row held;
    uint8_t key[48];
    size_t at = 0;
    hf_world_corrupt(w, holder);
    hf__update_begin(e);
    cr_assert(hf__held_next(e, owner, &at, &held));
    cr_assert(hf__held_counts(e, owner, held.generation.id));
    if (spoilt) {
        hf__held_spoil(e, owner, held.generation.id);
    } else {
        held.restored = true;
        hf__held_key(owner, held.generation.id, key);
        hf__put(e, HF_ROW_HELD, hf_bytes_of(key, sizeof key), &hf_wire_held_row, &held);
    }
    cr_assert_not(hf__held_counts(e, owner, held.generation.id));
}

static void waits_where_one_is_weak(bool spoilt)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0);
    weaken(w, holders[1], spoilt);
    testnet_none_takes(w);
    leave(w, holders[0], 30);
    hf_world_run_for(w, 120000);
    cr_assert_eq(hf_world_state(w, holders[0]), HF_STATE_LEAVING);
    hf_world_start(w, 0);
    has_left(w, holders[0]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(leave, waits_for_an_owner_where_a_share_that_is_left_cannot_be_read_or_has_no_vote)
{
    waits_where_one_is_weak(true);
    waits_where_one_is_weak(false);
}

/* What a drain relies on is what a leave relies on: k + 1 others, who are all there are. */
Test(leave, counts_as_gone_for_who_would_drain_as_does_a_lost_share)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    leave(w, holders[1], WEEK_S);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), HF_EDRAIN);
    cr_assert_eq(hf_world_stay(w, holders[1], TESTNET_MS), 0);
    testnet_ready(w, HF_WORLD_ALL);
    hf_world_run_for(w, 60000);
    testnet_holders(w, 0, holders);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    cr_assert_eq(hf_world_drain(w, holders[0], false, TESTNET_MS), 0);
    weaken(w, holders[1], true);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), HF_EDRAIN);
    testnet_end(w);
}

/* Its own backup moves while it leaves, and the record is confirmed when it has left. */
Test(leave, is_over_before_its_own_new_record_is_confirmed)
{
    struct hf_world *w = testnet_up(12, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    uint64_t confirmed = hf_world_trace_count(w, 0, HF_TRACE_CONFIRMED);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                      .method = HF_METHOD_RECORD,
                                      .response = true,
                                      .from = HF_WORLD_ALL,
                                      .to = 0,
                                      .delay_us = 4500000});
    leave(w, holders[0], WEEK_S);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RECORDED, 1, TESTNET_MS));
    leave(w, 0, WEEK_S);
    has_left(w, 0);
    cr_assert_eq(hf_world_trace_count(w, 0, HF_TRACE_CONFIRMED), confirmed);
    hf_world_run_for(w, 30000);
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_LEFT);
    cr_assert_gt(hf_world_trace_count(w, 0, HF_TRACE_CONFIRMED), confirmed);
    testnet_end(w);
}
