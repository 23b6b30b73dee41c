/* Who is there (proto/GOSSIP.md, 5 and 6): the dead are noticed soon, the slow and the cut off are
 * not called dead, and nothing that others say makes a member unreachable. */
#include "testnet.h"

#include "base/buf.h"
#include "base/error.h"
#include "members/detect.h"

#include <criterion/criterion.h>

enum { SUSPICION_MS = 30000 };

static enum hf__found found(struct hf_world *w, uint32_t by, uint32_t whom)
{
    const struct hf_engine *e = hf_world_engine(w, by);
    const struct hf__contact *c = e == NULL ? NULL : hf__contact_find(e, hf_world_account(w, whom));
    return c == NULL ? HF__FOUND_WELL : (enum hf__found)c->found;
}

static enum hf_member_state seen(struct hf_world *w, uint32_t by, uint32_t whom)
{
    return hf__view(hf_world_engine(w, by), hf_world_account(w, whom)).state;
}

struct noticed {
    uint32_t whom;
    enum hf_member_state least;
    size_t by; /* at least so many */
};

static size_t noticing(struct hf_world *w, const struct noticed *n)
{
    size_t count = 0;
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        count += i != n->whom && hf_world_running(w, i) && seen(w, i, n->whom) >= n->least &&
                 seen(w, i, n->whom) < HF_MEMBER_LEAVING;
    return count;
}

static bool is_noticed(struct hf_world *w, void *ctx)
{
    const struct noticed *n = ctx;
    return noticing(w, n) >= n->by;
}

static bool all_well(struct hf_world *w, void *ctx)
{
    (void)ctx;
    for (uint32_t i = 0; i < hf_world_count(w); i++)
        for (uint32_t j = 0; j < hf_world_count(w); j++)
            if (i != j && hf_world_running(w, i) &&
                (found(w, i, j) != HF__FOUND_WELL || seen(w, i, j) != HF_MEMBER_MEMBER))
                return false;
    return true;
}

/* Every pair has had to do with each other: they know their mesh keys. */
static struct hf_world *known(uint32_t count)
{
    struct hf_world *w = testnet_up(count, 3, 5);
    hf_world_run_for(w, 2000u * count + 20000);
    cr_assert(all_well(w, NULL));
    return w;
}

/* Whether any node that runs was ever called unreachable by another. */
static size_t accused(struct hf_world *w, uint32_t whom, uint64_t what)
{
    size_t count, sum = 0;
    const struct hf_world_trace *traces = hf_world_traces(w, &count);
    for (size_t i = 0; i < count; i++)
        sum += traces[i].trace.type == HF_TRACE_FOUND && traces[i].trace.a == what &&
               hf_account_equal(&traces[i].trace.account, hf_world_account(w, whom));
    return sum;
}

Test(detect, pairs_come_to_speak_by_datagram_and_not_by_connection)
{
    struct hf_world *w = known(9);
    for (uint32_t i = 0; i < 9; i++)
        for (uint32_t j = 0; j < 9; j++)
            if (i != j) {
                const struct hf__contact *c =
                    hf__contact_find(hf_world_engine(w, i), hf_world_account(w, j));
                cr_assert(c != NULL && c->datagrams && c->keyed);
            }
    testnet_end(w);
}

Test(detect, a_killed_process_is_known_to_all_within_a_second_and_a_half)
{
    struct hf_world *w = known(20);
    hf_world_crash(w, 4);
    struct noticed n = {.whom = 4, .least = HF_MEMBER_SUSPECT, .by = 19};
    cr_assert(hf_world_run_until(w, is_noticed, &n, 1500));
    testnet_end(w);
}

Test(detect, a_silent_host_is_known_to_all_within_five_seconds)
{
    struct hf_world *w = known(20);
    hf_world_power_off(w, 4);
    struct noticed n = {.whom = 4, .least = HF_MEMBER_SUSPECT, .by = 19};
    cr_assert(hf_world_run_until(w, is_noticed, &n, 5000));
    testnet_end(w);
}

