/* What is shared: cores of a host, and the time that waiting for one takes. */
#include "world/world.h"

#include "network/network.h"
#include "node/node.h"
#include "run/run.h"

#include "base/secret.h"

#include <criterion/criterion.h>

static struct hf_world *world(uint32_t cores, uint32_t hosts, uint32_t nodes)
{
    struct hf_world_settings s;
    struct hf_world *w;
    hf_world_settings_init(&s);
    s.costs = true;
    s.processor.cores = cores;
    s.processor.hosts = hosts;
    cr_assert_eq(hf_world_new(&s, &w), 0);
    hf_world_add_many(w, nodes);
    return w;
}

static uint64_t computes(struct hf_world *w, uint32_t node, uint64_t ns)
{
    return hf__compute(w, hf__node(w, node), ns);
}

Test(hf_sim_processor, who_comes_first_to_the_cores_of_a_host_is_served_first)
{
    struct hf_world *w = world(2, 1, 4);
    cr_assert_eq(computes(w, 0, 300000), 300);
    cr_assert_eq(computes(w, 1, 100000), 100);
    cr_assert_eq(computes(w, 2, 100000), 200);
    cr_assert_eq(computes(w, 3, 200000), 400);
    cr_assert_eq(computes(w, 0, 50000), 350);
    hf_world_run_for(w, 1);
    cr_assert_eq(computes(w, 1, 10000), 1010, "a core that was idle begins now");
    hf_world_free(w);
}

Test(hf_sim_processor, a_core_that_was_idle_has_to_wake)
{
    struct hf_world *w = world(1, 1, 2);
    struct hf_world_totals totals;
    w->settings.processor.wake = 90000;
    hf_world_run_for(w, 1);
    cr_assert_eq(computes(w, 0, 10000), 1100);
    cr_assert_eq(computes(w, 1, 10000), 1110, "it is awake");
    hf_world_totals(w, &totals);
    cr_assert_eq(totals.computed_ns, 110000);
    hf_world_free(w);
}

Test(hf_sim_processor, who_shows_no_account_costs_less_to_connect)
{
    struct hf_world *w = world(0, 1, 2);
    struct hf__message proven = {.proven = true}, locked = {.proven = false};
    w->settings.processor.connect = 1300000;
    w->settings.processor.accept = 1200000;
    w->settings.processor.connect_locked = 900000;
    w->settings.processor.accept_locked = 800000;
    cr_assert_eq(hf__conn_open(w, &proven, 10), 2550);
    cr_assert_eq(hf__conn_open(w, &locked, 10), 1750);
    hf_world_free(w);
}

Test(hf_sim_processor, hosts_share_nothing)
{
    struct hf_world *w = world(1, 2, 4);
    cr_assert_eq(computes(w, 0, 100000), 100);
    cr_assert_eq(computes(w, 1, 100000), 100);
    cr_assert_eq(computes(w, 2, 100000), 200, "node 2 is on the host of node 0");
    hf_world_free(w);
    w = world(1, 0, 40);
    for (uint32_t i = 0; i < 40; i++)
        cr_assert_eq(computes(w, i, 100000), 100, "node %u has a host of its own", i);
    cr_assert_eq(computes(w, 39, 100000), 200);
    hf_world_free(w);
}

Test(hf_sim_processor, parts_of_a_microsecond_add_up)
{
    struct hf_world *w = world(1, 1, 1);
    for (int i = 0; i < 9; i++)
        computes(w, 0, 300);
    cr_assert_eq(computes(w, 0, 300), 3);
    hf_world_free(w);
}

Test(hf_sim_processor, without_cores_nobody_waits)
{
    struct hf_world *w = world(0, 1, 2);
    cr_assert_eq(computes(w, 0, 100999), 100);
    cr_assert_eq(computes(w, 1, 100999), 100);
    hf_world_slow(w, 1, 3);
    cr_assert_eq(computes(w, 1, 200000), 600);
    cr_assert_eq(computes(w, 1, 8000), 24, "three times as long, however short");
    cr_assert_eq(computes(w, 1, 0), 0);
    w->settings.costs = false;
    cr_assert_eq(computes(w, 1, 8000), 24, "what it would take with costs");
    cr_assert_eq(computes(w, 0, 8000), 0);
    hf_world_free(w);
}

