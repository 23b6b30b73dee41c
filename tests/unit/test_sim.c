#include "scenario/scenario.h"
#include "scenario_text.h"
#include "trial/trial.h"

#include "base/error.h"
#include "base/secret.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hf__result run_seed(uint64_t seed, bool real)
{
    struct hf__scenario s;
    struct hf__result result;
    struct hf__trial_hooks hooks = {0};
    cr_assert_eq(hf_secret_init(1024 * 1024, false), 0);
    hf__scenario_draw(seed, &s);
    if (real)
        s.world.crypto = HF_WORLD_REAL;
    hf__trial_run(&s, &hooks, &result);
    free(s.actions.items);
    return result;
}

Test(hf_sim_trial, the_same_seed_gives_the_same_trace)
{
    for (uint64_t seed = 200; seed < 210; seed++) {
        struct hf__result a = run_seed(seed, false), b = run_seed(seed, false);
        cr_assert_eq(a.totals.trace_hash, b.totals.trace_hash, "seed %d", (int)seed);
        cr_assert_eq(a.totals.events, b.totals.events);
        cr_assert_neq(a.totals.events, 0);
    }
}

Test(hf_sim_trial, the_same_seed_gives_the_same_trace_with_real_cryptography)
{
    struct hf__result a = run_seed(211, true), b = run_seed(211, true);
    cr_assert_eq(a.totals.trace_hash, b.totals.trace_hash);
    cr_assert(a.ok, "%s", a.why);
}

Test(hf_sim_trial, another_seed_gives_another_trace)
{
    cr_assert_neq(run_seed(200, false).totals.trace_hash, run_seed(201, false).totals.trace_hash);
}

static void accepted(const char *text)
{
    static struct hf_config_errors errors;
    struct hf__scenario s;
    struct hf_config_doc *doc;
    int r = hf_config_load(hf_bytes_of(text, strlen(text)), "scenario.yaml", &hf__scenario_schema,
                           &s, &doc, &errors);
    cr_assert_eq(r, 0, "%s: %s", text, errors.items[0].text);
    hf_config_doc_free(doc);
}

/* Loads a scenario that must be refused; the one line of the one error. */
static void refused(const char *text, unsigned line, const char *says)
{
    static struct hf_config_errors errors;
    struct hf__scenario s;
    struct hf_config_doc *doc;
    int r = hf_config_load(hf_bytes_of(text, strlen(text)), "scenario.yaml", &hf__scenario_schema,
                           &s, &doc, &errors);
    cr_assert_eq(r, HF_ECONFIG);
    cr_assert_eq(errors.count, 1, "%zu errors", errors.count);
    cr_assert_eq(errors.items[0].line, line, "line %u: %s", errors.items[0].line,
                 errors.items[0].text);
    cr_assert_not_null(strstr(errors.items[0].text, says), "%s", errors.items[0].text);
}

Test(hf_sim_scenario, an_unknown_field_is_refused_by_line)
{
    refused("nodes: 5\nnode_count: 6\n", 2, "");
}

Test(hf_sim_scenario, an_impossible_value_is_refused_with_what_would_be_right)
{
    refused("nodes: 5\nnetwork:\n  loss: 150%\n", 3, "");
    refused("policy: {shares: 5, threshold: 6}\n", 1, "claim_quorum above half");
    refused("policy: {shares: 5, threshold: 3, claim_quorum: 2}\n", 1, "threshold <= claim_quorum");
    refused("events:\n  - {at: 1s, do: slow, value: 0.5}\n", 2, "at least 1");
    refused("events:\n  - {at: 1s, do: hostile, text: nonsense}\n", 2, "strategy");
    refused("events:\n  - {at: 1s, do: crash, node: 1, count: 2}\n", 2, "only one of");
}

/* It would end well, having shown nothing. */
Test(hf_sim_scenario, in_which_nobody_could_place_a_share_is_refused)
{
    refused("nodes: 5\n", 1, "with 5 shares none could place any, and 6 could");
    refused("nodes: 5\nevents:\n  - {at: 1s, do: leave}\n", 1, "5 are too few");
    refused("nodes: 8\noperators: 5\n", 2, "5 are too few");
    accepted("nodes: 6\n");
    accepted("nodes: 8\noperators: 5\npolicy: {domain_rule: 2}\n");
    accepted("nodes: 8\noperators: 5\nalone: 1\n");
    accepted("nodes: 5\nevents:\n  - {at: 1s, do: join}\n");
    accepted("nodes: 5\nevents:\n  - {at: 1s, do: policy, text: shares=4 threshold=3}\n");
}