Test(detect, who_is_unreachable_was_probed_by_each_itself_and_is_back_with_one_answer)
{
    struct hf_world *w = known(9);
    hf_world_power_off(w, 2);
    struct noticed n = {.whom = 2, .least = HF_MEMBER_UNREACHABLE, .by = 8};
    cr_assert(hf_world_run_until(w, is_noticed, &n, SUSPICION_MS));
    hf_world_start(w, 2);
    cr_assert(hf_world_run_until(w, all_well, NULL, 60000));
    testnet_end(w);
}

/* Lesson: a suspicion that began against one incarnation must not survive the next. */
Test(detect, a_suspicion_of_before_a_restart_does_not_survive_it)
{
    struct hf_world *w = known(9);
    hf_world_crash(w, 2);
    struct noticed n = {.whom = 2, .least = HF_MEMBER_SUSPECT, .by = 8};
    cr_assert(hf_world_run_until(w, is_noticed, &n, 5000));
    hf_world_start(w, 2);
    testnet_ready(w, 2);
    hf_world_run_for(w, 2 * SUSPICION_MS);
    cr_assert_eq(accused(w, 2, HF__FOUND_UNREACHABLE), 0);
    cr_assert(all_well(w, NULL));
    testnet_end(w);
}

/* Lesson: a restart of all leaves no member suspected, whatever they were before. */
Test(detect, after_a_restart_of_everybody_nobody_is_suspected)
{
    struct hf_world *w = known(9);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 3; i++)
            testnet_restart(w, 3 * (uint32_t)round + i);
        testnet_ready(w, HF_WORLD_ALL);
    }
    hf_world_run_for(w, 2 * SUSPICION_MS);
    cr_assert(all_well(w, NULL));
    testnet_end(w);
}

/* Lesson: what others relay of the dead is no life of theirs. */
Test(detect, what_others_relay_of_the_dead_does_not_make_them_alive)
{
    struct hf_world *w = known(9);
    const struct hf_engine *e = hf_world_engine(w, 0);
    struct hf_buf event, body, answer;
    struct hf_signed_event what;
    struct hf_arena arena;
    hf_arena_init(&arena, 1 << 20);
    hf_buf_init(&event, 1 << 16);
    hf_buf_init(&body, 1 << 16);
    hf_buf_init(&answer, 1 << 16);
    const struct hf__told *told = hf__told_find(e, hf_world_account(w, 2), HF__NEWS_ALIVE, NULL);
    struct hf_bytes bytes = hf_blob_bytes(told->encoded);
    hf_buf_append(&event, bytes.data, bytes.len);
    cr_assert_eq(hf_wire_decode(&hf_wire_signed_event, hf_buf_bytes(&event), &arena, &what, NULL),
                 0);
    hf_world_power_off(w, 2);
    struct noticed n = {.whom = 2, .least = HF_MEMBER_UNREACHABLE, .by = 8};
    cr_assert(hf_world_run_until(w, is_noticed, &n, SUSPICION_MS));
    struct hf_gossip_request m = {
        .versions = {.root = 1, .policy = 1, .epoch = 1}, .events = &what, .events_count = 1};
    cr_assert_eq(hf_wire_encode(&hf_wire_gossip_request, &m, &body), 0);
    for (int i = 0; i < 20; i++) {
        hf_buf_clear(&answer);
        cr_assert_eq(hf_world_ask(w, 0, HF_METHOD_GOSSIP, hf_world_account(w, 1),
                                  hf_buf_bytes(&body), &answer),
                     0);
        hf_world_run_for(w, 1000);
        cr_assert_eq(found(w, 0, 2), HF__FOUND_UNREACHABLE);
    }
    hf_buf_done(&event);
    hf_buf_done(&body);
    hf_buf_done(&answer);
    hf_arena_done(&arena);
    testnet_end(w);
}

