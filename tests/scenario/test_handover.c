/* A holder leaves while an owner is down: its share and its vote go to the owner's next candidate
 * (proto/REPAIR.md). */
#include "owner_down.h"

#include "base/error.h"
#include "base/hex.h"
#include "owner/owner.h"
#include "provider/provider.h"

#include <criterion/criterion.h>

enum { WEEK_S = 7 * 86400, K = 3, NODES = 10 };

static void leaves(struct hf_world *w, uint32_t node)
{
    cr_assert_eq(hf_world_leave(w, node, WEEK_S, TESTNET_MS), 0);
}

static void has_left(struct hf_world *w, uint32_t node)
{
    cr_assert(hf_world_run_until_state(w, node, HF_STATE_LEFT, WAIT_MS), "node %u has not left",
              node);
}

/* Who has taken a share of the owner, by the newest trace that says so. */
static uint32_t taker(struct hf_world *w)
{
    size_t count;
    const struct hf_world_trace *t = hf_world_traces(w, &count);
    while (count-- > 0)
        if (t[count].trace.type == HF_TRACE_SHARE_TAKEN)
            return t[count].node;
    cr_assert_fail("nobody has taken a share");
    return OWNER;
}

Test(handover, gives_the_share_of_one_that_leaves_to_the_next_candidate)
{
    uint32_t holders[16], gone, next;
    struct hf_world *w = owner_down(K, NODES, holders);
    gone = holders[1];
    leaves(w, gone);
    has_left(w, gone);
    next = taker(w);
    for (size_t i = 0; i < N; i++)
        cr_assert_neq(next, holders[i]);
    cr_assert_eq(hf_world_trace_count(w, gone, HF_TRACE_VOTE_CEASED), 1);
    cr_assert_eq(hf_world_trace_count(w, gone, HF_TRACE_HANDED_OVER), 1);
    hf_world_crash(w, gone);
    owner_returns(w);
    cr_assert_geq(hf_world_trace_count(w, OWNER, HF_TRACE_SHARE_MOVED), 1);
    testnet_end(w);
}

/* What moved, where to and why: of the owner's other holders, of both ends, and of the owner when
 * it is back, for as long as it runs; it knows then that its new dealing has made it worthless. */
Test(handover, is_told_of_by_the_holders_and_by_the_owner)
{
    uint32_t holders[16];
    struct hf_moved_status m;
    struct hf_world *w = owner_down(K, NODES, holders);
    for (size_t i = 0; i < N; i++)
        cr_assert_eq(says_moved(w, holders[i], &m), 0);
    leaves(w, holders[1]);
    has_left(w, holders[1]);
    const uint32_t who[] = {holders[0], holders[1], holders[2], taker(w)};
    for (size_t i = 0; i < HF_ARRAY_LEN(who); i++) {
        cr_assert_eq(says_moved(w, who[i], &m), 1);
        cr_assert(hf_account_equal(&m.from, hf_world_account(w, holders[1])));
        cr_assert(hf_account_equal(&m.to, hf_world_account(w, taker(w))));
        cr_assert(m.index == 2 && !m.restored && m.helpers_count == 0 && !m.retired);
    }
    hf_world_start(w, OWNER);
    testnet_ready(w, OWNER);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(says_moved(w, OWNER, &m), 1);
    cr_assert(m.index == 2 && m.generation == 1 && !m.restored && m.retired);
    testnet_end(w);
}

/* Who has taken a share counts for others that ask to drain, and asks the others itself. */
Test(handover, leaves_no_holder_in_the_way_of_a_drain)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    leaves(w, holders[1]);
    has_left(w, holders[1]);
    hf_world_crash(w, holders[1]);
    cr_assert_eq(hf_world_drain(w, holders[0], true, TESTNET_MS), 0);
    cr_assert_eq(hf_world_drain(w, taker(w), true, TESTNET_MS), HF_EDRAIN);
    cr_assert_eq(hf_world_drain(w, holders[0], false, TESTNET_MS), 0);
    cr_assert_eq(hf_world_drain(w, taker(w), true, TESTNET_MS), 0);
    cr_assert_eq(hf_world_drain(w, holders[2], true, TESTNET_MS), HF_EDRAIN);
    testnet_end(w);
}

/* The first n - k holders leave one after the other, and are gone. */
static void n_minus_k_leave(struct hf_world *w, const uint32_t *holders)
{
    for (size_t i = 0; i < N - K; i++) {
        leaves(w, holders[i]);
        has_left(w, holders[i]);
        hf_world_crash(w, holders[i]);
    }
}