Test(hf_sim_scenario, targets_that_are_nobody_are_refused_by_line_and_field)
{
    refused("nodes: 8\nevents:\n  - {at: 1s, do: crash, node: 8}\n", 3, "from 0 to 7");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: crash, node: -1}\n", 3, "from 0 to");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: crash, zone: 3}\n", 3, "from 0 to 2");
    refused(
        "nodes: 2\nevents:\n  - {at: 1s, do: crash, zone: 2}\npolicy: {shares: 1, threshold: 1}\n",
        3, "from 0 to 1");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: crash, zone: -1}\n", 3, "from 0 to");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: crash, count: 9}\n", 3, "at most");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: crash, count: -2}\n", 3, "from 0 to");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: crash, share: -5%}\n", 3, "from 0 to 1");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: loss, value: 1%, count: 2}\n", 3, "whole network");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: join, node: 2}\n", 3, "a count only");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: join, count: 1000000000}\n", 3, "1048576");
    refused("nodes: 8\nevents:\n  - {at: 1s, do: join, count: 1048570}\n", 3, "1048576");
}

Test(hf_sim_scenario, numbers_that_an_action_cannot_take_are_refused)
{
    refused("events:\n  - {at: 1s, do: crash-at-write, value: -1}\n", 2, "whole number");
    refused("events:\n  - {at: 1s, do: torn-write, value: 0.5}\n", 2, "whole number");
    refused("events:\n  - {at: 1s, do: accept, text: a, value: -3}\n", 2, "whole number");
    refused("events:\n  - {at: 1s, do: crash, value: -3}\n", 2, "no negative");
}

/* Runs a scenario that is right; ret_begun: how many actions of a kind have begun. */
static struct hf__result taken(const char *text, uint32_t *ret_begun, int kind)
{
    struct hf__result result = scenario_text_run(text);
    *ret_begun = result.tally.actions[kind];
    return result;
}

Test(hf_sim_scenario, nobody_and_a_node_that_joined_can_be_meant)
{
    static const struct {
        const char *target;
        uint32_t ready;
    } rows[] = {
        {"count: 0", 10}, {"share: 0%", 10}, {"share: 1%", 9}, {"count: 8", 2}, {"node: 9", 9}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        char text[400];
        uint32_t begun;
        snprintf(
            text, sizeof(text),
            "nodes: 8\nfor: 60s\nready_min: 0\ncrypto: model\npolicy: {shares: 1, threshold: 1}\n"
            "events:\n  - {at: 20s, do: join, count: 2}\n  - {at: 59s, do: crash, %s}\n",
            rows[i].target);
        struct hf__result r = taken(text, &begun, HF__ACTION_CRASH);
        cr_assert(r.ok, "%s", r.why);
        cr_assert_eq(begun, 1);
        cr_assert_eq(r.ready, rows[i].ready, "%s: %u ready", rows[i].target, r.ready);
    }
}

Test(hf_sim_scenario, as_many_strategies_as_there_is_room_for_run_and_one_more_is_refused)
{
    struct hf_buf text;
    uint32_t begun;
    hf_buf_init(&text, 1 << 16);
    hf_buf_printf(&text, "nodes: 8\nfor: 5s\nready_min: 0\ncrypto: model\nevents:\n");
    for (int i = 0; i < HF__HOSTILE_MAX; i++)
        hf_buf_printf(&text, "  - {at: 1s, do: hostile, text: silent, count: 1, for: 1s}\n");
    hf_buf_append(&text, "", 1);
    struct hf__result r = taken((const char *)text.data, &begun, HF__ACTION_HOSTILE);
    cr_assert(r.ok, "%s", r.why);
    cr_assert_eq(begun, HF__HOSTILE_MAX);
    text.len--;
    hf_buf_printf(&text, "  - {at: 1s, do: hostile, text: silent, count: 1, for: 1s}\n");
    hf_buf_append(&text, "", 1);
    refused((const char *)text.data, 6 + HF__HOSTILE_MAX, "hostile events");
    hf_buf_done(&text);
}

Test(hf_sim_scenario, events_out_of_order_or_after_the_end_are_refused)
{
    refused("for: 1m\nevents:\n  - {at: 2s, do: heal}\n  - {at: 1s, do: heal}\n", 4, "not before");
    refused("for: 1m\nevents:\n  - {at: 2m, do: heal}\n", 3, "within");
}