/* Lesson: a host that slept accuses all others when it wakes. */
Test(detect, who_has_slept_accuses_nobody)
{
    struct hf_world *w = known(9);
    hf_world_pause(w, 3);
    hf_world_run_for(w, 60000);
    size_t before[9];
    for (uint32_t i = 0; i < 9; i++)
        before[i] = accused(w, i, HF__FOUND_SUSPECT);
    hf_world_resume(w, 3);
    hf_world_run_for(w, 20000);
    for (uint32_t i = 0; i < 9; i++)
        if (i != 3)
            cr_assert_eq(accused(w, i, HF__FOUND_SUSPECT), before[i], "node %u", i);
    cr_assert(all_well(w, NULL));
    testnet_end(w);
}

/* Lesson: a few slow members make the rest accuse each other (Lifeguard). */
/* Its own last word waits for the disk; what it asks and answers does not, and nor does what it
 * passes on of others. */
Test(detect, whose_disk_takes_nothing_accuses_nobody_and_passes_on_what_others_say)
{
    enum { FULL = 2, TALKS = 5 };
    struct hf_world *w = known(9);
    cr_assert_eq(hf_world_drain(w, FULL, true, 60000), 0);
    hf_world_run_for(w, 10000);
    hf_world_disk_fail(w, FULL, HF_ENOSPACE);
    cr_assert_eq(hf_world_drain(w, FULL, false, 60000), 0);
    for (unsigned i = 0; i < 40; i++) {
        cr_assert_eq(hf_world_drain(w, TALKS, i % 2 == 0, 60000), 0);
        hf_world_run_for(w, 2000);
        for (uint32_t j = 0; j < 9; j++)
            cr_assert(j == FULL ||
                      (found(w, FULL, j) == HF__FOUND_WELL && found(w, j, FULL) == HF__FOUND_WELL));
    }
    /* Its own word is told when the disk takes it. */
    cr_assert(hf__view(hf_world_engine(w, 0), hf_world_account(w, FULL)).draining);
    hf_world_disk_fail(w, FULL, 0);
    hf_world_run_for(w, 20000);
    cr_assert_not(hf__view(hf_world_engine(w, 0), hf_world_account(w, FULL)).draining);
    testnet_end(w);
}

Test(detect, four_that_stand_still_again_and_again_make_nobody_else_unreachable)
{
    struct hf_world *w = known(20);
    for (int cycle = 0; cycle < 6; cycle++) {
        uint32_t still_ms = cycle % 2 == 0 ? 4000 : 16000;
        for (uint32_t i = 0; i < 4; i++)
            hf_world_pause(w, i);
        hf_world_run_for(w, still_ms);
        for (uint32_t i = 0; i < 4; i++)
            hf_world_resume(w, i);
        hf_world_run_for(w, 4000);
    }
    for (uint32_t i = 4; i < 20; i++)
        cr_assert_eq(accused(w, i, HF__FOUND_UNREACHABLE), 0, "node %u", i);
    cr_assert(hf_world_run_until(w, all_well, NULL, 60000));
    testnet_end(w);
}

/* Lesson: under loss, and under load that comes and goes, members flap. */
Test(detect, a_tenth_of_all_datagrams_lost_makes_nobody_unreachable)
{
    struct hf_world *w = known(20);
    hf_world_network(w)->loss = 0.1;
    hf_world_run_for(w, 300000);
    for (uint32_t i = 0; i < 20; i++)
        cr_assert_eq(accused(w, i, HF__FOUND_UNREACHABLE), 0, "node %u", i);
    testnet_end(w);
}

/* Lesson: islands that know only whom they reach never meet again. */
Test(detect, after_a_long_partition_everybody_finds_everybody_again)
{
    struct hf_world *w = known(12);
    uint8_t group[12] = {1, 1, 1, 1, 1};
    hf_world_partition(w, group);
    hf_world_run_for(w, 600000);
    cr_assert_eq(found(w, 0, 9), HF__FOUND_UNREACHABLE);
    cr_assert_eq(found(w, 9, 0), HF__FOUND_UNREACHABLE);
    cr_assert_eq(found(w, 9, 8), HF__FOUND_WELL);
    hf_world_heal(w);
    cr_assert(hf_world_run_until(w, all_well, NULL, 120000));
    testnet_end(w);
}

