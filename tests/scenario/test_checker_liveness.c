/*
 * The last judge of a run is not vacuous either: an engine that never tries again what failed is
 * found when everything is well and it still does not come back. Compiled with such an engine and
 * FAULTY, and without.
 */
#include "trial/trial.h"

#include "base/secret.h"

#include <criterion/criterion.h>
#include <string.h>

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
