/* Quotes that cannot be made, cannot be judged, or must not be believed. */
#include "testnet.h"

#include "base/error.h"
#include "attest/verdict.h"

#include <criterion/criterion.h>

static struct hf_status status(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    return s;
}

Test(attestation, a_node_whose_quotes_fail_for_a_while_recovers_when_they_work)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_crash(w, 0);
    hf_world_quote_fail(w, 0, HF_EQUOTE_INTERFERED);
    hf_world_start(w, 0);
    hf_world_run_for(w, 60000);
    cr_assert_eq(status(w, 0).state, HF_STATE_RECOVERING);
    cr_assert_eq(status(w, 0).reason, HF_EQUOTE_INTERFERED);
    cr_assert(testnet_traced(w, 0, HF_TRACE_QUOTE_FAILED, HF_EQUOTE_INTERFERED));
    hf_world_quote_fail(w, 0, 0);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(attestation, a_network_whose_quotes_fail_at_first_comes_up_when_they_work)
{
    struct hf_world *w = testnet_new(7, 3, 5);
    for (uint32_t i = 0; i < 7; i += 2)
        hf_world_quote_fail(w, i, HF_EIO);
    hf_world_start_all(w);
    hf_world_run_for(w, 30000);
    for (uint32_t i = 0; i < 7; i += 2) {
        cr_assert_neq(hf_world_state(w, i), HF_STATE_READY);
        hf_world_quote_fail(w, i, 0);
    }
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

Test(attestation, collateral_that_is_missing_for_a_moment_only_delays)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    uint32_t version;
    settings.attestation.judge_fails = 0.3;
    struct hf_world *w = testnet_from(&settings, 7);
    cr_assert_eq(hf_world_bring_up(w, 600000), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    for (int i = 0; i < 5; i++) {
        testnet_restart(w, 0);
        testnet_key_lives(w, 0);
    }
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_ECOLLMISSING));
    testnet_end(w);
}

Test(attestation, a_revoked_platform_gets_no_share)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_tcb(w, 0, HF_TCB_REVOKED);
    testnet_restart(w, 0);
    testnet_reason(w, 0, HF_STATE_RECOVERING, HF_EPCKREVOKED);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED), 0);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_EPCKREVOKED));
    hf_world_tcb(w, 0, HF_TCB_UP_TO_DATE);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(attestation, collateral_that_has_expired_supports_nothing_until_there_is_newer)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    uint32_t version;
    settings.wall_s += 86400 - settings.wall_s % 86400 - 60; /* a minute before midnight */
    settings.attestation.collateral_valid_s = 86400;
    struct hf_world *w = testnet_from(&settings, 7);
    cr_assert_eq(hf_world_bring_up(w, 50000), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    hf_world_collateral_stop(w, true);
    hf_world_run_for(w, 70000);
    testnet_restart(w, 0);
    hf_world_run_for(w, 30000);
    cr_assert_eq(status(w, 0).state, HF_STATE_RECOVERING);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_ECOLLEXPIRED));
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED), 0);
    hf_world_collateral_stop(w, false);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

static void accept_out_of_date(struct hf_policy *policy, void *ctx)
{
    (void)ctx;
    policy->tcb_accepted |= 1u << HF_TCB_OUT_OF_DATE;
}

Test(attestation, a_platform_out_of_date_gets_no_share_until_the_policy_accepts_it)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    hf_world_tcb(w, 0, HF_TCB_OUT_OF_DATE);
    testnet_restart(w, 0);
    hf_world_run_for(w, 30000);
    cr_assert_eq(status(w, 0).state, HF_STATE_RECOVERING);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_ETCBSTATUS));
    cr_assert_eq(hf_world_trace_count(w, HF_WORLD_ALL, HF_TRACE_SHARE_RELEASED), 0);
    hf_world_policy_edit(w, accept_out_of_date, NULL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Withdrawn: what was believed yesterday is judged again by the policy of today. */
Test(attestation, identities_of_a_withdrawn_measurement_are_refused_from_then_on)
{
    struct hf_world_settings settings = testnet_settings(2, 3);
    uint32_t version, holders[16];
    settings.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&settings, 10);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    testnet_holders(w, 0, holders);
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_run_for(w, 5000);
    /* All but one holder go on to the next release. */
    for (uint32_t i = 0; i < 10; i++) {
        if (i == holders[0])
            continue;
        hf_world_crash(w, i);
        hf_world_image(w, i, "holdfast-2");
        hf_world_start(w, i);
        testnet_ready(w, i);
    }
    hf_world_policy_withdraw(w, "holdfast-1");
    cr_assert(hf_world_run_until_state(w, (long)holders[0], HF_STATE_DEGRADED, TESTNET_MS));
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_EMEASUREMENT));
    testnet_ready(w, 0);
    /* What it answers counts no more than what it asks: the share that it gives is left out. */
    testnet_restart(w, 0);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CLAIM_WON, 1, TESTNET_MS));
    cr_assert(testnet_traced(w, 0, HF_TRACE_PEER_MISBEHAVED, HF_EMEASUREMENT));
    testnet_restart(w, holders[0]);
    hf_world_run_for(w, 20000);
    cr_assert_eq(status(w, holders[0]).state, HF_STATE_RECOVERING);
    /* It comes back by the release that the others run. */
    hf_world_crash(w, holders[0]);
    hf_world_image(w, holders[0], "holdfast-2");
    hf_world_start(w, holders[0]);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* A holder of node 0's shares whose platform node 0 judges as revoked from now on. */
