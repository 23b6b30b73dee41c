/* Two instances of one validator: at most one of them speaks (proto/PROTOCOL.md, 9). */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>

/* Node 0 and a copy of its disk on another node of the same machine. */
static uint32_t clone_of_0(struct hf_world *w)
{
    uint32_t clone = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, 0);
    hf_world_disk_put(w, clone, disk);
    hf_disk_free(disk);
    hf_world_machine(w, clone, 0);
    return clone;
}

static bool speaks(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    return hf_world_status(w, node, &s) && s.claimed;
}

static uint64_t number_of(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    return hf_world_status(w, node, &s) ? s.claim : 0;
}

Test(clones, two_clones_racing_for_the_claim_do_not_both_win)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct hf_world_settings s = testnet_settings(3, 5);
        s.seed = seed;
        struct hf_world *w = testnet_from(&s, 7);
        cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
        hf_world_crash(w, 0);
        uint32_t clone = clone_of_0(w);
        hf_world_start(w, 0);
        hf_world_start(w, clone);
        hf_world_run_for(w, 60000);
        cr_assert(speaks(w, 0) + speaks(w, clone) <= 1, "seed %d", (int)seed);
        testnet_end(w);
    }
}

Test(clones, a_clone_started_beside_the_living_takes_over_and_fences_it)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version, clone = clone_of_0(w);
    hf_world_start(w, clone);
    cr_assert(hf_world_run_until_trace(w, clone, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    /* The first one meets signed refusals at its next standing, and locks itself. */
    testnet_reason(w, 0, HF_STATE_BLOCKED, HF_EFENCED);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), HF_EFENCED);
    cr_assert_eq(hf_world_key(w, clone, "tss-db", TESTNET_MS, key, &version), 0);
    cr_assert_arr_eq(key, testnet_key, sizeof key);
    testnet_end(w);
}

Test(clones, silence_never_fences)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    hf_world_isolate(w, 0);
    hf_world_run_for(w, 600000);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), 0);
    cr_assert_eq(hf_world_key(w, 0, "another", TESTNET_MS, key, &version), HF_ENOTREADY);
    hf_world_heal(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(clones, a_split_vote_is_decided_by_a_higher_claim)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16], clone;
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0);
    clone = clone_of_0(w);
    /* Two holders hear only the one, two only the other, the fifth no claim for a while. */
    for (size_t i = 0; i < 5; i++) {
        uint32_t deaf_to = i < 2 ? clone : 0;
        hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                          .method = HF_METHOD_CLAIM,
                                          .from = i == 4 ? HF_WORLD_ALL : (long)deaf_to,
                                          .to = (long)holders[i],
                                          .count = 2});
    }
    hf_world_start(w, 0);
    hf_world_start(w, clone);
    hf_world_run_for(w, 120000);
    cr_assert_eq(speaks(w, 0) + speaks(w, clone), 1);
    testnet_end(w);
}

/* Cut off from its holders, the first one deals anew among others: it
 * must not believe itself ready. */
Test(clones, an_instance_cut_off_from_its_holders_is_not_ready_by_dealing_anew)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t holders[16], version;
    uint8_t key[HF_APP_KEY_LEN];
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 9);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_holders(w, 0, holders);
    uint32_t clone = clone_of_0(w);
    for (size_t i = 0; i < 3; i++) {
        hf_world_cut(w, 0, (long)holders[i]);
        hf_world_cut(w, (long)holders[i], 0);
    }
    hf_world_start(w, clone);
    testnet_ready(w, clone);
    cr_assert_eq(hf_world_key(w, clone, "tss-db", TESTNET_MS, key, &version), 0);
    /* Silence is noticed with the next round of standing. */
    hf_world_run_for(w, 30000);
    for (int i = 0; i < 30; i++) {
        hf_world_run_for(w, 10000);
        cr_assert_neq(hf_world_state(w, 0), HF_STATE_READY);
    }
    cr_assert_neq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), 0);
    testnet_end(w);
}