/* Lesson: an isolated node queues for ever. */
Test(detect, an_isolated_node_keeps_nothing_for_those_that_it_cannot_reach)
{
    struct hf_world *w = known(12);
    hf_world_isolate(w, 5);
    hf_world_run_for(w, 120000);
    const struct hf_engine *e = hf_world_engine(w, 5);
    size_t memory = hf__members_memory(e), calls = e->calls_count;
    hf_world_run_for(w, 1200000);
    cr_assert_leq(hf__members_memory(e), memory + 4096);
    cr_assert_leq(e->calls_count, calls + 32);
    cr_assert(hf__cut_off(e));
    testnet_end(w);
}

/* Who left and ended its process is missed by no member: what others lose is dealt anew. */
Test(detect, members_that_have_left_do_not_pull_the_brake)
{
    struct hf_world_settings s = testnet_settings(2, 3);
    s.policy.holder_grace_s = 20;
    struct hf_world *w = testnet_up_from(&s, 10);
    hf_world_run_for(w, 40000);
    for (uint32_t i = 6; i < 10; i++)
        cr_assert_eq(hf_world_leave(w, i, 86400, 60000), 0);
    for (uint32_t i = 6; i < 10; i++)
        cr_assert(hf_world_run_until_state(w, i, HF_STATE_LEFT, 120000));
    hf_world_run_for(w, 5000);
    for (uint32_t i = 6; i < 10; i++)
        hf_world_crash(w, i);
    hf_world_run_for(w, 120000);
    for (uint32_t i = 0; i < 6; i++)
        cr_assert_not(hf__cut_off(hf_world_engine(w, i)), "node %u", i);
    uint32_t holders[16];
    testnet_holders(w, 0, holders);
    hf_world_power_off(w, holders[0]);
    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_CONFIRMED, 1, 120000));
    cr_assert_not(testnet_holds(w, 0, holders[0]));
    testnet_end(w);
}

/* Lesson: choosing at random with repetition misses some for long. */
Test(detect, each_round_probes_every_other_exactly_once)
{
    struct hf_world *w = known(9);
    const struct hf__detector *d = hf_world_engine(w, 0)->members->detector;
    cr_assert_eq(d->targets_count, 8);
    bool seen_target[9] = {0};
    for (size_t i = 0; i < d->targets_count; i++) {
        cr_assert_lt(d->targets[i], 9);
        cr_assert_not(seen_target[d->targets[i]]);
        seen_target[d->targets[i]] = true;
    }
    testnet_end(w);
}

static int nothing_by_datagram(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    (void)ctx;
    (void)ret;
    return m->datagram ? HF_FATE_DROP : HF_FATE_PASS;
}

static enum hf_fate no_datagrams(void *ctx, const struct hf_message *m, struct hf_verdict_on *ret)
{
    return (enum hf_fate)nothing_by_datagram(ctx, m, ret);
}

Test(detect, works_by_connection_where_datagrams_are_blocked)
{
    struct hf_world *w = testnet_up(9, 3, 5);
    hf_world_watch(w, no_datagrams, NULL);
    hf_world_run_for(w, 60000);
    cr_assert(all_well(w, NULL));
    const struct hf__contact *c = hf__contact_find(hf_world_engine(w, 0), hf_world_account(w, 1));
    cr_assert(c != NULL && c->heard_ms > 0 && !c->datagrams);
    hf_world_power_off(w, 2);
    struct noticed n = {.whom = 2, .least = HF_MEMBER_UNREACHABLE, .by = 8};
    cr_assert(hf_world_run_until(w, is_noticed, &n, 2 * SUSPICION_MS));
    for (uint32_t i = 0; i < 9; i++)
        if (i != 2)
            cr_assert_eq(accused(w, i, HF__FOUND_UNREACHABLE), 0);
    testnet_end(w);
}

/* First words go by connections that have to be opened: some round trips, of which one alone takes
 * more than half of a probe. If that were silence, each member would accuse all others. */
