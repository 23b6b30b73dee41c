/* A network comes up, and its first shares are placed. */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>

Test(placing, two_first_validators_back_each_other_up)
{
    struct hf_world *w = testnet_up(2, 1, 1);
    uint32_t holders[16];
    cr_assert_eq(testnet_holders(w, 0, holders), 1);
    cr_assert_eq(holders[0], 1);
    cr_assert_eq(testnet_holders(w, 1, holders), 1);
    cr_assert_eq(holders[0], 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_restart(w, 1);
    testnet_ready(w, 1);
    testnet_end(w);
}

Test(placing, all_validators_of_a_new_network_start_at_once)
{
    struct hf_world *w = testnet_new(40, 3, 5);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    testnet_end(w);
}

Test(placing, works_up_to_sixteen_shares)
{
    struct hf_world *w = testnet_up(17, 16, 16);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(placing, the_real_cryptography_does_the_same)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint32_t version;
    s.crypto = HF_WORLD_REAL;
    struct hf_world *w = testnet_from(&s, 7);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* A provider keeps its shares on disk before it signs a receipt: a restart loses none. */
Test(placing, providers_that_restart_before_they_are_placed_cost_nobody_a_key)
{
    struct hf_world *w = testnet_new(7, 3, 5);
    hf_world_start_all(w);
    for (uint32_t round = 0; round < 6; round++) {
        hf_world_run_for(w, 20);
        for (uint32_t i = round % 2; i < 7; i += 2)
            testnet_restart(w, i);
    }
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

Test(placing, a_key_is_not_released_for_the_first_time_before_ready)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    struct hf_world *w = testnet_new(7, 3, 5);
    hf_world_start_all(w);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_RECORDED, 1, TESTNET_MS));
    cr_assert_eq(hf_world_key(w, 0, "tss-db", 1, key, &version), HF_ENOTREADY);
    testnet_ready(w, 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), 0);
    testnet_end(w);
}

Test(placing, a_name_outside_its_alphabet_is_refused)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    struct hf_world *w = testnet_up(2, 1, 1);
    cr_assert_eq(hf_world_key(w, 0, "TSS", TESTNET_MS, key, &version), HF_EINVAL);
    cr_assert_eq(hf_world_key(w, 0, "", TESTNET_MS, key, &version), HF_EINVAL);
    cr_assert_eq(hf_world_key(w, 0, "a b", TESTNET_MS, key, &version), HF_EINVAL);
    testnet_end(w);
}

Test(placing, two_names_give_two_keys_and_each_node_its_own)
{
    uint8_t a[HF_APP_KEY_LEN], b[HF_APP_KEY_LEN], c[HF_APP_KEY_LEN];
    uint32_t version;
    struct hf_world *w = testnet_up(2, 1, 1);
    cr_assert_eq(hf_world_key(w, 0, "a", TESTNET_MS, a, &version), 0);
    cr_assert_eq(hf_world_key(w, 0, "b", TESTNET_MS, b, &version), 0);
    cr_assert_eq(hf_world_key(w, 1, "a", TESTNET_MS, c, &version), 0);
    cr_assert_arr_neq(a, b, sizeof a);
    cr_assert_arr_neq(a, c, sizeof a);
    testnet_end(w);
}

/* An owner has candidates to fall back on, and never picks itself. */
Test(placing, a_candidate_that_is_down_is_passed_over_and_named)
{
    struct hf_world *w = testnet_new(9, 3, 5);
    hf_world_start_all(w);
    /* Eight accounts are registered; two of them die before any node places. */
    hf_world_run_for(w, 90);
    hf_world_pause(w, 7);
    hf_world_pause(w, 8);
    for (uint32_t i = 0; i < 7; i++)
        testnet_ready(w, i);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_CANDIDATE_FAILED, HF_ETIMEOUT));
    hf_world_resume(w, 7);
    hf_world_resume(w, 8);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

Test(placing, no_two_holders_are_of_one_operator)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.operators = 8;
    struct hf_world *w = testnet_from(&s, 24);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t holders[16];
        size_t count = testnet_holders(w, i, holders);
        cr_assert_eq(count, 5);
        for (size_t a = 0; a < count; a++)
            for (size_t b = 0; b < a; b++)
                cr_assert_neq(holders[a] % 8, holders[b] % 8);
    }
    testnet_end(w);
}

/* Only a node that was never placed may begin anew: no application can depend on its keys yet. */
Test(placing, a_node_that_dies_unplaced_comes_back_new_and_is_added_anew)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    struct hf_account account;
    uint32_t node = hf_world_add(w);
    hf_world_start(w, node);
    hf_world_run_for(w, 20);
    account = *hf_world_account(w, node);
    testnet_restart(w, node);
    testnet_ready(w, node);
    cr_assert_arr_neq(account.bytes, hf_world_account(w, node)->bytes, 32);
    testnet_restart(w, node);
    testnet_ready(w, node);
    testnet_end(w);
}
