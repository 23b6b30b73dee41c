/* A new release takes over from the old one on the same machine (proto/HANDOVER.md): no provider is
 * asked, at most one of both serves, and whatever is lost costs availability alone. */
#include "testnet.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "wire/messages.h"

#include <criterion/criterion.h>

enum { NODES = 7, OLD = 0, STEP_MS = 20000 };

/* What a policy says here beside what it said: three operators of time servers, or that the time
 * may be absent. */
static void lists_servers(struct hf_policy *p, void *ctx)
{
    static struct hf_time_server list[3];
    (void)ctx;
    for (size_t i = 0; i < 3; i++)
        list[i].name = list[i].operator_name = hf_bytes_of(&"abc"[i], 1);
    p->time_servers = list;
    p->time_servers_count = 3;
}

static void goes_untimed(struct hf_policy *p, void *ctx)
{
    (void)ctx;
    p->handover_untimed = true;
}

static struct hf_world *up(void)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_policy_edit(w, goes_untimed, NULL);
    hf_world_run_for(w, 5000);
    testnet_ready(w, HF_WORLD_ALL);
    return w;
}

static uint32_t beside(struct hf_world *w, uint32_t old, const char *image)
{
    uint32_t node = hf_world_beside(w, old);
    hf_world_image(w, node, image);
    return node;
}

static struct hf_status status_of(struct hf_world *w, uint32_t node)
{
    struct hf_status s;
    cr_assert(hf_world_status(w, node, &s));
    return s;
}

static int ask_key(struct hf_world *w, uint32_t node, uint64_t ms)
{
    uint8_t key[HF_APP_KEY_LEN];
    uint32_t version;
    int r = hf_world_key(w, node, "tss-db", ms, key, &version);
    if (r == 0)
        cr_assert_arr_eq(key, testnet_key, sizeof key);
    return r;
}

static bool has_inherited(struct hf_world *w, void *ctx)
{
    return hf_world_trace_count(w, *(const uint32_t *)ctx, HF_TRACE_INHERITED) > 0;
}

static bool takes_over(struct hf_world *w, uint32_t node)
{
    hf_world_start(w, node);
    return hf_world_run_until(w, has_inherited, &node, STEP_MS);
}

/* The new one is refused, says so, and the old one serves on. */
static void refused(struct hf_world *w, uint32_t node, int reason)
{
    hf_world_start(w, node);
    testnet_reason(w, node, HF_STATE_STARTING, reason);
    cr_assert_eq(hf_world_trace_count(w, OLD, HF_TRACE_GIVEN_UP), 0);
    cr_assert_eq(ask_key(w, OLD, 1000), 0);
}

Test(new_release, takes_over_and_no_provider_is_asked)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    uint64_t claim = status_of(w, OLD).claim, began_us = hf_world_now_us(w);
    struct hf_account account = *hf_world_account(w, OLD);
    cr_assert(takes_over(w, node));
    cr_assert_eq(status_of(w, node).claim, claim);
    cr_assert_eq(ask_key(w, node, 1000), 0);
    cr_assert_leq(hf_world_now_us(w) - began_us, 150000);
    cr_assert_eq(hf_world_trace_count(w, node, HF_TRACE_ROUND), 0);
    cr_assert(hf_account_equal(hf_world_account(w, node), &account));
    cr_assert_eq(hf_world_state(w, OLD), HF_STATE_HANDED_OVER);
    cr_assert_eq(ask_key(w, OLD, 0), HF_EHANDEDOVER);
    hf_world_crash(w, OLD);
    testnet_ready(w, node);
    cr_assert_gt(status_of(w, node).claim, claim);
    testnet_key_lives(w, node);
    /* From then on it is a node like any other. */
    testnet_restart(w, node);
    testnet_key_lives(w, node);
    testnet_ready(w, 1);
    testnet_end(w);
}