/* n - k at most. */
Test(handover, lets_so_many_go_that_only_k_stay_where_the_owner_chose_them)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    n_minus_k_leave(w, holders);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_TAKEN), N - K);
    leaves(w, holders[N - 1]);
    hf_world_run_for(w, WAIT_MS);
    cr_assert_eq(hf_world_state(w, holders[N - 1]), HF_STATE_LEAVING);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_TAKEN), N - K);
    owner_returns(w);
    has_left(w, holders[N - 1]);
    testnet_end(w);
}

Test(handover, does_not_begin_while_the_owner_answers)
{
    struct hf_world_settings s = testnet_settings(K, N);
    uint32_t holders[16];
    s.policy.holder_grace_s = 30;
    struct hf_world *w = testnet_up_from(&s, NODES);
    testnet_holders(w, OWNER, holders);
    leaves(w, holders[0]);
    has_left(w, holders[0]);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_VOTE_CEASED), 0);
    testnet_end(w);
}

/* Silence is found by each holder for itself: the leaver's own finding is not enough. */
Test(handover, does_not_begin_without_the_word_of_the_others)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    unsigned rule = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                      .method = HF_METHOD_REMAINS,
                                                      .from = holders[0],
                                                      .to = HF_WORLD_ALL});
    leaves(w, holders[0]);
    hf_world_run_for(w, 60000);
    cr_assert_gt(hf_world_rule_hits(w, rule), 0);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_VOTE_CEASED), 0);
    hf_world_heal(w);
    has_left(w, holders[0]);
    cr_assert_eq(hf_world_trace_count(w, holders[0], HF_TRACE_HANDED_OVER), 1);
    owner_returns(w);
    testnet_end(w);
}

/* The leaver dies at each of its writes; started again it goes on with the very same transfer. */
Test(handover, goes_on_after_a_crash_of_the_leaver)
{
    for (unsigned nth = 1; nth <= 4; nth++)
        for (int after = 0; after < 2; after++) {
            uint32_t holders[16];
            struct hf_world *w = owner_down(K, NODES, holders);
            leaves(w, holders[0]);
            hf_world_crash_at_write(w, holders[0], nth, after == 1);
            hf_world_run_for(w, 30000);
            hf_world_crash_at_write(w, holders[0], UINT32_MAX, false);
            hf_world_start(w, holders[0]);
            has_left(w, holders[0]);
            cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_TAKEN), 1);
            hf_world_crash(w, holders[0]);
            owner_returns(w);
            testnet_end(w);
        }
}

/* So do the candidate, and another holder. */
Test(handover, goes_on_after_a_crash_of_who_takes_over_or_keeps_the_transfer)
{
    for (unsigned nth = 1; nth <= 2; nth++)
        for (int which = 0; which < 2; which++) {
            uint32_t holders[16], other;
            struct hf_world *w = owner_down(K, NODES, holders);
            if (which == 0) {
                leaves(w, holders[0]);
                has_left(w, holders[0]);
                other = taker(w);
                hf_world_free(w);
                w = owner_down(K, NODES, holders);
            } else {
                other = holders[2];
            }
            leaves(w, holders[0]);
            hf_world_crash_at_write(w, other, nth, nth == 2);
            hf_world_run_for(w, 20000);
            hf_world_crash_at_write(w, other, UINT32_MAX, false);
            hf_world_start(w, other);
            has_left(w, holders[0]);
            owner_returns(w);
            testnet_end(w);
        }
}

/* At the first, second, ... message of a handover the owner is back. */
Test(handover, ends_well_when_the_owner_comes_back_in_the_middle)
{
    static const uint8_t methods[] = {HF_METHOD_TAKE, HF_METHOD_TRANSFER, HF_METHOD_HANDOVER};
    for (size_t m = 0; m < HF_ARRAY_LEN(methods); m++)
        for (int response = 0; response < 2; response++) {
            uint32_t holders[16];
            struct hf_world *w = owner_down(K, NODES, holders);
            unsigned late = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DELAY,
                                                              .method = methods[m],
                                                              .response = response == 1,
                                                              .from = HF_WORLD_ALL,
                                                              .to = HF_WORLD_ALL,
                                                              .delay_us = 8000000});
            leaves(w, holders[0]);
            for (unsigned i = 0; i < 600 && hf_world_rule_hits(w, late) == 0; i++)
                hf_world_run_for(w, 100);
            cr_assert_gt(hf_world_rule_hits(w, late), 0);
            owner_returns(w);
            hf_world_heal(w);
            has_left(w, holders[0]);
            testnet_key_lives(w, OWNER);
            testnet_end(w);
        }
}