Test(hf_sim_scenario, what_a_seed_draws_is_printed_as_a_scenario_that_runs_alike)
{
    for (uint64_t seed = 220; seed < 226; seed++) {
        static struct hf_config_errors errors;
        struct hf__scenario drawn, read;
        struct hf_config_doc *doc;
        struct hf__result a, b;
        struct hf__trial_hooks hooks = {0};
        struct hf_buf text;
        hf__scenario_draw(seed, &drawn);
        hf_buf_init(&text, 1 << 20);
        hf__scenario_print(&drawn, &text);
        cr_assert_eq(hf_config_load(hf_buf_bytes(&text), "drawn.yaml", &hf__scenario_schema, &read,
                                    &doc, &errors),
                     0, "%s", errors.items[0].text);
        read.world.timing = hf_timing_default;
        read.world.wall_s = drawn.world.wall_s;
        hf__trial_run(&drawn, &hooks, &a);
        hf__trial_run(&read, &hooks, &b);
        cr_assert_eq(a.totals.trace_hash, b.totals.trace_hash, "seed %d", (int)seed);
        free(drawn.actions.items);
        hf_config_doc_free(doc);
        hf_buf_done(&text);
    }
}

Test(hf_sim_scenario, cryptography_is_real_unless_a_scenario_says_otherwise)
{
    static struct hf_config_errors errors;
    static const struct {
        const char *text;
        enum hf_world_crypto crypto;
    } rows[] = {{"nodes: 6\n", HF_WORLD_REAL},
                {"crypto: real\n", HF_WORLD_REAL},
                {"crypto: model\n", HF_WORLD_MODEL}};
    for (size_t i = 0; i < HF_ARRAY_LEN(rows); i++) {
        struct hf__scenario s;
        struct hf_config_doc *doc;
        cr_assert_eq(hf_config_load(hf_bytes_of(rows[i].text, strlen(rows[i].text)),
                                    "scenario.yaml", &hf__scenario_schema, &s, &doc, &errors),
                     0);
        cr_assert_eq(s.world.crypto, rows[i].crypto);
        cr_assert_eq(s.world.attestation.collateral_valid_s, 30 * 86400);
        hf_config_doc_free(doc);
    }
}

Test(hf_sim_scenario, looks_as_often_as_a_daemon_unless_it_says_otherwise)
{
    struct hf__scenario s;
    struct hf_config_doc *doc;
    static struct hf_config_errors errors;
    struct hf_bytes text = hf_bytes_of("nodes: 6\n", 9);
    cr_assert_eq(hf_config_load(text, "text", &hf__scenario_schema, &s, &doc, &errors), 0);
    cr_assert_eq(memcmp(&s.world.timing, &hf_timing_default, sizeof(hf_timing_default)), 0);
    hf_config_doc_free(doc);
}

Test(hf_sim_scenario, set_changes_one_field)
{
    static struct hf_config_errors errors;
    struct hf__scenario s = {.nodes = 3};
    struct hf_config_doc *doc;
    cr_assert_eq(hf__scenario_set(&s, "network.loss=25%", &doc, &errors), 0);
    cr_assert_float_eq(s.world.network.loss, 0.25, 1e-9);
    cr_assert_eq(s.nodes, 3);
    hf_config_doc_free(doc);
    cr_assert_eq(hf__scenario_set(&s, "network.lost=1%", &doc, &errors), HF_ECONFIG);
    cr_assert_eq(hf__scenario_set(&s, "nodes=none", &doc, &errors), HF_ECONFIG);
    cr_assert_eq(hf__scenario_set(&s, "nodes", &doc, &errors), HF_ECONFIG);
}

Test(hf_sim_record, a_broken_promise_is_a_line_of_the_timeline)
{
    char *text = NULL;
    size_t len = 0;
    struct hf__record r;
    struct hf_violation v = {.at_us = 7, .node = 3, .checker = "share", .text = "n3 gave it away"};
    FILE *out = open_memstream(&text, &len);
    cr_assert_not_null(out);
    hf__record_init(&r, out);
    hf__record_violation(&r, &v);
    fclose(out);
    hf__record_done(&r);
    cr_assert_str_eq(text, "{\"at_us\":7,\"node\":3,\"what\":\"violation\",\"checker\":\"share\","
                           "\"text\":\"n3 gave it away\"}\n");
    free(text);
}