Test(new_release, serves_while_every_provider_is_down)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    for (uint32_t i = 1; i < NODES; i++) {
        hf_world_cut(w, OLD, i);
        hf_world_cut(w, node, i);
    }
    cr_assert(takes_over(w, node));
    cr_assert_eq(ask_key(w, node, 1000), 0);
    hf_world_crash(w, OLD);
    hf_world_run_for(w, 60000);
    cr_assert_eq(hf_world_state(w, node), HF_STATE_CLAIMING);
    cr_assert_eq(ask_key(w, node, 1000), 0);
    hf_world_heal(w);
    testnet_key_lives(w, node);
    testnet_ready(w, 1);
    testnet_end(w);
}

Test(new_release, goes_by_authenticated_time)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_policy_accept(w, "holdfast-2", 2);
    hf_world_policy_edit(w, lists_servers, NULL);
    hf_world_run_for(w, 5000);
    uint32_t node = beside(w, OLD, "holdfast-2");
    refused(w, node, HF_EHANDOVERUNTIMED);
    /* The new one knows it, the old one does not. */
    hf_world_time_tell(w, node, 0);
    testnet_reason(w, node, HF_STATE_STARTING, HF_EHANDOVERUNTIMED);
    hf_world_time(w, true);
    cr_assert(hf_world_run_until(w, has_inherited, &node, STEP_MS));
    cr_assert_eq(ask_key(w, node, 1000), 0);
    hf_world_crash(w, OLD);
    testnet_key_lives(w, node);
    testnet_end(w);
}

Test(new_release, of_a_lower_rank_is_refused)
{
    struct hf_world *w = testnet_up(NODES, 3, 5);
    hf_world_policy_edit(w, goes_untimed, NULL);
    hf_world_policy_accept(w, "holdfast-0", 0);
    hf_world_run_for(w, 5000);
    refused(w, beside(w, OLD, "holdfast-0"), HF_ERANK);
    testnet_end(w);
}

Test(new_release, on_another_machine_is_refused)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    hf_world_machine(w, node, 3);
    refused(w, node, HF_EOTHERMACHINE);
    testnet_end(w);
}

Test(new_release, that_no_policy_accepts_is_refused)
{
    struct hf_world *w = up();
    refused(w, beside(w, OLD, "holdfast-3"), HF_EMEASUREMENT);
    testnet_end(w);
}

Test(new_release, second_one_gets_nothing)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2"), second = beside(w, OLD, "holdfast-2");
    cr_assert(takes_over(w, node));
    hf_world_start(w, second);
    testnet_reason(w, second, HF_STATE_STARTING, HF_EHANDEDOVER);
    hf_world_run_for(w, STEP_MS);
    cr_assert_eq(hf_world_trace_count(w, second, HF_TRACE_INHERITED), 0);
    hf_world_crash(w, OLD);
    hf_world_crash(w, second);
    testnet_key_lives(w, node);
    testnet_end(w);
}

Test(new_release, two_at_once_are_served_one)
{
    struct hf_world *w = up();
    uint32_t a = beside(w, OLD, "holdfast-2"), b = beside(w, OLD, "holdfast-2");
    hf_world_start(w, a);
    hf_world_start(w, b);
    hf_world_run_for(w, STEP_MS);
    cr_assert_eq(hf_world_trace_count(w, a, HF_TRACE_INHERITED) +
                     hf_world_trace_count(w, b, HF_TRACE_INHERITED),
                 1);
    cr_assert_eq(hf_world_trace_count(w, OLD, HF_TRACE_GIVEN_UP), 1);
    testnet_end(w);
}

/* ---- what is lost, late or repeated, and who dies, at every step */

/* What may happen to one message of the exchange. */
struct mishap {
    enum hf_rule_action action;
    uint64_t delay_us;
};

static const struct mishap mishaps[] = {
    {HF_RULE_DROP, 0},        {HF_RULE_RESET, 0},       {HF_RULE_DELAY, 2000000},
    {HF_RULE_LATE, 20000000}, {HF_RULE_LATE, 90000000}, {HF_RULE_DUPLICATE, 30000000},
    {HF_RULE_CRASH_TO, 0},    {HF_RULE_CRASH_FROM, 0},
};

