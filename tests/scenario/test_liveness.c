/* Whatever hangs and then heals: no node waits for ever. */
#include "testnet.h"

#include "base/error.h"
#include "members/members.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

struct hang {
    uint8_t method;
    bool response;
};

static struct criterion_test_params every_call(void)
{
    static struct hang all[20];
    size_t count = 0;
    for (uint8_t m = HF_METHOD_DOCUMENTS; m <= HF_METHOD_DRILL; m++)
        for (int response = 0; response < 2; response++)
            all[count++] = (struct hang){m, response == 1};
    return cr_make_param_array(struct hang, all, count);
}

static unsigned hang(struct hf_world *w, const struct hang *h)
{
    return hf_world_rule(w, (struct hf_rule){.action = HF_RULE_DROP,
                                             .method = h->method,
                                             .response = h->response,
                                             .from = HF_WORLD_ALL,
                                             .to = HF_WORLD_ALL});
}

ParameterizedTestParameters(liveness, a_network_comes_up_after_any_call_hung)
{
    return every_call();
}

ParameterizedTest(struct hang *h, liveness, a_network_comes_up_after_any_call_hung)
{
    struct hf_world *w = testnet_new(7, 3, 5);
    unsigned rule = hang(w, h);
    hf_world_start_all(w);
    hf_world_run_for(w, 40000);
    hf_world_rule_drop(w, rule);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

/* A restart, a holder lost for good and a drill, all while the call hangs. */
ParameterizedTestParameters(liveness, everybody_is_ready_again_after_any_call_hung)
{
    return every_call();
}

ParameterizedTest(struct hang *h, liveness, everybody_is_ready_again_after_any_call_hung)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    uint32_t version, holders[16];
    settings.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&settings, 9);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    testnet_holders(w, 0, holders);
    uint32_t other = holders[1];
    unsigned rule = hang(w, h);
    hf_world_local(w, 0, HF_LOCAL_DRILL, "");
    hf_world_crash(w, holders[0]);
    testnet_restart(w, other);
    hf_world_run_for(w, 40000);
    hf_world_set_issue(w);
    hf_world_run_for(w, 20000);
    hf_world_rule_drop(w, rule);
    testnet_ready(w, HF_WORLD_ALL);
    hf_world_start(w, holders[0]);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Processes that stand still and go on, one after the other and all at once. */
Test(liveness, nodes_that_stood_still_go_on)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    for (uint32_t i = 0; i < 7; i++) {
        hf_world_pause(w, i);
        hf_world_run_for(w, 20000);
        hf_world_resume(w, i);
    }
    testnet_ready(w, HF_WORLD_ALL);
    for (uint32_t i = 0; i < 7; i++)
        hf_world_pause(w, i);
    hf_world_run_for(w, 100000);
    for (uint32_t i = 0; i < 7; i++)
        hf_world_resume(w, i);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(liveness, a_network_that_fell_apart_comes_together)
{
    static const uint8_t halves[9] = {0, 1, 0, 1, 0, 1, 0, 1, 0};
    struct hf_world *w = testnet_up(9, 3, 5);
    hf_world_partition(w, halves);
    for (uint32_t i = 0; i < 9; i += 3)
        testnet_restart(w, i);
    hf_world_run_for(w, 60000);
    hf_world_partition(w, NULL);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(liveness, a_disk_that_stalls_delays_and_costs_nothing)
{
    struct hf_world *w = testnet_new(7, 3, 5);
    hf_world_start_all(w);
    for (uint32_t i = 0; i < 7; i++) {
        hf_world_run_for(w, 30);
        hf_world_disk_stall(w, i, 15000);
    }
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

/* The shares agreed; the disk does not give the vault just now. */
Test(liveness, a_vault_that_cannot_be_read_for_a_while_is_opened_when_it_can)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_vault_damage(w, 0, HF_EIO);
    hf_world_start(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EIO);
    uint64_t rounds = hf_world_trace_count(w, 0, HF_TRACE_ROUND);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_RECOVERING);
    /* No holder is asked for a share again: the secret is there. */
    cr_assert_eq(hf_world_trace_count(w, 0, HF_TRACE_ROUND), rounds);
    hf_world_vault_damage(w, 0, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* An application whose name is bound gets its key from a disk that takes nothing any more; a new
 * name waits, and is given only when it is durable. */
Test(liveness, a_name_that_is_bound_waits_for_no_other)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint8_t key[HF_APP_KEY_LEN], again[HF_APP_KEY_LEN];
    uint32_t version;
    for (int i = 0; i < 40; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        cr_assert_eq(hf_world_key(w, 0, name, TESTNET_MS, key, &version), 0);
    }
    hf_world_disk_stall(w, 0, 60000);
    cr_assert_neq(hf_world_key(w, 0, "new", 5000, again, &version), 0);
    cr_assert_eq(hf_world_key(w, 0, "n39", 1000, again, &version), 0);
    cr_assert_eq(memcmp(key, again, sizeof key), 0);
    cr_assert_eq(hf_world_key(w, 0, "n0", 1000, again, &version), 0);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_key(w, 0, "new", 5000, again, &version), 0);
    testnet_end(w);
}

/* Each announcement of a restart is good for an hour, and another may follow. */
Test(liveness, a_holder_that_announces_restarts_without_end_is_waited_for_as_long_as_one_takes)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_up_from(&s, 9);
    uint32_t before[16];
    testnet_holders(w, 0, before);
    cr_assert_eq(hf_world_drain(w, before[2], true, TESTNET_MS), 0);
    hf_world_run_for(w, 5000);
    struct hf__told *told = hf__told_find(hf_world_engine(w, 0), hf_world_account(w, before[2]),
                                          HF__NEWS_DRAINING, NULL);
    cr_assert_not_null(told);
    told->until_s += 20000;
    hf_world_power_off(w, before[2]);
    hf_world_run_for(w, HF_DRAIN_S_MAX * UINT64_C(1000) - 60000);
    cr_assert(testnet_holds(w, 0, before[2]));
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    cr_assert_not(testnet_holds(w, 0, before[2]));
    testnet_end(w);
}