Test(detect, members_that_meet_over_long_lines_suspect_nobody)
{
    struct hf_world_settings s = testnet_settings(3, 5);
    s.network.one_way = (struct hf_world_duration){.median_us = 140000};
    s.network.handshakes = true;
    struct hf_world *w = testnet_up_from(&s, 12);
    hf_world_run_for(w, 60000);
    for (uint32_t i = 0; i < 12; i++)
        cr_assert_eq(accused(w, i, HF__FOUND_SUSPECT), 0, "node %u", i);
    cr_assert(all_well(w, NULL));
    testnet_end(w);
}

/* One way between two is broken, both ways: others carry their pings. */
Test(detect, a_broken_path_between_two_is_not_the_death_of_either)
{
    struct hf_world *w = known(9);
    hf_world_cut(w, 0, 1);
    hf_world_cut(w, 1, 0);
    hf_world_run_for(w, 120000);
    cr_assert_eq(accused(w, 0, HF__FOUND_UNREACHABLE), 0);
    cr_assert_eq(accused(w, 1, HF__FOUND_UNREACHABLE), 0);
    testnet_end(w);
}

/* Whatever one member tells, no other calls a third unreachable that it reaches itself. */
Test(detect, one_that_accuses_everybody_makes_nobody_unreachable)
{
    struct hf_world *w = known(12);
    for (int round = 0; round < 10; round++) {
        for (uint32_t i = 1; i < 12; i++) {
            struct hf_engine *liar = hf_world_engine(w, 0);
            struct hf__contact *c = hf__contact_find(liar, hf_world_account(w, i));
            cr_assert_not_null(c);
            c->found = HF__FOUND_SUSPECT;
            c->accused_ms = 0; /* long ago */
        }
        hf_world_run_for(w, 5000);
    }
    for (uint32_t i = 1; i < 12; i++)
        for (uint32_t j = 1; j < 12; j++)
            cr_assert_eq(found(w, i, j), HF__FOUND_WELL);
    testnet_end(w);
}

Test(detect, nothing_is_kept_of_whom_the_set_leaves_out_long_after_it_spoke)
{
    struct hf_world *w = known(8);
    hf_world_run_for(w, 3 * hf_timing_default.reconcile_ms);
    cr_assert_not_null(
        hf__told_find(hf_world_engine(w, 1), hf_world_account(w, 3), HF__NEWS_ALIVE, NULL));
    hf_world_set_remove(w, 3);
    hf_world_set_issue(w);
    hf_world_run_for(w, 5000);
    for (uint32_t i = 0; i < 8; i++)
        cr_assert(i == 3 || hf__told_find(hf_world_engine(w, i), hf_world_account(w, 3),
                                          HF__NEWS_ALIVE, NULL) == NULL,
                  "n%u", i);
    testnet_end(w);
}

Test(detect, who_is_no_member_any_more_is_neither_kept_nor_probed_to_the_end)
{
    struct hf_world *w = known(8);
    struct noticed n = {.whom = 3, .least = HF_MEMBER_SUSPECT, .by = 1};
    hf_world_crash(w, 3);
    cr_assert(hf_world_run_until(w, is_noticed, &n, 20000));
    hf_world_set_remove(w, 3);
    hf_world_set_issue(w);
    hf_world_run_for(w, 5000);
    for (uint32_t i = 0; i < 8; i++) {
        const struct hf_engine *e = hf_world_engine(w, i);
        if (e == NULL)
            continue;
        cr_assert_null(hf__contact_find(e, hf_world_account(w, 3)), "n%u", i);
        const struct hf__detector *d = e->members->detector;
        for (size_t j = 0; j < d->runs_cap; j++)
            cr_assert_not(d->runs[j].used &&
                          hf_account_equal(&d->runs[j].account, hf_world_account(w, 3)));
    }
    hf_world_run_for(w, 30000);
    cr_assert_eq(accused(w, 3, HF__FOUND_UNREACHABLE), 0);
    testnet_end(w);
}