/* Runs on until the new one has it; who is down, or has given up in vain, is started again. */
static void comes_through(struct hf_world *w, uint32_t node)
{
    for (int i = 0; i < 12; i++) {
        bool old_is_done = hf_world_state(w, OLD) == HF_STATE_HANDED_OVER;
        if (!hf_world_running(w, node))
            hf_world_start(w, node);
        if (hf_world_trace_count(w, node, HF_TRACE_INHERITED) > 0 &&
            hf_world_state(w, node) == HF_STATE_READY)
            break;
        if (old_is_done && i > 6 && hf_world_state(w, node) == HF_STATE_STARTING)
            hf_world_crash(w, OLD);
        if (!hf_world_running(w, OLD) && hf_world_state(w, node) == HF_STATE_STARTING)
            hf_world_start(w, OLD);
        hf_world_run_for(w, 15000);
    }
    hf_world_crash(w, OLD);
    testnet_key_lives(w, node);
}

static void mishap(uint8_t method, bool response, const struct mishap *m)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    unsigned rule = hf_world_rule(w, (struct hf_rule){.action = m->action,
                                                      .method = method,
                                                      .response = response,
                                                      .from = HF_WORLD_ALL,
                                                      .to = HF_WORLD_ALL,
                                                      .count = 1,
                                                      .delay_us = m->delay_us});
    hf_world_start(w, node);
    comes_through(w, node);
    cr_assert_eq(hf_world_rule_hits(w, rule), 1);
    testnet_end(w);
}

static void mishaps_of(uint8_t method, bool response)
{
    for (size_t i = 0; i < sizeof mishaps / sizeof *mishaps; i++)
        mishap(method, response, &mishaps[i]);
}

Test(new_release, comes_through_whatever_becomes_of_the_question_for_a_challenge)
{
    mishaps_of(HF_METHOD_CHALLENGE, false);
}

Test(new_release, comes_through_whatever_becomes_of_the_challenge)
{
    mishaps_of(HF_METHOD_CHALLENGE, true);
}

Test(new_release, comes_through_whatever_becomes_of_its_quote)
{
    mishaps_of(HF_METHOD_PRESENT, false);
}

Test(new_release, comes_through_whatever_becomes_of_the_old_ones_quote)
{
    mishaps_of(HF_METHOD_PRESENT, true);
}

Test(new_release, comes_through_whatever_becomes_of_the_question_for_rows)
{
    mishaps_of(HF_METHOD_INHERIT, false);
}

Test(new_release, comes_through_whatever_becomes_of_the_rows)
{
    mishaps_of(HF_METHOD_INHERIT, true);
}

Test(new_release, comes_through_when_either_dies_at_a_write)
{
    for (int which = 0; which < 4; which++) {
        struct hf_world *w = up();
        uint32_t node = beside(w, OLD, "holdfast-2");
        hf_world_start(w, node);
        hf_world_crash_at_write(w, which < 2 ? OLD : node, 1, which % 2 == 0);
        comes_through(w, node);
        testnet_end(w);
    }
}

/* ---- an old one that starts again */

Test(new_release, an_old_one_that_restarts_stays_away_once_the_new_one_has_claimed)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-1");
    cr_assert(takes_over(w, node));
    testnet_ready(w, node);
    testnet_restart(w, OLD);
    testnet_reason(w, OLD, HF_STATE_BLOCKED, HF_EHANDEDOVER);
    testnet_key_lives(w, node);
    testnet_end(w);
}

Test(new_release, an_old_one_of_a_lower_rank_gets_no_share_once_the_new_one_has_claimed)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    cr_assert(takes_over(w, node));
    testnet_ready(w, node);
    testnet_restart(w, OLD);
    testnet_reason(w, OLD, HF_STATE_RECOVERING, HF_ERANK);
    testnet_end(w);
}

