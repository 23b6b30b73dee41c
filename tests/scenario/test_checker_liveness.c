/*
 * The last judge of a run is not vacuous either: an engine that never tries again what failed is
 * found when everything is well and it still does not come back; and so is an owner for
 * whom a vote counts no more that was handed over. Compiled with such an engine and FAULTY or
 * UNMOVED, and without.
 */
#include "trial/trial.h"

#include "owner_down.h"

#include "base/secret.h"

#include <criterion/criterion.h>
#include <string.h>

#ifndef FAULTY
enum { K = 3, NODES = 10, WEEK_S = 7 * 86400 };

/* Every owner whose shares have moved comes back: of five holders two have handed theirs over and
 * are gone, and one more is down. */
Test(checkers, an_owner_whose_shares_have_moved_and_that_does_not_come_back_is_told)
{
    uint32_t holders[16];
    bool can[NODES], all;
    struct hf_world *w = owner_down(K, NODES, holders);
    for (size_t i = 0; i < N - K; i++) {
        cr_assert_eq(hf_world_leave(w, holders[i], WEEK_S, TESTNET_MS), 0);
        cr_assert(hf_world_run_until_state(w, holders[i], HF_STATE_LEFT, WAIT_MS));
        hf_world_crash(w, holders[i]);
    }
    hf_world_crash(w, holders[N - 1]);
    hf_world_start(w, OWNER);
    hf_world_run_for(w, WAIT_MS);
    hf__survivors(w, can, &all);
    cr_assert(can[OWNER]);
#ifdef UNMOVED
    cr_assert_neq(hf_world_state(w, OWNER), HF_STATE_READY, "it comes back all the same");
    hf_world_free(w);
#else
    cr_assert_eq(hf_world_state(w, OWNER), HF_STATE_READY);
    testnet_end(w);
#endif
}
#endif

#ifndef UNMOVED
Test(checkers, a_node_that_does_not_come_back_is_told)
{
    struct hf__action actions[] = {hf__action_of(HF__ACTION_ISOLATE),
                                   hf__action_of(HF__ACTION_CRASH)};
    struct hf__scenario s = {.nodes = 6, .for_us = 60000000, .settle_us = 600000000};
    struct hf__trial_hooks hooks = {0};
    struct hf__result result;
    actions[0].at_us = 20000000;
    actions[0].for_us = 20000000;
    actions[1].at_us = 21000000;
    actions[1].for_us = 1000000;
    for (size_t i = 0; i < HF_ARRAY_LEN(actions); i++)
        actions[i].node = 0;
    hf_world_settings_init(&s.world);
    s.actions.items = actions;
    s.actions.count = HF_ARRAY_LEN(actions);
    cr_assert_eq(hf_secret_init(1024 * 1024, false), 0);
    hf__trial_run(&s, &hooks, &result);
#ifdef FAULTY
    cr_assert_not(result.ok);
    cr_assert_not_null(strstr(result.why, "liveness: "), "%s", result.why);
    cr_assert_not_null(strstr(result.why, "n0 is "), "%s", result.why);
#else
    cr_assert(result.ok, "%s", result.why);
    cr_assert_eq(result.ready, 6);
#endif
}
#endif