/* Shares and votes count where they are now: without the successors too few are left. The new
 * dealing has a holder that was never told of them, and takes the certificate with their words. */
Test(handover, carries_an_owner_that_only_the_successors_can_help)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    n_minus_k_leave(w, holders);
    hf_world_crash(w, holders[N - 1]);
    hf_world_start(w, OWNER);
    testnet_key_lives(w, OWNER);
    cr_assert_gt(testnet_generation(w, OWNER), 1);
    cr_assert(hf_world_trace_count(w, OWNER, HF_TRACE_CERTIFIED) > 0);
    hf_world_run_for(w, WAIT_MS);
    cr_assert(!testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_ECERTIFICATE));
    cr_assert(!testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_EPROOF));
    testnet_restart(w, OWNER);
    testnet_key_lives(w, OWNER);
    testnet_end(w);
}

/* An owner that has left deals nothing anew: with n = k + 1 there are never enough other shares for
 * a holder to forget its own. n - k are handed over; then a person decides, and need not wait. */
Test(handover, of_an_owner_that_has_left_lets_its_holders_leave_too)
{
    uint32_t holders[16];
    struct hf_status s;
    char owner[65];
    struct hf_world *w = testnet_up(10, 2, 3);
    cr_assert_eq(testnet_holders(w, OWNER, holders), 3);
    hf_hex_encode(hf_world_account(w, OWNER)->bytes, 32, owner);
    leaves(w, OWNER);
    has_left(w, OWNER);
    hf_world_crash(w, OWNER);
    leaves(w, holders[0]);
    has_left(w, holders[0]);
    cr_assert_eq(hf_world_trace_count(w, holders[0], HF_TRACE_HANDED_OVER), 1);
    leaves(w, holders[1]);
    hf_world_run_for(w, WAIT_MS);
    cr_assert(hf_world_status(w, holders[1], &s));
    cr_assert_eq(s.waiting_owners, 1);
    cr_assert_arr_eq(s.waiting[0].bytes, hf_world_account(w, OWNER)->bytes, 32);
    cr_assert_eq(hf_world_abandon(w, holders[1], owner, TESTNET_MS), 0);
    has_left(w, holders[1]);
    testnet_end(w);
}

/* Where the set is larger than what a node probes in turn, neither the leaver nor those that it
 * asks probe the owner but for the share. */
Test(handover, begins_in_a_large_set_for_an_owner_that_nobody_probed)
{
    uint32_t holders[16];
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.holder_grace_s = 30;
    s.crypto = HF_WORLD_MODEL;
    struct hf_world *w = testnet_up_from(&s, 160);
    cr_assert_eq(testnet_holders(w, OWNER, holders), 3);
    hf_world_power_off(w, OWNER);
    leaves(w, holders[0]);
    has_left(w, holders[0]);
    cr_assert_eq(hf_world_trace_count(w, holders[0], HF_TRACE_HANDED_OVER), 1);
    testnet_end(w);
}

/* What cannot be handed over, as there is no candidate, goes after the deadline like any other. */
Test(handover, that_cannot_be_leaves_a_share_to_be_forgotten_after_the_deadline)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    testnet_none_takes(w);
    cr_assert_eq(hf_world_leave(w, holders[0], 60, TESTNET_MS), 0);
    has_left(w, holders[0]);
    cr_assert_eq(hf_world_trace_count(w, holders[0], HF_TRACE_HANDED_OVER), 0);
    testnet_end(w);
}

/* The authority has one that leaves stay, when it has given its vote away and the other has not got
 * it: the owner comes back as long as enough of both are there. */
Test(handover, is_carried_through_by_one_that_stays_after_all)
{
    struct hf_world_settings s = testnet_settings(K, N);
    uint32_t holders[16];
    s.policy.holder_grace_s = 30;
    s.policy.q = 4;
    struct hf_world *w = testnet_up_from(&s, NODES);
    testnet_holders(w, OWNER, holders);
    hf_world_crash(w, OWNER);
    hf_world_run_for(w, 90000);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_HANDOVER,
                                      .from = holders[0],
                                      .to = HF_WORLD_ALL});
    leaves(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, holders[0], HF_TRACE_VOTE_CEASED, 1, WAIT_MS));
    hf_world_set_register(w, holders[0]);
    hf_world_set_issue(w);
    hf_world_run_for(w, 60000);
    cr_assert_neq(hf_world_state(w, holders[0]), HF_STATE_LEAVING);
    testnet_restart(w, holders[0]);
    hf_world_heal(w);
    hf_world_run_for(w, 60000);
    hf_world_crash(w, holders[1]);
    owner_returns(w);
    testnet_end(w);
}