Test(new_release, an_old_one_that_restarts_waits_for_its_minute)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    cr_assert(takes_over(w, node));
    /* What it got dies with the new one. */
    hf_world_crash(w, node);
    testnet_restart(w, OLD);
    uint64_t began_us = hf_world_now_us(w);
    testnet_reason(w, OLD, HF_STATE_CLAIMING, HF_EHANDEDOVER);
    cr_assert_eq(ask_key(w, OLD, 1000), HF_ENOTCLAIMED);
    testnet_ready(w, OLD);
    cr_assert_geq(hf_world_now_us(w) - began_us, 60000000);
    testnet_key_lives(w, OLD);
    testnet_end(w);
}

Test(new_release, a_new_one_that_is_cut_off_is_locked_by_the_old_one_that_stood_again)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    cr_assert(takes_over(w, node));
    hf_world_isolate(w, node);
    testnet_restart(w, OLD);
    testnet_ready(w, OLD);
    hf_world_run_for(w, 30000);
    hf_world_heal(w);
    testnet_reason(w, node, HF_STATE_BLOCKED, HF_EFENCED);
    testnet_key_lives(w, OLD);
    testnet_end(w);
}

/* ---- what either refuses */

Test(new_release, by_clocks_that_are_apart_is_refused)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    hf_world_clock_shift(w, node, 3600);
    refused(w, node, HF_EHANDOVERTIME);
    hf_world_clock_shift(w, node, -3600);
    cr_assert(hf_world_run_until(w, has_inherited, &node, STEP_MS));
    testnet_end(w);
}

Test(new_release, from_an_old_one_that_knows_older_documents_gives_it_the_newer)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2");
    hf_world_quiet(w, true);
    for (uint32_t i = 1; i < NODES; i++)
        hf_world_cut(w, i, OLD);
    hf_world_policy_accept(w, "holdfast-9", 9);
    hf_world_start(w, node);
    hf_world_give_newest(w, node);
    cr_assert(hf_world_run_until(w, has_inherited, &node, STEP_MS));
    cr_assert(testnet_traced(w, node, HF_TRACE_HANDOVER_FAILED, HF_EBEHIND));
    testnet_end(w);
}

Test(new_release, what_was_shown_under_another_dealing_is_refused)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2"), holders[16];
    cr_assert_eq(testnet_holders(w, OLD, holders), 5);
    hf_world_rule(w, (struct hf_rule){.action = HF_RULE_LATE,
                                      .method = HF_METHOD_PRESENT,
                                      .from = HF_WORLD_ALL,
                                      .to = OLD,
                                      .count = 1,
                                      .delay_us = 40000000});
    hf_world_start(w, node);
    hf_world_run_for(w, 1000);
    hf_world_crash(w, node);
    hf_world_set_remove(w, holders[0]);
    hf_world_set_issue(w);
    hf_world_run_for(w, 45000);
    cr_assert(testnet_traced(w, OLD, HF_TRACE_REQUEST_REFUSED, HF_EHANDOVERBALLOT));
    cr_assert_eq(ask_key(w, OLD, 1000), 0);
    testnet_end(w);
}

Test(new_release, from_an_old_one_that_was_superseded_gets_nothing)
{
    struct hf_world *w = up();
    uint32_t node = beside(w, OLD, "holdfast-2"), copy = hf_world_add(w);
    struct hf_disk *disk = hf_world_disk_copy(w, OLD);
    hf_world_disk_put(w, copy, disk);
    hf_disk_free(disk);
    hf_world_machine(w, copy, OLD);
    hf_world_start(w, copy);
    testnet_reason(w, OLD, HF_STATE_BLOCKED, HF_EFENCED);
    hf_world_start(w, node);
    testnet_reason(w, node, HF_STATE_STARTING, HF_ELOCKED);
    hf_world_run_for(w, STEP_MS);
    cr_assert_eq(hf_world_trace_count(w, node, HF_TRACE_INHERITED), 0);
    testnet_end(w);
}