/* All holders have left the set: none is left that could serve a copy, and the owner deals anew. */
Test(clones, an_owner_whose_holders_were_all_removed_deals_anew)
{
    struct hf_world *w = testnet_up(9, 2, 3);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    for (size_t i = 0; i < 3; i++)
        hf_world_set_remove(w, holders[i]);
    hf_world_set_issue(w);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    /* Removal changes no quorum of what they hold: the authority decides that they need not be
     * asked. */
    testnet_reason(w, 0, HF_STATE_PLACED, HF_EPREDECESSOR);
    cr_assert(hf_world_set_floor(w, 0));
    hf_world_set_issue(w);
    testnet_key_lives(w, 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/*
 * A copy opens the vault and waits. The first one claims, is cut off from one holder of the three,
 * and deals anew without it; then the two others leave the set. The copy asks the one that heard
 * nothing: with the word of one that is left no claim can be carried, since those that are gone
 * carried another's.
 */
Test(clones, what_is_left_of_superseded_holders_carries_no_claim)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t holders[16], version;
    uint8_t key[HF_APP_KEY_LEN];
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 12);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(testnet_holders(w, 0, holders), 3);
    uint32_t clone = clone_of_0(w);
    unsigned rule = hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                                      .method = HF_METHOD_CLAIM,
                                                      .from = (long)clone,
                                                      .to = HF_WORLD_ALL});
    hf_world_start(w, clone);
    cr_assert(hf_world_run_until_trace(w, clone, HF_TRACE_CLAIM_ASKED, 1, TESTNET_MS));
    hf_world_cut(w, 0, (long)holders[0]);
    hf_world_cut(w, (long)holders[0], 0);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    hf_world_set_remove(w, holders[1]);
    hf_world_set_remove(w, holders[2]);
    hf_world_set_issue(w);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    hf_world_rule_drop(w, rule);
    for (int i = 0; i < 60; i++) {
        hf_world_run_for(w, 10000);
        cr_assert(!speaks(w, clone));
    }
    cr_assert_neq(hf_world_key(w, clone, "another", TESTNET_MS, key, &version), 0);
    testnet_end(w);
}

static bool one_to_three_open(struct hf_world *w, void *ctx)
{
    (void)ctx;
    for (uint32_t i = 1; i < 4; i++) {
        struct hf_status s;
        if (!hf_world_status(w, i, &s) || !s.open || s.claimed)
            return false;
    }
    return true;
}

static unsigned lose_claims(struct hf_world *w, long from, long to)
{
    return hf_world_rule(
        w, (struct hf_rule){
               .action = HF_RULE_DROP, .method = HF_METHOD_CLAIM, .from = from, .to = to});
}

/*
 * Four nodes with n = 3 and k = 2, of which 1, 2 and 3, the holders of 0, have restarted and lose
 * their claims on the way: every word that they give is provisional. 0 is down, and has a copy.
 */
static struct hf_world *unclaimed_holders(uint64_t seed, uint32_t *ret_clone)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t holders[16];
    s.seed = seed;
    struct hf_world *w = testnet_from(&s, 4);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(testnet_holders(w, 0, holders), 3);
    for (uint32_t i = 1; i < 4; i++) {
        lose_claims(w, i, HF_WORLD_ALL);
        testnet_restart(w, i);
        hf_world_run_for(w, 5000);
    }
    cr_assert(hf_world_run_until(w, one_to_three_open, NULL, TESTNET_MS));
    hf_world_crash(w, 0);
    *ret_clone = clone_of_0(w);
    return w;
}

/* 1 accepts a claim, and its host puts the disk of before back in. */
static void forget(struct hf_world *w, uint32_t node, const struct hf_disk *before)
{
    hf_world_crash(w, node);
    hf_world_disk_put(w, node, before);
    hf_world_start(w, node);
    cr_assert(hf_world_run_until(w, one_to_three_open, NULL, TESTNET_MS));
}

Test(clones, two_copies_that_race_for_provisional_words_do_not_both_win)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint32_t clone;
        struct hf_world *w = unclaimed_holders(seed, &clone);
        hf_world_start(w, 0);
        hf_world_start(w, clone);
        hf_world_run_for(w, 60000);
        /* The higher one has superseded the other, which its locked holders do not tell yet. */
        cr_assert(!speaks(w, 0) || !speaks(w, clone) || number_of(w, 0) != number_of(w, clone),
                  "seed %d", (int)seed);
        hf_world_heal(w);
        hf_world_run_for(w, 60000);
        cr_assert_eq(speaks(w, 0) + speaks(w, clone), 1, "seed %d", (int)seed);
        testnet_end(w);
    }
}

/*
 * The hosts of 0 and 1 work together: 0 and its copy ask for the same claim, and 1 gives its word
 * to both, with its disk put back in between. One has the words of 1 and 2, the other of 1 and 3.
 */
Test(clones, a_holder_that_gives_its_word_twice_carries_neither_while_another_is_missing)
{
    uint32_t clone;
    struct hf_world *w = unclaimed_holders(1, &clone);
    struct hf_disk *before = hf_world_disk_copy(w, 1);
    lose_claims(w, 0, 3);
    lose_claims(w, clone, 2);
    unsigned later = lose_claims(w, clone, 1);
    hf_world_start(w, 0);
    hf_world_start(w, clone);
    cr_assert(hf_world_run_until_trace(w, 1, HF_TRACE_CLAIM_ACCEPTED, 1, TESTNET_MS));
    hf_world_run_for(w, 10000);
    forget(w, 1, before);
    hf_disk_free(before);
    lose_claims(w, 0, 1);
    hf_world_rule_drop(w, later);
    cr_assert(hf_world_run_until_trace(w, 1, HF_TRACE_CLAIM_ACCEPTED, 1, TESTNET_MS));
    for (int i = 0; i < 60; i++) {
        hf_world_run_for(w, 10000);
        cr_assert(!speaks(w, 0) && !speaks(w, clone));
    }
    hf_world_heal(w);
    hf_world_run_for(w, 60000);
    cr_assert_eq(speaks(w, 0) + speaks(w, clone), 1);
    testnet_end(w);
}