Test(hf_sim_processor, a_machine_is_judged_in_full_once_a_life)
{
    struct hf_world *w = world(1, 1, 2);
    struct hf__node *n = hf__node(w, 0);
    uint8_t data[64] = {0};
    struct hf_buf quote;
    hf_buf_init(&quote, HF_QUOTE_MAX);
    hf_world_quote(w, 1, "holdfast-1", false, data, &quote);
    struct hf__work k = {.type = HF_WORK_JUDGE, .quote = quote.data, .len = (uint32_t)quote.len};
    w->settings.processor.judge = 800000;
    w->settings.processor.judge_again = 80000;
    cr_assert_eq(hf__compute_work(w, n, &k), 800000);
    cr_assert_eq(hf__compute_work(w, n, &k), 80000);
    cr_assert_eq(hf__compute_work(w, hf__node(w, 1), &k), 800000);
    n->incarnation++;
    cr_assert_eq(hf__compute_work(w, n, &k), 800000, "a new process has forgotten it");
    n->incarnation++;
    w->settings.processor.collateral = 500000;
    cr_assert_eq(hf__compute_work(w, n, &k), 1300000, "and has the collateral to read");
    cr_assert_eq(hf__compute_work(w, n, &k), 80000);
    hf_buf_done(&quote);
    hf_world_free(w);
}

/* How long it takes until all nodes of a small network are placed. */
static uint64_t placing_us(uint32_t cores, uint32_t hosts, bool handshakes)
{
    struct hf_world_settings s;
    struct hf_world *w;
    hf_world_settings_init(&s);
    s.costs = true;
    s.network.handshakes = handshakes;
    s.processor.cores = cores;
    s.processor.hosts = hosts;
    s.processor.message = 20000;
    s.processor.write = 100000;
    s.processor.quote = 2000000;
    s.processor.judge = 3000000;
    s.processor.judge_again = 1000000;
    s.processor.create = 1000000;
    s.processor.certificate = 1000000;
    cr_assert_eq(hf_world_new(&s, &w), 0);
    hf_world_add_many(w, 8);
    hf_world_start_all(w);
    cr_assert(hf_world_run_until_trace(w, HF_WORLD_ALL, HF_TRACE_CONFIRMED, 8, 60000));
    uint64_t us = hf_world_now_us(w);
    cr_assert_null(hf_world_violation(w));
    hf_world_free(w);
    return us;
}

Test(hf_sim_processor, a_crowded_host_takes_longer)
{
    uint64_t alone = placing_us(1, 0, true), crowded = placing_us(2, 1, true);
    cr_assert_gt(crowded, alone);
    cr_assert_gt(placing_us(1, 1, true), crowded);
    cr_assert_gt(crowded, placing_us(2, 1, false), "handshakes compute too");
}

/*
 * Every node's seeds are the first three, which get a second of work at once: what waits for them
 * stands in line, and is not looked at again and again until its turn comes.
 */
Test(hf_sim_processor, what_waits_for_a_busy_node_is_looked_at_once_more)
{
    struct hf_world_settings s;
    struct hf_world *w;
    struct hf_world_totals totals;
    uint64_t looks = 0;
    hf_world_settings_init(&s);
    s.costs = true;
    s.checks = false;
    s.traces = false;
    cr_assert_eq(hf_world_new(&s, &w), 0);
    hf_world_add_many(w, 1500);
    hf_world_start_all(w);
    while (hf_world_now_us(w) < 1500000 && hf_world_step(w))
        looks++;
    hf_world_totals(w, &totals);
    cr_assert_gt(totals.events, 10000);
    cr_assert_lt(looks, 3 * totals.events, "%llu looks for %llu events", (unsigned long long)looks,
                 (unsigned long long)totals.events);
    hf_world_free(w);
}

Test(hf_sim_processor, the_same_seed_gives_the_same_time)
{
    cr_assert_eq(placing_us(2, 3, true), placing_us(2, 3, true));
}