/* What may have to wait for weeks is asked about no more often than an owner asks its holders. */
Test(handover, that_cannot_be_is_asked_about_ever_more_seldom)
{
    uint32_t holders[16];
    struct hf_world *w = owner_down(K, NODES, holders);
    n_minus_k_leave(w, holders);
    hf_world_crash(w, holders[2]);
    unsigned asked = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_COUNT,
                                                       .method = HF_METHOD_REMAINS,
                                                       .from = holders[N - 1],
                                                       .to = holders[3]});
    cr_assert_eq(hf_world_leave(w, holders[N - 1], 0, TESTNET_MS), 0);
    hf_world_run_for(w, 900000);
    cr_assert_eq(hf_world_state(w, holders[N - 1]), HF_STATE_LEAVING);
    cr_assert_gt(hf_world_rule_hits(w, asked), 900 / 20);
    cr_assert_lt(hf_world_rule_hits(w, asked), 900 / 10);
    hf_world_start(w, holders[2]);
    has_left(w, holders[N - 1]);
    owner_returns(w);
    testnet_end(w);
}

/* ---- to one that is almost full */

/* A holder of node 0 other than this one. */
static uint32_t other_holder(struct hf_world *w, uint32_t than)
{
    uint32_t holders[16];
    testnet_holders(w, OWNER, holders);
    return holders[0] != than ? holders[0] : holders[1];
}

static void lose(struct hf_world *w, uint8_t method, uint32_t to)
{
    hf_world_rule(
        w, (struct hf_rule){.action = HF_RULE_DROP, .method = method, .from = OWNER, .to = to});
}

/* Its owner deals anew because of one that is gone for a while. */
static void deals_anew(struct hf_world *w, uint32_t without)
{
    hf_world_power_off(w, without);
    cr_assert(hf_world_run_until_trace(w, OWNER, HF_TRACE_RECORDED, 1, WAIT_MS));
    hf_world_run_for(w, 5000);
    hf_world_start(w, without);
}

/* How many dealings of its owner one keeps. */
static size_t keeps(struct hf_world *w, uint32_t node)
{
    struct hf_held_row held;
    size_t count = 0;
    hf__update_begin(hf_world_engine(w, node));
    while (hf__held_next(hf_world_engine(w, node), hf_world_account(w, OWNER), &count, &held))
        ;
    return count;
}

/* Orders to delete do not reach it: it keeps three recorded dealings, and one whose record has not
 * come yet. A share of a fifth, which it would take over, is one too many. */
Test(handover, goes_to_none_who_has_no_room_once_all_is_recorded)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_up_from(&s, 9);
    uint32_t full = other_holder(w, OWNER), leaver;
    lose(w, HF_METHOD_DELETE, full);
    for (int i = 0; i < 2; i++) {
        deals_anew(w, other_holder(w, full));
        hf_world_run_for(w, 60000);
        testnet_ready(w, OWNER);
    }
    cr_assert_eq(keeps(w, full), 3);
    hf_world_cut(w, OWNER, full);
    cr_assert(hf_world_run_until_trace(w, OWNER, HF_TRACE_CONFIRMED, 1, WAIT_MS));
    testnet_ready(w, OWNER);
    hf_world_mend(w, OWNER, full);
    lose(w, HF_METHOD_RECORD, full);
    leaver = other_holder(w, full);
    deals_anew(w, leaver);
    cr_assert_eq(keeps(w, full), 4);
    hf_world_power_off(w, OWNER);
    hf_world_run_for(w, 120000);
    leaves(w, leaver);
    cr_assert(hf_world_run_until_trace(w, leaver, HF_TRACE_HANDED_OVER, 1, WAIT_MS));
    cr_assert_eq(keeps(w, full), 4);
    hf_world_heal(w);
    lose(w, HF_METHOD_DELETE, full);
    hf_world_start(w, OWNER);
    testnet_ready(w, OWNER);
    deals_anew(w, other_holder(w, full));
    hf_world_heal(w);
    testnet_restart(w, OWNER);
    testnet_key_lives(w, OWNER);
    testnet_end(w);
}