/* One that asks by hand; ret: the answer to a challenge. */
static int challenge(struct hf_world *w, struct hf_buf *ret)
{
    struct hf_challenge_request m = {.versions = {.root = 1, .policy = 1, .epoch = 1}};
    struct hf_buf body;
    memset(m.response_key, 9, sizeof m.response_key);
    hf_buf_init(&body, 4096);
    cr_assert_eq(hf_wire_encode(&hf_wire_challenge_request, &m, &body), 0);
    int r = hf_world_ask(w, OLD, HF_METHOD_CHALLENGE, NULL, hf_buf_bytes(&body), ret);
    hf_buf_done(&body);
    return r;
}

/* Shows a quote over the challenge, in which `tamper` of the nonce's bits are turned. */
static int show(struct hf_world *w, uint32_t machine, const char *image, bool debug, uint8_t tamper)
{
    struct hf_buf answer, body, quote;
    struct hf_arena arena;
    struct hf_challenge_response challenged;
    struct hf_handover_transcript t;
    uint8_t report_data[64];
    hf_buf_init(&answer, 1 << 16);
    hf_buf_init(&body, 1 << 16);
    hf_buf_init(&quote, 1 << 16);
    hf_arena_init(&arena, 1 << 16);
    cr_assert_eq(challenge(w, &answer), 0);
    cr_assert_eq(hf_wire_decode(&hf_wire_challenge_response, hf_buf_bytes(&answer), &arena,
                                &challenged, NULL),
                 0);
    cr_assert_eq(
        hf_wire_decode(&hf_wire_handover_transcript, challenged.transcript, &arena, &t, NULL), 0);
    t.nonce_old[39] ^= tamper;
    cr_assert_eq(hf_wire_encode(&hf_wire_handover_transcript, &t, &body), 0);
    hf_world_suite(w)->report_data("holdfast/v1/handover-new", hf_buf_bytes(&body), report_data);
    hf_world_quote(w, machine, image, debug, report_data, &quote);
    struct hf_present_request m = {.versions = challenged.versions,
                                   .transcript = hf_buf_bytes(&body),
                                   .quote = hf_buf_bytes(&quote)};
    struct hf_buf request;
    hf_buf_init(&request, 1 << 16);
    cr_assert_eq(hf_wire_encode(&hf_wire_present_request, &m, &request), 0);
    hf_buf_done(&answer);
    hf_buf_init(&answer, 1 << 16);
    int r = hf_world_ask(w, OLD, HF_METHOD_PRESENT, NULL, hf_buf_bytes(&request), &answer);
    hf_buf_done(&request);
    hf_buf_done(&answer);
    hf_buf_done(&body);
    hf_buf_done(&quote);
    hf_arena_done(&arena);
    return r;
}

Test(new_release, that_shows_what_it_may_not_is_refused_by_name)
{
    struct hf_world *w = up();
    hf_world_policy_accept(w, "holdfast-0", 0);
    hf_world_run_for(w, 5000);
    cr_assert_eq(show(w, OLD, "holdfast-2", true, 0), HF_EDEBUGTD);
    cr_assert_eq(show(w, 3, "holdfast-2", false, 0), HF_EOTHERMACHINE);
    cr_assert_eq(show(w, OLD, "holdfast-0", false, 0), HF_ERANK);
    cr_assert_eq(show(w, OLD, "holdfast-7", false, 0), HF_EMEASUREMENT);
    cr_assert_eq(show(w, OLD, "holdfast-2", false, 1), HF_ENONCE);
    /* Four places for those that have passed. */
    for (int i = 0; i < 4; i++)
        cr_assert_eq(show(w, OLD, "holdfast-2", false, 0), 0);
    cr_assert_eq(show(w, OLD, "holdfast-2", false, 0), HF_EBUSY);
    hf_world_run_for(w, 61000);
    cr_assert_eq(show(w, OLD, "holdfast-2", false, 0), 0);
    cr_assert_eq(ask_key(w, OLD, 1000), 0);
    testnet_end(w);
}