static uint32_t revoke_a_holder(struct hf_world *w)
{
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_tcb(w, holders[1], HF_TCB_REVOKED);
    hf_world_collateral(w, 0);
    testnet_reason(w, 0, HF_STATE_DEGRADED, HF_EPCKREVOKED);
    return holders[1];
}

Test(attestation, a_member_whose_verdict_stays_bad_is_lost_to_its_owners_after_the_grace)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    settings.policy.holder_grace_s = 40;
    struct hf_world *w = testnet_up_from(&settings, 9);
    uint32_t generation = testnet_generation(w, 0), bad = revoke_a_holder(w);
    hf_world_run_for(w, 35000);
    cr_assert_eq(testnet_generation(w, 0), generation, "before the grace is over");
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS));
    testnet_ready(w, 0);
    cr_assert(!testnet_holds(w, 0, bad));
    cr_assert_gt(testnet_generation(w, 0), generation);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

Test(attestation, a_member_whose_verdict_is_good_again_in_time_keeps_its_share)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    settings.policy.holder_grace_s = 40;
    struct hf_world *w = testnet_up_from(&settings, 9);
    uint32_t generation = testnet_generation(w, 0), bad = revoke_a_holder(w);
    hf_world_run_for(w, 10000);
    hf_world_tcb(w, bad, HF_TCB_UP_TO_DATE);
    hf_world_collateral(w, 0);
    testnet_ready(w, 0);
    hf_world_run_for(w, 120000);
    cr_assert_eq(testnet_generation(w, 0), generation);
    cr_assert(testnet_holds(w, 0, bad));
    testnet_end(w);
}

Test(attestation, identities_are_renewed_well_before_they_are_too_old)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    settings.policy.quote_age_max_s = 600;
    struct hf_world *w = testnet_from(&settings, 7);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    for (int i = 0; i < 60; i++) {
        hf_world_run_for(w, 60000);
        for (uint32_t n = 0; n < 7; n++)
            cr_assert_eq(hf_world_state(w, n), HF_STATE_READY);
    }
    cr_assert(!testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_EQUOTEOLD));
    cr_assert(!testnet_traced(w, HF_WORLD_ALL, HF_TRACE_QUOTE_REFUSED, HF_EQUOTEOLD));
    testnet_end(w);
}

Test(attestation, an_identity_that_cannot_be_renewed_is_refused_when_it_is_too_old)
{
    struct hf_world_settings settings = testnet_settings(3, 5);
    settings.policy.quote_age_max_s = 600;
    struct hf_world *w = testnet_from(&settings, 7);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    hf_world_quote_fail(w, 0, HF_EIO);
    hf_world_run_for(w, 700000);
    cr_assert_eq(hf_world_state(w, 0), HF_STATE_DEGRADED);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_EQUOTEOLD));
    hf_world_quote_fail(w, 0, 0);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}

/* Quotes cannot be made anywhere while the authority issues one set after the other: what was made
 * under the first of them is judged by its age. */
Test(attestation, identities_of_sets_long_gone_are_judged_by_their_age)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint32_t version;
    s.policy.quote_age_max_s = 3600;
    struct hf_world *w = testnet_from(&s, 7);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    for (uint32_t i = 1; i < 7; i++)
        hf_world_quote_fail(w, i, HF_EIO);
    for (int i = 0; i < 4; i++) {
        hf_world_set_issue(w);
        hf_world_run_for(w, 40000);
    }
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    hf_world_run_for(w, 3600000);
    cr_assert(testnet_traced(w, HF_WORLD_ALL, HF_TRACE_REQUEST_REFUSED, HF_EIDENTITY_OLD) ||
              hf_world_state(w, 0) == HF_STATE_DEGRADED);
    for (uint32_t i = 1; i < 7; i++)
        hf_world_quote_fail(w, i, 0);
    testnet_ready(w, HF_WORLD_ALL);
    testnet_end(w);
}
