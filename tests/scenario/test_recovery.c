/* A node comes back: by itself, from k of its providers, whatever is lost on the way. */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

Test(recovery, two_of_five_providers_may_be_gone)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_crash(w, holders[0]);
    hf_world_crash(w, holders[1]);
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, key, &version), 0);
    cr_assert_arr_eq(key, testnet_key, sizeof key);
    testnet_end(w);
}

Test(recovery, below_k_it_waits_says_for_whom_and_goes_on_by_itself)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    struct hf_status s;
    testnet_holders(w, 0, holders);
    for (size_t i = 0; i < 3; i++)
        hf_world_pause(w, holders[i]);
    testnet_restart(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EFEWPROVIDERS);
    cr_assert(hf_world_status(w, 0, &s));
    size_t silent = 0, fine = 0;
    for (size_t i = 0; i < s.providers_count; i++) {
        silent += s.providers[i].error == HF_ETIMEOUT && s.providers[i].since_ms > 0;
        fine += s.providers[i].answered;
    }
    cr_assert_geq(silent, 3);
    cr_assert_eq(fine, 2);
    cr_assert_gt(s.retry_ms, 0);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_RECOVERING);
    hf_world_resume(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    hf_world_resume(w, holders[1]);
    hf_world_resume(w, holders[2]);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Backups outlive their holders' processes. */
Test(recovery, a_rolling_restart_loses_nothing)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    for (uint32_t i = 0; i < 7; i++) {
        testnet_restart(w, i);
        testnet_ready(w, i);
    }
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(recovery, a_rolling_restart_that_does_not_wait_for_ready_loses_nothing)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    for (uint32_t i = 0; i < 9; i++) {
        testnet_restart(w, i);
        cr_assert(hf_world_run_until_trace(w, i, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    }
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* A lost answer whose nonce is spent costs another round, never the identity. */
Test(recovery, an_answer_lost_after_the_nonce_is_spent_costs_one_round)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                      .method = HF_METHOD_RECOVER,
                                      .response = true,
                                      .from = HF_WORLD_ALL,
                                      .to = 0,
                                      .count = 5});
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* The way of a request or an answer, for every method that matters after a restart. */
struct way {
    enum hf_rule_action action;
    uint8_t method;
    bool response;
};

enum { WAYS_MAX = 64 };

/* Every action on the requests and on the answers of these methods. */
static struct criterion_test_params all_ways(struct way ways[static WAYS_MAX],
                                             const uint8_t *methods, size_t methods_count)
{
    static const enum hf_rule_action actions[] = {HF_RULE_DROP, HF_RULE_RESET, HF_RULE_DUPLICATE,
                                                  HF_RULE_DELAY, HF_RULE_CORRUPT};
    size_t count = 0;
    hf_assert(methods_count * HF_ARRAY_LEN(actions) * 2 <= WAYS_MAX);
    for (size_t m = 0; m < methods_count; m++)
        for (size_t a = 0; a < HF_ARRAY_LEN(actions); a++)
            for (int response = 0; response < 2; response++)
                ways[count++] = (struct way){actions[a], methods[m], response == 1};
    return cr_make_param_array(struct way, ways, count);
}

ParameterizedTestParameters(recovery, any_message_lost_or_repeated)
{
    static struct way ways[WAYS_MAX];
    static const uint8_t methods[] = {HF_METHOD_NONCE, HF_METHOD_RECOVER, HF_METHOD_CLAIM,
                                      HF_METHOD_STANDING, HF_METHOD_DOCUMENTS};
    return all_ways(ways, methods, HF_ARRAY_LEN(methods));
}

ParameterizedTest(struct way *way, recovery, any_message_lost_or_repeated)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    /* Three of five, so that the round cannot do without the ones that are met. */
    hf_world_rule(w, (struct hf_rule){.action = way->action,
                                      .method = way->method,
                                      .response = way->response,
                                      .from = way->response ? HF_WORLD_ALL : 0,
                                      .to = way->response ? 0 : HF_WORLD_ALL,
                                      .count = 3,
                                      .delay_us = 30000});
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

ParameterizedTestParameters(placing, any_message_lost_or_repeated)
{
    static struct way ways[WAYS_MAX];
    static const uint8_t methods[] = {HF_METHOD_OFFER, HF_METHOD_DEPOSIT, HF_METHOD_RECORD,
                                      HF_METHOD_STANDING, HF_METHOD_DOCUMENTS};
    return all_ways(ways, methods, HF_ARRAY_LEN(methods));
}

ParameterizedTest(struct way *way, placing, any_message_lost_or_repeated)
{
    struct hf_world *w = testnet_new(7, 3, 5);
    uint32_t version;
    hf_world_rule(w, (struct hf_rule){.action = way->action,
                                      .method = way->method,
                                      .response = way->response,
                                      .from = way->response ? HF_WORLD_ALL : 0,
                                      .to = way->response ? 0 : HF_WORLD_ALL,
                                      .count = 3,
                                      .delay_us = 30000});
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(recovery, a_lossy_slow_disordered_network_only_takes_longer)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    struct hf_world_network *net = hf_world_network(w);
    net->loss = 0.2;
    net->duplicate = 0.2;
    net->reorder = 0.2;
    for (uint32_t i = 0; i < 9; i++) {
        testnet_restart(w, i);
        cr_assert(hf_world_run_until_trace(w, i, HF_TRACE_CLAIM_WON, 1, 600000));
    }
    net->loss = net->duplicate = net->reorder = 0;
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(recovery, newer_documents_are_pulled_before_anything_is_released)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_quiet(w, true);
    hf_world_set_issue(w);
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_give_newest(w, 1);
    hf_world_run_for(w, 200000);
    hf_world_start(w, 0);
    testnet_key_lives(w, 0);
    struct hf_status s;
    cr_assert(hf_world_status(w, 0, &s));
    cr_assert_eq(s.policy, hf_document_version(hf_world_document(w, HF_DOCUMENT_POLICY)));
    cr_assert_eq(s.epoch, hf_document_version(hf_world_document(w, HF_DOCUMENT_SET)));
    testnet_end(w);
}

Test(recovery, a_full_disk_is_a_state_and_passes)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    struct hf_status s;
    testnet_holders(w, 0, holders);
    for (size_t i = 0; i < 5; i++)
        hf_world_disk_fail(w, holders[i], HF_ENOSPACE);
    testnet_restart(w, 0);
    /* Shares are given from full disks; a claim must be durable first, and waits. */
    hf_world_run_for(w, 10000);
    cr_assert(hf_world_status(w, 0, &s));
    cr_assert_eq(s.state, HF_STATE_CLAIMING);
    for (size_t i = 0; i < 5; i++)
        hf_world_disk_fail(w, holders[i], 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
