/* A crash right before or right after any durable step costs no node a key. */
#include "testnet.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

enum { STEPS = 14 };

struct crash {
    unsigned nth;
    bool after;
    bool provider; /* else the owner */
};

static struct criterion_test_params every_step(void)
{
    static struct crash all[4 * STEPS];
    size_t count = 0;
    for (unsigned nth = 1; nth <= STEPS; nth++)
        for (int after = 0; after < 2; after++)
            for (int provider = 0; provider < 2; provider++)
                all[count++] = (struct crash){nth, after == 1, provider == 1};
    return cr_make_param_array(struct crash, all, count);
}

/* Restarts nodes that have died until all are ready. */
static void revive(struct hf_world *w)
{
    for (int round = 0; round < 200; round++) {
        hf_world_run_for(w, 100);
        for (uint32_t i = 0; i < hf_world_count(w); i++)
            hf_world_start(w, i);
    }
    testnet_ready(w, HF_WORLD_ALL);
}

ParameterizedTestParameters(crash, at_every_durable_step_of_placing)
{
    return every_step();
}

ParameterizedTest(struct crash *c, crash, at_every_durable_step_of_placing)
{
    struct hf_world *w = testnet_new(7, 3, 5);
    uint32_t version;
    hf_world_start_all(w);
    hf_world_crash_at_write(w, c->provider ? 3 : 0, c->nth, c->after);
    revive(w);
    /* The step may be one of the first release, or of what follows the restart. */
    if (hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version) != 0) {
        revive(w);
        cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    }
    testnet_restart(w, 0);
    revive(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

ParameterizedTestParameters(crash, at_every_durable_step_of_recovery_and_claim)
{
    return every_step();
}

ParameterizedTest(struct crash *c, crash, at_every_durable_step_of_recovery_and_claim)
{
    struct hf_world *w = testnet_up(7, 3, 5);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_crash(w, 0);
    hf_world_start(w, 0);
    hf_world_crash_at_write(w, c->provider ? holders[1] : 0, c->nth, c->after);
    revive(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}

/* Two of the five holders are gone for good: the owner replaces them, and dies
 * at a step of that. */
ParameterizedTestParameters(crash, at_every_durable_step_of_replacing_a_dealing)
{
    return every_step();
}

ParameterizedTest(struct crash *c, crash, at_every_durable_step_of_replacing_a_dealing)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    uint32_t holders[16], version;
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_from(&s, 9);
    cr_assert_eq(hf_world_bring_up(w, TESTNET_MS), 0);
    cr_assert_eq(hf_world_key(w, 0, "tss-db", TESTNET_MS, testnet_key, &version), 0);
    testnet_holders(w, 0, holders);
    hf_world_pause(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_DEALING, 1, TESTNET_MS));
    hf_world_crash_at_write(w, c->provider ? holders[2] : 0, c->nth, c->after);
    for (int round = 0; round < 300; round++) {
        hf_world_run_for(w, 100);
        hf_world_start(w, 0);
        hf_world_start(w, holders[2]);
    }
    /* A step that has not come by now is not one of replacing. */
    hf_world_crash_at_write(w, c->provider ? holders[2] : 0, UINT32_MAX, false);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, TESTNET_MS) ||
              hf_world_state(w, 0) == HF_STATE_READY);
    testnet_key_lives(w, 0);
    testnet_restart(w, 0);
    testnet_key_lives(w, 0);
    hf_world_resume(w, holders[0]);
    revive(w);
    testnet_key_lives(w, 0);
    testnet_end(w);
}