/* With all three votes 0 speaks. That one of the three forgets carries its copy under no number
 * that the others have promised to 0: it claims higher, and then 0 is the one that is
 * superseded. */
Test(clones, one_holder_that_forgets_its_vote_carries_no_second_instance_of_one_number)
{
    uint32_t clone;
    struct hf_world *w = unclaimed_holders(1, &clone);
    struct hf_disk *before = hf_world_disk_copy(w, 1);
    unsigned later = lose_claims(w, clone, HF_WORLD_ALL);
    hf_world_start(w, clone);
    cr_assert(hf_world_run_until_trace(w, clone, HF_TRACE_CLAIM_ASKED, 1, TESTNET_MS));
    hf_world_start(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    forget(w, 1, before);
    hf_disk_free(before);
    hf_world_rule_drop(w, later);
    cr_assert(hf_world_run_until_trace(w, clone, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert_gt(number_of(w, clone), number_of(w, 0));
    hf_world_heal(w);
    hf_world_run_for(w, 60000);
    cr_assert_eq(speaks(w, 0) + speaks(w, clone), 1);
    testnet_ready(w, speaks(w, 0) ? 0 : clone);
    testnet_reason(w, speaks(w, 0) ? clone : 0, HF_STATE_BLOCKED, HF_EFENCED);
    testnet_end(w);
}

static bool ready(struct hf_world *w, uint32_t node)
{
    return hf_world_state(w, node) == HF_STATE_READY;
}

/*
 * A copy opens the vault and waits, while the first one, cut off from one holder, deals anew with
 * the two others and a fresh one. Then both ask for the same claim: the copy asks the one that
 * heard nothing and one of the two, the other asks the rest. Who keeps the newer record tells the
 * copy, which asks the newer holders for a higher claim.
 */
Test(clones, a_holder_of_two_generations_does_not_carry_a_copy_by_the_older)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    uint32_t holders[16];
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 14);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(testnet_holders(w, 0, holders), 3);
    uint32_t clone = clone_of_0(w);
    unsigned of_clone = lose_claims(w, clone, HF_WORLD_ALL);
    hf_world_start(w, clone);
    cr_assert(hf_world_run_until_trace(w, clone, HF_TRACE_CLAIM_ASKED, 1, TESTNET_MS));
    hf_world_cut(w, 0, (long)holders[0]);
    hf_world_cut(w, (long)holders[0], 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    unsigned of_first = lose_claims(w, 0, HF_WORLD_ALL);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_ASKED, 1, TESTNET_MS));
    lose_claims(w, clone, holders[1]);
    hf_world_rule_drop(w, of_clone);
    hf_world_run_for(w, 30000);
    lose_claims(w, 0, holders[2]);
    hf_world_rule_drop(w, of_first);
    hf_world_run_for(w, 120000);
    cr_assert_eq(ready(w, 0) + ready(w, clone), 1);
    hf_world_heal(w);
    hf_world_run_for(w, 120000);
    cr_assert_eq(ready(w, 0) + ready(w, clone), 1);
    testnet_end(w);
}

/*
 * An instance asked two holders for a claim and died. The next one did not hear of that in time,
 * and won the very same number with the three others: under it those two would refuse it for ever.
 */
Test(clones, a_number_that_a_dead_instance_asked_for_is_left_behind)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    struct hf_status status;
    cr_assert_eq(testnet_holders(w, 0, holders), 5);
    unsigned lost[3];
    for (size_t i = 0; i < 3; i++)
        lost[i] = lose_claims(w, 0, holders[i]);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, HF_WORLD_ALL, HF_TRACE_CLAIM_ACCEPTED, 2, TESTNET_MS));
    hf_world_crash(w, 0);
    for (size_t i = 0; i < 3; i++)
        hf_world_rule_drop(w, lost[i]);
    for (size_t i = 3; i < 5; i++) {
        struct hf_rule rule = {.action = HF_RULE_DROP,
                               .method = HF_METHOD_RECOVER,
                               .response = true,
                               .from = holders[i],
                               .to = 0};
        hf_world_rule(w, rule);
        rule.action = HF_RULE_DELAY;
        rule.method = HF_METHOD_CLAIM;
        rule.delay_us = 2000000;
        hf_world_rule(w, rule);
    }
    hf_world_start(w, 0);
    /* Number 2 was spent durably before any holder was asked for it. */
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert(hf_world_status(w, 0, &status) && status.claim == 3);
    hf_world_heal(w);
    testnet_key_lives(w, 0);
    cr_assert(hf_world_status(w, 0, &status) && status.claim == 3);
    testnet_end(w);
}
