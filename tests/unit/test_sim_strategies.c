/* Every hostile strategy really acts, whatever the world that it is in withstands it, and is over
 * when it has ended. And the swarm draws them all, and every fault. */
#include "scenario/scenario.h"
#include "scenario_text.h"
#include "hostile/strategy.h"
#include "trial/trial.h"

#include "base/secret.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Something of everything that a strategy may wait for: documents, restarts, a second generation,
 * drills. Two strategies' targets are among all of it. */
static const char timeline[] =
    "nodes: 12\n"
    "crypto: %s\n"
    "seed: %d\n"
    "for: 4m\n"
    "settle: 15m\n"
    "operators: 12\n"
    "policy: {shares: 5, threshold: 3, holder_grace: 20s}\n"
    "events:\n"
    "  - {at: 20s, do: key}\n"
    "  - {at: 30s, do: hostile, count: 2, text: %s, for: 3m}\n"
    "  - {at: 35s, do: set}\n"
    "  - {at: 36s, do: policy}\n"
    "  - {at: 40s, do: rolling-restart, share: 50%%, every: 2s, for: 1s}\n"
    "  - {at: 60s, do: drill}\n"
    "  - {at: 62s, do: crash, count: 2, for: 50s}\n"
    "  - {at: 80s, do: rolling-restart, share: 100%%, every: 6s, for: 3s}\n"
    "  - {at: 3m, do: key}\n";

/* For who waits for a share to be restored: owners are off, and members are removed. */
static const char bereft[] = "nodes: 14\n"
                             "crypto: %s\n"
                             "seed: %d\n"
                             "for: 4m\n"
                             "settle: 15m\n"
                             "operators: 14\n"
                             "policy: {shares: 5, threshold: 3, holder_grace: 10s}\n"
                             "events:\n"
                             "  - {at: 30s, do: hostile, count: 2, text: %s, for: 3m}\n"
                             "  - {at: 40s, do: power-off, count: 3, for: 140s}\n"
                             "  - {at: 60s, do: remove, count: 2}\n";

/* Some need an occasion that not every seed gives. */
static void act(const char *crypto, size_t strategy)
{
    uint64_t acts = 0;
    for (int seed = 1; seed <= 8 && acts == 0; seed++) {
        char text[2048];
        const char *name = hf__strategies[strategy]->name;
        bool waits = strcmp(name, "false-parts") == 0 || strcmp(name, "false-takers") == 0;
        snprintf(text, sizeof(text), waits ? bereft : timeline, crypto, seed, name);
        struct hf__result r = scenario_text_run(text);
        cr_assert(r.ok, "%s, seed %d: %s", name, seed, r.why);
        cr_assert_eq(r.tally.strategies[strategy], 1);
        acts = r.tally.acts[strategy];
    }
    cr_assert_gt(acts, 0, "%s never acts", hf__strategies[strategy]->name);
}

Test(hf_sim_strategy, each_acts_and_breaks_no_promise)
{
    for (size_t i = 0; hf__strategies[i] != NULL; i++)
        act("model", i);
}

/* What signs, seals or opens with a corrupt node's own keys must find them in its memory. */
Test(hf_sim_strategy, corrupt_ones_act_with_real_cryptography_too)
{
    cr_assert_eq(hf_secret_init(1024 * 1024, false), 0);
    for (size_t i = 0; hf__strategies[i] != NULL; i++) {
        if (hf__strategies[i]->corrupts || strcmp(hf__strategies[i]->name, "collusion") == 0)
            act("real", i);
    }
}

/* What a seed draws and runs. A start belongs to the crash before it: nothing to be drawn alone. */
Test(hf_sim_swarm, draws_every_fault_and_every_strategy)
{
    struct hf__tally all = {0};
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct hf__scenario s;
        struct hf__result result;
        struct hf__trial_hooks hooks = {0};
        hf__scenario_draw(seed, &s);
        s.settle_us = 0;
        s.ready_min = 0;
        hf__trial_run(&s, &hooks, &result);
        cr_assert(result.ok, "seed %d: %s", (int)seed, result.why);
        free(s.actions.items);
        for (size_t i = 0; i < HF__ACTIONS; i++)
            all.actions[i] += result.tally.actions[i];
        for (size_t i = 0; i < HF__STRATEGIES_MAX; i++)
            all.strategies[i] += result.tally.strategies[i];
    }
    for (int i = 0; i < HF__ACTIONS; i++)
        cr_assert(i == HF__ACTION_START || all.actions[i] > 0, "%s is never drawn",
                  hf__action_name(i));
    for (size_t i = 0; hf__strategies[i] != NULL; i++)
        cr_assert_gt(all.strategies[i], 0, "%s is never drawn", hf__strategies[i]->name);
}

/* Worlds differ in every respect that settings name. */
Test(hf_sim_swarm, draws_worlds_of_every_kind)
{
    unsigned latency[3] = {0}, bandwidth = 0, survives = 0, drift = 0, offset = 0, costs = 0;
    unsigned operators = 0, quote_fails = 0, judge_fails = 0, handshakes = 0, spread = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct hf__scenario s;
        hf__scenario_draw(seed, &s);
        latency[s.world.network.latency]++;
        bandwidth += s.world.network.bandwidth > 0;
        survives += s.world.storage.survives > 0;
        drift += s.world.clocks.drift_ppm_max > 0;
        offset += s.world.clocks.offset_ms_max > 0;
        costs += s.world.costs;
        operators += s.world.operators > 0;
        quote_fails += s.world.attestation.quote_fails > 0;
        judge_fails += s.world.attestation.judge_fails > 0;
        handshakes += s.world.network.handshakes;
        spread += s.spread_us > 0;
        free(s.actions.items);
    }
    const unsigned counts[] = {latency[0],  latency[1], latency[2], bandwidth, survives,
                               drift,       offset,     costs,      operators, quote_fails,
                               judge_fails, handshakes, spread};
    for (size_t i = 0; i < HF_ARRAY_LEN(counts); i++)
        cr_assert(counts[i] > 10 && counts[i] < 390, "%zu: %u of 400", i, counts[i]);
}

/* A recorded run is the run that the swarm had. */
Test(hf_sim_swarm, a_recorded_run_is_the_same_run)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct hf__scenario s;
        struct hf__result alone, recorded;
        struct hf__record record;
        hf__record_init(&record, NULL);
        hf__scenario_draw(seed, &s);
        hf__trial_run(&s, &(struct hf__trial_hooks){0}, &alone);
        hf__trial_run(&s, &(struct hf__trial_hooks){.record = &record}, &recorded);
        cr_assert_eq(alone.totals.trace_hash, recorded.totals.trace_hash, "seed %d", (int)seed);
        hf__record_done(&record);
        free(s.actions.items);
    }
}
